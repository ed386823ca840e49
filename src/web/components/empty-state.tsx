import type { ComponentChild } from 'preact';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { ClockIcon, CountIcon, MicrophoneIcon } from './icons.tsx';

/** Where Google gives keys for Gemini. */
const KEY_PAGE = 'https://aistudio.google.com/apikey';

export function EmptyState({ conversation }: { conversation: Conversation }) {
  const { emptyState } = messages.value;
  if (conversation.voice.value !== 'off') {
    return (
      <section key="call" class="column empty in-call">
        <h2>{emptyState.callTitle}</h2>
        <p>{emptyState.callIntroduction}</p>
      </section>
    );
  }
  const isDemo = conversation.session.value?.emulated === true;
  const ask = (text: string) => () => void conversation.sendMessage(text);
  return (
    <section key="start" class="column empty">
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
          onClick={() => void conversation.talk.start()}
        />
      </ul>
      {isDemo && <DemoNote />}
    </section>
  );
}

/** How to connect a model. */
function DemoNote() {
  const { emptyState } = messages.value;
  return (
    <div class="demo" data-testid="demo">
      <p>
        <strong>{emptyState.demo}</strong> {emptyState.demoAnswers}
      </p>
      <p class="demo-command">
        <code translate={false}>GOOGLE_API_KEY=… npm start</code>
        <a class="link" href={KEY_PAGE} target="_blank" rel="noopener noreferrer">
          {emptyState.getKey}
          <span class="visually-hidden"> {messages.value.link.newTab}</span>
        </a>
      </p>
    </div>
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
