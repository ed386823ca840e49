import type { Message } from '../../client/index.ts';
import type { LogEvents } from '../../wire/named-events.ts';
import type { ServerEvent } from '../server-event.ts';
import { applyReset } from './reset.ts';
import type { Transcript } from './transcript-state.ts';
import type { AgentTurn, ToolUse, Turn, UserTurn } from './turn.ts';

export type TranscriptAction =
  /** `at`: time of arrival, in ms of `performance.now()`. */
  | (ServerEvent & { at?: number })
  | { name: 'typed'; id: number; text: string; image?: ImageBitmap }
  | { name: 'typed_settled'; id: number; sent: boolean }
  /** `heard`: number of characters of the answer's text that were heard; `undefined`: all of them. */
  | { name: 'heard'; id: number; heard: number | undefined }
  /** A picture of the user was loaded, or those of the result of a call. */
  | { name: 'stored_image'; id: number; image: ImageBitmap }
  | { name: 'stored_result_images'; call: string; images: NonNullable<ToolUse['images']> }
  | { name: 'interrupt' }
  /** The playback of an answer that has arrived completely was stopped. */
  | { name: 'cut' }
  | { name: 'stop_discarding' };

/** Maximum number of sources of an answer. Further sources are not shown. */
const MAX_SOURCES = 20;
/** Maximum number of search queries of an answer. Further queries are not shown. */
const MAX_QUERIES = 10;

/** Returns whether an answer has started and is not complete. */
export function hasOpenAnswer(transcript: Transcript): boolean {
  return findOpenAnswer(transcript) !== undefined;
}

/** Finds what the open answer waits for: a call that asks the user, or one that is running and is the last part of the answer. */
export function findPendingCall(transcript: Transcript): 'confirming' | 'running' | undefined {
  const parts = findOpenAnswer(transcript)?.parts ?? [];
  if (parts.some((part) => part.kind === 'tool' && part.state === 'confirming')) return 'confirming';
  const last = parts.at(-1);
  return last?.kind === 'tool' && last.state === 'running' ? 'running' : undefined;
}

/** Returns whether an answer is expected or not complete. */
export function isAnswering(transcript: Transcript): boolean {
  return transcript.awaiting || hasOpenAnswer(transcript);
}

/** Applies an event to the transcript. The function is pure: the same events give the same transcript. */
export function reduceTranscript(transcript: Transcript, action: TranscriptAction): Transcript {
  switch (action.name) {
    case 'typed':
      return addTyped(transcript, action);
    case 'typed_settled':
      return settleTyped(transcript, action.id, action.sent);
    case 'heard':
      return changeTurn<AgentTurn>(transcript, action.id, (turn) => ({ ...turn, heard: action.heard }));
    case 'stored_image':
      return changeTurn<UserTurn>(transcript, action.id, (turn) => ({
        ...subtractPictures(turn, 1),
        image: action.image,
      }));
    case 'stored_result_images':
      return showResultImages(transcript, action.call, action.images);
    case 'interrupt':
      return {
        ...closeAnswer(transcript, 'interrupted'),
        awaiting: false,
        discarding: transcript.discarding || isAnswering(transcript),
      };
    case 'cut':
      return closeAnswer(transcript, 'interrupted');
    case 'stop_discarding':
      return { ...transcript, discarding: false };
    case 'message':
      return applyMessage(transcript, action.data);
    case 'input_transcript':
      return applyInputTranscript(transcript, action.data);
    case 'interim_transcript':
      return { ...transcript, interim: action.data.text };
    case 'tool_call':
      return addToolCall(transcript, action.data, action.at);
    case 'tool_confirmed':
      return changeTool(transcript, action.data.id, { state: 'running', ...toStart(action.at) });
    case 'tool_result': {
      const { id, error, result, images, pictures, will_continue: continues } = action.data;
      const end = toEnd(action.at);
      const shown = { ...(images ? { images } : {}), ...(pictures ? { pictures } : {}) };
      if (continues) return changeTool(transcript, id, { state: 'running', result: error ?? result, ...shown });
      if (error !== undefined) return changeTool(transcript, id, { state: 'failed', result: error, ...end });
      return changeTool(transcript, id, { state: 'done', result, ...shown, ...end });
    }
    case 'tool_cancel':
      return changeTool(transcript, action.data.id, { state: 'cancelled', ...toEnd(action.at) });
    case 'grounding':
      return addGrounding(transcript, action.data);
    case 'user_message':
      return addUserMessage(transcript, action.data);
    case 'reset':
      return applyReset(transcript, action.data);
    case 'failure':
      // The answer goes on.
      if (action.data.code === 'recording_failed') return transcript;
      return endAnswer(transcript);
    case 'end':
      return endAnswer(transcript);
    default:
      return transcript;
  }
}

function endAnswer(transcript: Transcript): Transcript {
  return { ...closeOpenAnswer(transcript, 'interrupted'), awaiting: false, discarding: false, interim: '' };
}

