import type { ConnectionEvents, ShownTool, ShownTurn } from '../../wire/named-events.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from './transcript-state.ts';
import type { AgentTurn, ToolUse, Turn, UserTurn } from './turn.ts';

const TOOL_STATES: Record<ShownTool['state'], ToolUse['state']> = {
  confirming: 'confirming',
  open: 'unknown',
  pending: 'running',
  done: 'done',
  failed: 'failed',
};

/**
 * Whether a server that does not know the conversation would erase what the page shows: it was restarted, and keeps conversations in memory
 * only.
 */
export function isForgotten({ turns }: Transcript, { reason, turns: known }: ConnectionEvents['reset']): boolean {
  return reason === 'unknown_epoch' && known.length === 0 && turns.some(({ state }) => state !== 'open');
}

/**
 * Finds the last typed message, and those directly before it, if the server had accepted them and does not know them any more: the server ended without
 * notice before the turn was complete. The reset removes them from the page.
 */
export function findLostMessages({ turns }: Transcript, reset: ConnectionEvents['reset']): readonly UserTurn[] {
  if (reset.reason !== 'unknown_epoch') return [];
  const end = turns.findLastIndex(isSent) + 1;
  const lost: UserTurn[] = [];
  for (let index = end - 1; index >= 0; index -= 1) {
    const turn = turns[index];
    if (!turn || !isSent(turn) || isKnown(turn, turns, reset)) break;
    lost.unshift(turn);
  }
  return lost;
}

/** Whether a restarted server does not know what the user has said last: it ended without notice while the user spoke, or before the answer was complete. */
export function isSpeechLost({ turns, interim }: Transcript, reset: ConnectionEvents['reset']): boolean {
  if (reset.reason !== 'unknown_epoch') return false;
  const at = turns.findLastIndex(({ role }) => role === 'user');
  const last = turns[at];
  const isAnswered = turns.slice(at + 1).some(({ state }) => state !== 'open');
  const isUnknown = last?.role === 'user' && last.spoken && !isAnswered && !isKnown(last, turns, reset);
  return interim !== '' || isUnknown;
}

/** Whether a turn was typed, on this page or another one, and accepted by the server. */
function isSent(turn: Turn): turn is UserTurn {
  return turn.role === 'user' && !turn.spoken && turn.state === 'done';
}

/** Whether a reset contains a message of the user. Pictures without a text are compared by the number of all pictures. */
function isKnown({ text }: UserTurn, turns: readonly Turn[], reset: ConnectionEvents['reset']): boolean {
  // The server joins messages that follow each other.
  if (text !== '') return reset.turns.some((turn) => turn.role === 'user' && turn.text.includes(text.trim()));
  const shown = turns.map((turn) => (turn.role === 'user' ? (turn.pictures ?? 0) + (turn.image ? 1 : 0) : 0));
  const known = reset.turns.map(({ pictures = 0 }) => pictures);
  return sum(known) >= sum(shown);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * Replaces the transcript by the server's turns. Keeps the messages that are still being sent, which the server does not know, and the pictures that this
 * page has. A conversation that the server has forgotten stays as it is.
 */
export function applyReset(transcript: Transcript, reset: ConnectionEvents['reset']): Transcript {
  if (isForgotten(transcript, reset)) return keepForgotten(transcript);
  let nextId = transcript.nextId;
  const images = collectImages(transcript.turns);
  const shown = collectResultImages(transcript.turns);
  const received = reset.turns.map((turn): Turn => {
    const id = nextId++;
    return turn.role === 'user' ? toUserTurn(turn, id, images) : toAgentTurn(turn, id, shown);
  });
  const unsent = transcript.turns.filter(isUnsent);
  const turns = [...received, ...unsent];
  return { ...EMPTY_TRANSCRIPT, turns, nextId, truncated: reset.truncated, awaiting: unsent.length > 0 };
}

function keepForgotten(transcript: Transcript): Transcript {
  const turns = transcript.turns.map((turn): Turn => {
    if (turn.role === 'agent') return turn.state === 'open' ? { ...turn, state: 'interrupted' } : turn;
    return turn.state === 'open' && turn.spoken ? { ...turn, state: 'done' } : turn;
  });
  const { nextId, truncated } = transcript;
  return { ...EMPTY_TRANSCRIPT, turns, nextId, truncated, awaiting: turns.some(isUnsent) };
}

/** Whether a typed message is still being sent. */
export function isUnsent(turn: Turn): turn is UserTurn {
  return turn.role === 'user' && !turn.spoken && turn.state === 'open';
}

/** Collects the pictures of this page by the text that was sent with them. */
function collectImages(turns: readonly Turn[]): Map<string, ImageBitmap> {
  const images = new Map<string, ImageBitmap>();
  for (const turn of turns) if (turn.role === 'user' && turn.image) images.set(turn.text, turn.image);
  return images;
}

type ResultImages = NonNullable<ToolUse['images']>;

/** Collects the pictures in results of tools that this page has, by the id of the call. */
function collectResultImages(turns: readonly Turn[]): Map<string, ResultImages> {
  const images = new Map<string, ResultImages>();
  for (const turn of turns) {
    if (turn.role === 'user') continue;
    for (const part of turn.parts) if (part.kind === 'tool' && part.images) images.set(part.id, part.images);
  }
  return images;
}

function toUserTurn(
  { text, spoken = false, pictures = 0 }: ShownTurn,
  id: number,
  images: Map<string, ImageBitmap>,
): UserTurn {
  const image = pictures > 0 ? images.get(text) : undefined;
  const missing = pictures - (image ? 1 : 0);
  return {
    role: 'user',
    id,
    text,
    spoken,
    state: 'done',
    ...(image ? { image } : {}),
    ...(missing > 0 ? { pictures: missing } : {}),
  };
}

function toAgentTurn(
  { text, interrupted, partial, spoken = false, tools = [], sources = [], queries = [] }: ShownTurn,
  id: number,
  shown: ReadonlyMap<string, ResultImages>,
): AgentTurn {
  const uses = tools.map(({ id, name, args, state, result, error, pictures = 0 }): ToolUse => {
    const outcome = error ?? result;
    const images = pictures > 0 ? shown.get(id) : undefined;
    const missing = pictures - (images?.length ?? 0);
    return {
      kind: 'tool',
      id,
      name,
      args,
      // A call without a result runs while its answer is being given.
      state: partial && state === 'open' ? 'running' : TOOL_STATES[state],
      ...(outcome === undefined ? {} : { result: outcome }),
      ...(images ? { images } : {}),
      ...(missing > 0 ? { pictures: missing } : {}),
    };
  });
  return {
    role: 'agent',
    id,
    spoken,
    parts: [...uses, ...(text === '' ? [] : [{ kind: 'text', text } as const])],
    state: interrupted ? 'interrupted' : partial ? 'open' : 'done',
    ...(sources.length + queries.length > 0 ? { grounding: { sources, queries } } : {}),
  };
}
