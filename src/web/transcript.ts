import type { Message } from '../client/index.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { ServerEvent } from './server-event.ts';
import type { AgentTurn, ToolUse, Turn, UserTurn } from './turn.ts';

export interface Transcript {
  readonly turns: readonly Turn[];
  readonly nextId: number;
  /** Earlier turns exist that are not shown. */
  readonly truncated: boolean;
  /** The user has said something, and nothing of the answer is there yet. */
  readonly awaiting: boolean;
  /** An answer was interrupted; the turn_complete that follows is its own. */
  readonly interrupted: boolean;
  /** The user has cut the answer short: what still comes of it is dropped, until the server says that it has ended. */
  readonly discarding: boolean;
}

export type TranscriptAction =
  | ServerEvent
  | { name: 'typed'; id: number; text: string; image?: ImageBitmap }
  | { name: 'typed_settled'; id: number; sent: boolean }
  | { name: 'cut' }
  | { name: 'stop_discarding' };

/** Of one answer; more are not shown. */
const MAX_SOURCES = 20;
const MAX_QUERIES = 10;

export const EMPTY_TRANSCRIPT: Transcript = {
  turns: [],
  nextId: 1,
  truncated: false,
  awaiting: false,
  interrupted: false,
  discarding: false,
};

/** Whether something of an answer is there, and more is to come. */
export function hasOpenAnswer(transcript: Transcript): boolean {
  return openAnswer(transcript) !== undefined;
}

/** Whether an answer is on its way or being given. */
export function isAnswering(transcript: Transcript): boolean {
  return transcript.awaiting || hasOpenAnswer(transcript);
}

/** What both sides have said, from what travels. Pure: the same events give the same transcript. */
export function reduceTranscript(transcript: Transcript, action: TranscriptAction): Transcript {
  switch (action.name) {
    case 'typed':
      return typed(transcript, action);
    case 'typed_settled':
      return settleTyped(transcript, action.id, action.sent);
    case 'cut':
      return { ...closeAnswer(transcript, 'interrupted'), awaiting: false, discarding: isAnswering(transcript) };
    case 'stop_discarding':
      return { ...transcript, discarding: false };
    case 'message':
      return message(transcript, action.data);
    case 'input_transcript':
      return inputTranscript(transcript, action.data);
    case 'tool_call':
      return toolCall(transcript, action.data);
    case 'tool_result': {
      const { id, error, result } = action.data;
      if (error !== undefined) return changeTool(transcript, id, { state: 'failed', result: error });
      return changeTool(transcript, id, { state: 'done', result });
    }
    case 'tool_cancel':
      return changeTool(transcript, action.data.id, { state: 'cancelled' });
    case 'grounding':
      return grounding(transcript, action.data);
    case 'reset':
      return reset(transcript, action.data);
    case 'failure':
    case 'end':
      return { ...closeOpenAnswer(transcript, 'interrupted'), awaiting: false, discarding: false };
    default:
      return transcript;
  }
}

type Typed = Extract<TranscriptAction, { name: 'typed' }>;

/** `id` is the sender's, negative, so that it can say later what became of it. */
function typed(transcript: Transcript, { id, text, image }: Typed): Transcript {
  const turn: UserTurn = { role: 'user', id, text, spoken: false, state: 'open', ...(image ? { image } : {}) };
  return { ...transcript, turns: [...transcript.turns, turn], awaiting: transcript.awaiting || text !== '' };
}

function settleTyped(transcript: Transcript, id: number, sent: boolean): Transcript {
  const settled = changeTurn<UserTurn>(transcript, id, (turn) => ({ ...turn, state: sent ? 'done' : 'failed' }));
  return sent ? settled : { ...settled, awaiting: false };
}

function message(transcript: Transcript, data: Message): Transcript {
  if ('turn_complete' in data) return data.interrupted ? interrupted(transcript) : completed(transcript);
  if (data.mime_type !== 'text/plain' || transcript.discarding) return transcript;
  return inAnswer(transcript, (turn) => {
    const last = turn.parts.at(-1);
    if (last?.kind !== 'text') return { ...turn, parts: [...turn.parts, { kind: 'text', text: data.data }] };
    return { ...turn, parts: [...turn.parts.slice(0, -1), { kind: 'text', text: last.text + data.data }] };
  });
}

/** What the user has said into the answer is still to be answered. */
function interrupted(transcript: Transcript): Transcript {
  const last = transcript.turns.at(-1);
  const isSpokenInto = hasOpenAnswer(transcript) && last?.role === 'user' && last.spoken && last.state === 'done';
  const awaiting = transcript.awaiting || isSpokenInto;
  return { ...closeAnswer(transcript, 'interrupted'), awaiting, interrupted: true, discarding: false };
}

function completed(transcript: Transcript): Transcript {
  const awaiting = transcript.interrupted && transcript.awaiting;
  return { ...closeAnswer(transcript, 'done'), awaiting, interrupted: false, discarding: false };
}

function toolCall(transcript: Transcript, { id, name, args }: LogEvents['tool_call']): Transcript {
  return inAnswer(transcript, (turn) => ({
    ...turn,
    parts: [...turn.parts, { kind: 'tool', id, name, args, state: 'running' }],
  }));
}