type Typed = Extract<TranscriptAction, { name: 'typed' }>;

/** @param id negative id that the sender has chosen, by which `settleTyped` finds the turn */
function addTyped(transcript: Transcript, { id, text, image }: Typed): Transcript {
  const turn: UserTurn = { role: 'user', id, text, spoken: false, state: 'open', ...(image ? { image } : {}) };
  return { ...transcript, turns: [...transcript.turns, turn], awaiting: transcript.awaiting || text !== '' };
}

/** Shows what was typed on another page of the user. */
function addUserMessage(transcript: Transcript, message: LogEvents['user_message']): Transcript {
  const { client, text, pictures, partial = false } = message;
  const last = transcript.turns.at(-1);
  const before = last?.role === 'user' && last.continues !== undefined && last.continues === client ? last : undefined;
  const count = (before?.pictures ?? 0) + pictures;
  const turn: UserTurn = {
    role: 'user',
    id: before?.id ?? transcript.nextId,
    text: (before?.text ?? '') + text,
    spoken: false,
    state: 'done',
    ...(count > 0 ? { pictures: count } : {}),
    ...(partial ? { continues: client } : {}),
  };
  const turns = [...(before ? transcript.turns.slice(0, -1) : transcript.turns), turn];
  const awaiting = transcript.awaiting || !partial;
  return { ...transcript, turns, nextId: transcript.nextId + (before ? 0 : 1), awaiting };
}

function settleTyped(transcript: Transcript, id: number, sent: boolean): Transcript {
  const settled = changeTurn<UserTurn>(transcript, id, (turn) => ({ ...turn, state: sent ? 'done' : 'failed' }));
  return sent ? settled : { ...settled, awaiting: false };
}

function applyMessage(transcript: Transcript, data: Message): Transcript {
  if ('turn_complete' in data) return data.interrupted ? interruptTurn(transcript) : completeTurn(transcript);
  if (data.mime_type !== 'text/plain' || transcript.discarding) return transcript;
  return changeAnswer(transcript, (turn) => {
    const last = turn.parts.at(-1);
    if (last?.kind !== 'text') return { ...turn, parts: [...turn.parts, { kind: 'text', text: data.data }] };
    return { ...turn, parts: [...turn.parts.slice(0, -1), { kind: 'text', text: last.text + data.data }] };
  });
}

/** Closes an interrupted answer. Speech that interrupted the answer still awaits its own answer. */
function interruptTurn(transcript: Transcript): Transcript {
  const last = transcript.turns.at(-1);
  const isSpokenInto = hasOpenAnswer(transcript) && last?.role === 'user' && last.spoken && last.state === 'done';
  const awaiting = transcript.awaiting || isSpokenInto;
  return { ...closeAnswer(transcript, 'interrupted'), awaiting, interrupted: true, discarding: false };
}

function completeTurn(transcript: Transcript): Transcript {
  const awaiting = transcript.interrupted && transcript.awaiting;
  return { ...closeAnswer(transcript, 'done'), awaiting, interrupted: false, discarding: false, interim: '' };
}

function toEnd(at: number | undefined): Pick<ToolUse, 'endedAt'> {
  return at === undefined ? {} : { endedAt: at };
}

function toStart(at: number | undefined): Pick<ToolUse, 'startedAt'> {
  return at === undefined ? {} : { startedAt: at };
}

function addToolCall(
  transcript: Transcript,
  { id, name, args, confirm }: LogEvents['tool_call'],
  at?: number,
): Transcript {
  const tool: ToolUse = confirm
    ? { kind: 'tool', id, name, args, state: 'confirming' }
    : { kind: 'tool', id, name, args, state: 'running', ...toStart(at) };
  return changeAnswer(transcript, (turn) => ({
    ...turn,
    parts: [...turn.parts, tool],
  }));
}

/** Adds sources to the answer. An answer may have several searches, and sources may arrive just after an interruption. */
function addGrounding(transcript: Transcript, { sources, queries }: LogEvents['grounding']): Transcript {
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
  return changeAnswer(transcript, add);
}

/** Changes the open answer. Starts an answer if none is open. */
function changeAnswer(transcript: Transcript, change: (turn: AgentTurn) => AgentTurn): Transcript {
  const open = findOpenAnswer(transcript);
  if (open) return { ...changeTurn(transcript, open.id, change), awaiting: false, interrupted: false };
  const turn = change({ role: 'agent', id: transcript.nextId, parts: [], state: 'open' });
  const turns = [...transcript.turns, turn];
  return { ...transcript, turns, nextId: transcript.nextId + 1, awaiting: false, interrupted: false };
}

