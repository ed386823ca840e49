import type { ComponentChild } from 'preact';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { ClockIcon, CountIcon, MicrophoneIcon } from './icons.tsx';

export function EmptyState({ conversation }: { conversation: Conversation }) {
  const { emptyState } = messages.value;
  if (conversation.voice.value !== 'off') {
    return (
      <section class="column empty">
        <h2>{emptyState.callTitle}</h2>
        <p>{emptyState.callIntroduction}</p>
      </section>
    );
  }
  const ask = (text: string) => () => void conversation.sendMessage(text);
  return (
    <section class="column empty">
      <h2>{emptyState.title}</h2>
      <p>{emptyState.introduction}</p>
      <ul class="suggestions">
        <Suggestion
          icon={<ClockIcon />}
          text={emptyState.askTime}
          note={emptyState.askTimeNote}
          onClick={ask(emptyState.askTime)}
        />
        <Suggestion
          icon={<CountIcon />}
          text={emptyState.count}
          note={emptyState.countNote}
          onClick={ask(emptyState.count)}
        />
        <Suggestion
          icon={<MicrophoneIcon />}
          text={emptyState.askByVoice}
          note={emptyState.askByVoiceNote}
          onClick={() => void conversation.startAudio()}
        />
      </ul>
    </section>
  );
}

interface SuggestionProps {
  icon: ComponentChild;
  text: string;
  note: string;
  onClick: () => void;
}

function Suggestion({ icon, text, note, onClick }: SuggestionProps) {
  return (
    <li>
      <button type="button" onClick={onClick}>
        <span class="suggestion-icon">{icon}</span>
        <strong>{text}</strong>
        <span class="suggestion-note">{note}</span>
      </button>
    </li>
  );
}
