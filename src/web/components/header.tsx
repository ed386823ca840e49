import type { Rung } from '../../client/index.ts';
import type { ConnectionState } from '../connection-state.ts';
import type { Conversation } from '../conversation.ts';
import { PlusIcon } from './icons.tsx';

const PHASE_WORDS: Record<ConnectionState['phase'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  ended: 'Ended',
};

const RUNG_WORDS: Record<Rung, string> = {
  ws: 'over a WebSocket',
  stream: 'over an event stream',
  pusher: 'over a padded event stream',
  close: 'over an event stream without chunks',
  poll: 'by long polls',
};

export function Header({ conversation }: { conversation: Conversation }) {
  const session = conversation.session.value;
  const { phase } = conversation.connection.value;
  const rung = conversation.rung.value;
  return (
    <header class="top">
      <h1 class="brand">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path d="M10 6v20M10 26l-5-5M10 26l5-5" />
          <path d="M22 26V6M22 6l-5 5M22 6l5 5" class="logo-up" />
        </svg>
        bidi-sse
      </h1>
      {session && (
        <p class="agent" data-testid="agent">
          <span class="agent-name">{session.agent}</span>
          {/* It says itself when it is only the offline agent. */}
          <span class="model" title={session.model}>
            {session.model}
          </span>
        </p>
      )}
      <p
        class="connection"
        data-testid="connection"
        data-phase={phase}
        data-rung={rung}
        title={`Connected ${RUNG_WORDS[rung]}`}
        role="status"
      >
        <span class="dot" aria-hidden="true" />
        {PHASE_WORDS[phase]}
      </p>
      <button
        type="button"
        class="round"
        aria-label="New conversation"
        title="New conversation"
        disabled={conversation.isEmpty.value}
        onClick={() => conversation.startOver()}
      >
        <PlusIcon />
      </button>
    </header>
  );
}
