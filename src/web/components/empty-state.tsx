import type { ComponentChild } from 'preact';
import type { Conversation } from '../conversation.ts';
import { ClockIcon, CountIcon, MicrophoneIcon } from './icons.tsx';

export function EmptyState({ conversation }: { conversation: Conversation }) {
  const ask = (text: string) => () => void conversation.say(text);
  return (
    <section class="column empty">
      <h2>Talk with the agent</h2>
      <p>Type, speak, or show it a picture. Everything travels over plain HTTP, so it works where WebSockets do not.</p>
      <ul class="suggestions">
        <Suggestion
          icon={<ClockIcon />}
          text="What time is it now?"
          note="Answered with a tool"
          onClick={ask('What time is it now?')}
        />
        <Suggestion
          icon={<CountIcon />}
          text="Count to twenty"
          note="Then interrupt it"
          onClick={ask('Count to twenty')}
        />
        <Suggestion
          icon={<MicrophoneIcon />}
          text="Press the microphone and speak"
          note="Answered in voice"
          disabled={conversation.voice.value !== 'off'}
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
  disabled?: boolean;
  onClick: () => void;
}

function Suggestion({ icon, text, note, disabled = false, onClick }: SuggestionProps) {
  return (
    <li>
      <button type="button" disabled={disabled} onClick={onClick}>
        <span class="suggestion-icon">{icon}</span>
        <strong>{text}</strong>
        <span class="suggestion-note">{note}</span>
      </button>
    </li>
  );
}
