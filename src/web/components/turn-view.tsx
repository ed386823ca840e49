import type { AgentTurn, Turn, UserTurn } from '../turn.ts';
import { CanvasImage } from './canvas-image.tsx';
import { MicrophoneIcon } from './icons.tsx';
import { SourceList } from './source-list.tsx';
import { ToolChip } from './tool-chip.tsx';

export function TurnView({ turn }: { turn: Turn }) {
  return turn.role === 'user' ? <UserTurnView turn={turn} /> : <AgentTurnView turn={turn} />;
}

function UserTurnView({ turn }: { turn: UserTurn }) {
  const { text, spoken, state, image } = turn;
  return (
    <article class="turn turn-user" data-testid="user-turn" data-state={state}>
      <h3 class="visually-hidden">{spoken ? 'You said' : 'You wrote'}</h3>
      {image && <CanvasImage bitmap={image} label="The picture you sent" />}
      {text && (
        <p class="words bubble">
          {spoken && <MicrophoneIcon />}
          {text}
        </p>
      )}
      {state === 'failed' && <p class="mark mark-error">Not sent</p>}
    </article>
  );
}

function AgentTurnView({ turn }: { turn: AgentTurn }) {
  const { parts, state, grounding } = turn;
  return (
    // Busy until it is complete: a screen reader then says the answer as one, not word by word.
    <article class="turn turn-agent" data-testid="agent-turn" data-state={state} aria-busy={state === 'open'}>
      <h3 class="visually-hidden">The agent</h3>
      {parts.map((part, index) =>
        part.kind === 'tool' ? (
          <ToolChip key={part.id} tool={part} />
        ) : (
          <p key={`text-${index.toString()}`} class="words">
            {part.text}
          </p>
        ),
      )}
      {grounding && <SourceList grounding={grounding} />}
      {state === 'interrupted' && <p class="mark">Interrupted</p>}
    </article>
  );
}
