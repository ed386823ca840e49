import type { ReadonlySignal } from '@preact/signals';
import { CanvasImage } from '../components/canvas-image.tsx';
import { MicrophoneIcon } from '../components/icons.tsx';
import { Words } from '../components/words.tsx';
import { messages } from '../messages/current.ts';
import { answerContent } from './load-answer-content.ts';
import { PlainContent } from './plain-content.tsx';
import type { AgentTurn, Turn, UserTurn } from './turn.ts';

interface TurnViewProps<T> {
  readonly turn: T;
  /** Name of the user; empty: none. */
  readonly userName: ReadonlySignal<string>;
}

export function TurnView({ turn, userName }: TurnViewProps<Turn>) {
  return turn.role === 'user' ? <UserTurnView turn={turn} userName={userName} /> : <AgentTurnView turn={turn} />;
}

/** Words that change while the user speaks. Screen readers are given the complete ones, which follow as a turn. */
export function InterimView({ text, userName }: { text: string; userName: ReadonlySignal<string> }) {
  return (
    <article class="turn turn-user" data-testid="interim-turn" data-state="open" aria-hidden="true">
      {userName.value && <UserName name={userName.value} />}
      <p class="words bubble" dir="auto">
        <MicrophoneIcon />
        <Words text={text} />
      </p>
    </article>
  );
}

function UserTurnView({ turn, userName }: TurnViewProps<UserTurn>) {
  const words = messages.value.transcript;
  const { text, spoken, state, image, pictures } = turn;
  return (
    <article class="turn turn-user" data-testid="user-turn" data-state={state}>
      <h2 class="visually-hidden">{spoken ? words.youSaid : words.youWrote}</h2>
      {userName.value && <UserName name={userName.value} />}
      {image && <CanvasImage bitmap={image} label={words.sentPicture} />}
      {pictures !== undefined && <p class="mark">{words.pictures(pictures)}</p>}
      {text && (
        <p class="words bubble" dir="auto">
          {spoken && <MicrophoneIcon />}
          <Words text={text} />
        </p>
      )}
      {state === 'failed' && <p class="mark mark-error">{words.notSent}</p>}
    </article>
  );
}

function UserName({ name }: { name: string }) {
  return (
    <p class="turn-name">
      <Words text={name} />
    </p>
  );
}

function AgentTurnView({ turn }: { turn: AgentTurn }) {
  const words = messages.value.transcript;
  const Content = answerContent.value ?? PlainContent;
  const { state, parts } = turn;
  // An answer that waits for the user is read as far as it is.
  const isBusy = state === 'open' && !parts.some((part) => part.kind === 'tool' && part.state === 'confirming');
  return (
    // aria-busy makes screen readers read the complete answer at once, not word by word.
    <article class="turn turn-agent" data-testid="agent-turn" data-state={state} aria-busy={isBusy}>
      <h2 class="visually-hidden">{words.agent}</h2>
      <Content turn={turn} />
      {state === 'interrupted' && <p class="mark">{words.interrupted}</p>}
    </article>
  );
}