/** There may be several in one answer, each of a search of its own; or one that comes just after the user has interrupted it. */
function grounding(transcript: Transcript, { sources, queries }: LogEvents['grounding']): Transcript {
  if (transcript.discarding) return transcript;
  const add = (turn: AgentTurn): AgentTurn => {
    const known = turn.grounding ?? { sources: [], queries: [] };
    const added = sources.filter(({ uri }) => !known.sources.some((source) => source.uri === uri));
    return {
      ...turn,
      grounding: {
        sources: [...known.sources, ...added].slice(0, MAX_SOURCES),
        queries: [...new Set([...known.queries, ...queries])].slice(0, MAX_QUERIES),
      },
    };
  };
  const last = transcript.turns.findLast((turn) => turn.role === 'agent');
  if (last && transcript.interrupted) return changeTurn(transcript, last.id, add);
  return inAnswer(transcript, add);
}

/** Changes the answer that is being given; if there is none, one begins. */
function inAnswer(transcript: Transcript, change: (turn: AgentTurn) => AgentTurn): Transcript {
  const open = openAnswer(transcript);
  if (open) return { ...changeTurn(transcript, open.id, change), awaiting: false, interrupted: false };
  const turn = change({ role: 'agent', id: transcript.nextId, parts: [], state: 'open' });
  const turns = [...transcript.turns, turn];
  return { ...transcript, turns, nextId: transcript.nextId + 1, awaiting: false, interrupted: false };
}

/** An interruption may arrive when the whole answer has, and is still being played: then it concerns the last one. */
function closeAnswer(transcript: Transcript, state: 'done' | 'interrupted'): Transcript {
  const last = transcript.turns.findLast((turn) => turn.role === 'agent');
  const answer = openAnswer(transcript) ?? (state === 'interrupted' && !transcript.discarding ? last : undefined);
  return answer ? changeTurn<AgentTurn>(transcript, answer.id, (turn) => ({ ...turn, state })) : transcript;
}

function closeOpenAnswer(transcript: Transcript, state: AgentTurn['state']): Transcript {
  const answer = openAnswer(transcript);
  return answer ? changeTurn<AgentTurn>(transcript, answer.id, (turn) => ({ ...turn, state })) : transcript;
}

function openAnswer({ turns }: Transcript): AgentTurn | undefined {
  return turns.findLast((turn): turn is AgentTurn => turn.role === 'agent' && turn.state === 'open');
}

/** `finished: false` is an increment, `finished: true` the whole of what was said. */
function inputTranscript(transcript: Transcript, data: LogEvents['input_transcript']): Transcript {
  const { text, finished, turn } = data;
  const awaiting = transcript.awaiting || (finished && !openAnswer(transcript));
  const open = transcript.turns.findLast((said) => said.role === 'user' && said.spoken && said.state === 'open');
  if (open) {
    const changed = changeTurn<UserTurn>(transcript, open.id, (said) =>
      finished ? { ...said, text: text || said.text, state: 'done' } : { ...said, text: said.text + text },
    );
    return { ...changed, awaiting };
  }
  if (text === '') return transcript;
  const state = finished ? 'done' : 'open';
  const said: UserTurn = { role: 'user', id: transcript.nextId, text, spoken: true, state, turn };
  const at = placeOfSpeech(transcript.turns, turn);
  const turns = [...transcript.turns.slice(0, at), said, ...transcript.turns.slice(at)];
  return { ...transcript, turns, nextId: transcript.nextId + 1, awaiting };
}

/**
 * A transcript often comes when the answer to it has begun, and belongs before that; but if the answer has its question already,
 * somebody is speaking into it.
 */
function placeOfSpeech(turns: readonly Turn[], turn: number): number {
  const answer = turns.findLastIndex((said) => said.role === 'agent' && said.state === 'open');
  if (answer === -1 || answer !== turns.length - 1) return turns.length;
  const question = turns[answer - 1];
  const isAsked = question?.role === 'user' && (!question.spoken || question.turn === turn);
  return isAsked ? turns.length : answer;
}

function changeTurn<T extends Turn>(transcript: Transcript, id: number, change: (turn: T) => T): Transcript {
  // Ids are unique over both roles, so whoever names one knows which kind of turn it is.
  return { ...transcript, turns: transcript.turns.map((turn) => (turn.id === id ? change(turn as T) : turn)) };
}

/** Wherever it is: a result may come long after the turn that asked for it. */
function changeTool(transcript: Transcript, id: string, change: Partial<ToolUse>): Transcript {
  const turns = transcript.turns.map((turn) => {
    if (turn.role !== 'agent' || !turn.parts.some((part) => part.kind === 'tool' && part.id === id)) return turn;
    const parts = turn.parts.map((part) => (part.kind === 'tool' && part.id === id ? { ...part, ...change } : part));
    return { ...turn, parts };
  });
  return { ...transcript, turns };
}

/** What the server remembers takes the place of what the page does; only what is still on its way up is not known there. */
function reset(transcript: Transcript, { turns, truncated }: ConnectionEvents['reset']): Transcript {
  let nextId = transcript.nextId;
  const told = turns.map(({ role, text, interrupted }): Turn => {
    const id = nextId++;
    if (role === 'user') return { role: 'user', id, text, spoken: false, state: 'done' };
    return { role: 'agent', id, parts: [{ kind: 'text', text }], state: interrupted ? 'interrupted' : 'done' };
  });
  const unsent = transcript.turns.filter((turn) => turn.role === 'user' && !turn.spoken && turn.state === 'open');
  return { ...EMPTY_TRANSCRIPT, turns: [...told, ...unsent], nextId, truncated, awaiting: unsent.length > 0 };
}