/** Closes the answer. An interruption that arrives after the whole answer, during its playback, concerns the last answer. */
function closeAnswer(transcript: Transcript, state: 'done' | 'interrupted'): Transcript {
  const last = transcript.turns.findLast((turn) => turn.role === 'agent');
  const answer = findOpenAnswer(transcript) ?? (state === 'interrupted' && !transcript.discarding ? last : undefined);
  return answer ? changeTurn<AgentTurn>(transcript, answer.id, (turn) => ({ ...turn, state })) : transcript;
}

function closeOpenAnswer(transcript: Transcript, state: AgentTurn['state']): Transcript {
  const answer = findOpenAnswer(transcript);
  return answer ? changeTurn<AgentTurn>(transcript, answer.id, (turn) => ({ ...turn, state })) : transcript;
}

/** Finds the answer that is being given. */
export function findOpenAnswer({ turns }: Transcript): AgentTurn | undefined {
  return turns.findLast((turn): turn is AgentTurn => turn.role === 'agent' && turn.state === 'open');
}

/** Applies a transcript of speech. `finished: false` marks an increment, `finished: true` the complete text. */
function applyInputTranscript(transcript: Transcript, data: LogEvents['input_transcript']): Transcript {
  const { text, finished, turn } = data;
  const awaiting = transcript.awaiting || (finished && !findOpenAnswer(transcript));
  const open = transcript.turns.findLast((said) => said.role === 'user' && said.spoken && said.state === 'open');
  if (open) {
    const changed = changeTurn<UserTurn>(transcript, open.id, (said) =>
      finished ? { ...said, text: text || said.text, state: 'done' } : { ...said, text: said.text + text },
    );
    return { ...changed, awaiting, interim: '' };
  }
  if (text === '') return { ...transcript, interim: '' };
  const state = finished ? 'done' : 'open';
  const said: UserTurn = { role: 'user', id: transcript.nextId, text, spoken: true, state, turn };
  const at = findSpeechPlace(transcript.turns, turn);
  const turns = [...transcript.turns.slice(0, at), said, ...transcript.turns.slice(at)];
  return { ...transcript, turns, nextId: transcript.nextId + 1, awaiting, interim: '' };
}

/**
 * Finds the place of a spoken turn. A transcript often arrives after its answer has started and belongs before the answer. If the
 * answer already has its question, the user is speaking into the answer.
 */
function findSpeechPlace(turns: readonly Turn[], turn: number): number {
  const answer = turns.findLastIndex((said) => said.role === 'agent' && said.state === 'open');
  if (answer === -1 || answer !== turns.length - 1) return turns.length;
  const question = turns[answer - 1];
  const isAsked = question?.role === 'user' && (!question.spoken || question.turn === turn);
  return isAsked ? turns.length : answer;
}

function changeTurn<T extends Turn>(transcript: Transcript, id: number, change: (turn: T) => T): Transcript {
  const index = transcript.turns.findLastIndex((turn) => turn.id === id);
  // Ids are unique over both roles, so the id determines the type of the turn.
  return index === -1 ? transcript : replaceTurn(transcript, index, change(transcript.turns[index] as T));
}

/** Replaces one turn. The others are copied as they are, which is fast for thousands of them. */
function replaceTurn(transcript: Transcript, index: number, turn: Turn): Transcript {
  const turns = transcript.turns.slice();
  turns[index] = turn;
  return { ...transcript, turns };
}

/** Changes a tool call in any turn, because a result may arrive long after the turn of its call. */
function showResultImages(transcript: Transcript, id: string, images: NonNullable<ToolUse['images']>): Transcript {
  const hasCall = (part: AgentTurn['parts'][number]) => part.kind === 'tool' && part.id === id;
  const index = transcript.turns.findLastIndex((turn) => turn.role === 'agent' && turn.parts.some(hasCall));
  const turn = transcript.turns[index];
  if (turn?.role !== 'agent') return transcript;
  const parts = turn.parts.map((part) =>
    part.kind === 'tool' && part.id === id ? { ...subtractPictures(part, images.length), images } : part,
  );
  return replaceTurn(transcript, index, { ...turn, parts });
}

/** Subtracts pictures that the page has now from those that it does not have. */
function subtractPictures<T extends { readonly pictures?: number }>(item: T, count: number): T {
  const { pictures = 0, ...rest } = item;
  const missing = pictures - count;
  return (missing > 0 ? { ...rest, pictures: missing } : rest) as T; // `pictures` is optional
}

function changeTool(transcript: Transcript, id: string, change: Partial<ToolUse>): Transcript {
  const hasCall = (turn: Turn) =>
    turn.role === 'agent' && turn.parts.some((part) => part.kind === 'tool' && part.id === id);
  const index = transcript.turns.findLastIndex(hasCall);
  const turn = transcript.turns[index];
  if (turn?.role !== 'agent') return transcript;
  const parts = turn.parts.map((part) => (part.kind === 'tool' && part.id === id ? { ...part, ...change } : part));
  return replaceTurn(transcript, index, { ...turn, parts });
}
