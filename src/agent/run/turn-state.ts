import type { ModelCapabilities, ModelEvent } from '../../models/realtime-model.ts';
import { keepEnd } from '../../wire/keep-end.ts';

/**
 * Position inside an exchange.
 * - `idle`: no input waits for an answer. Audio alone does not count, because nobody knows yet whether it contains speech.
 * - `awaiting`: typed or recognized input waits for its answer, or the model still works in the background.
 * - `replying`: part of the answer arrived.
 * - `interrupted`: the reply was interrupted, and the provider has not completed the turn yet.
 */
export type TurnPhase = 'idle' | 'awaiting' | 'replying' | 'interrupted';

/** Everything that moves a turn: events of the model, and the three things that happen on our side. */
export type TurnInput =
  | ModelEvent
  /** An input of the user was sent to the model. `hasText`: the input is, or completes, a typed message, which the model answers. */
  | { readonly type: 'input_recorded'; readonly hasText: boolean }
  /** A result for which the model did not wait was sent as text, about which the model speaks. The user has asked nothing. */
  | { readonly type: 'update_sent' }
  /** The user has said something and marked its end, by releasing a button or switching the microphone off. No transcript tells so. */
  | { readonly type: 'speech_ended' }
  /** The user asked to stop the reply. */
  | { readonly type: 'stop_requested' }
  /** The connection ended. Input without a complete answer will be replayed on the next connection. */
  | { readonly type: 'connection_lost' };

/**
 * State of the current turn and exchange of a run. Inputs are numbered from 1 in the order in which they were sent. Inputs up to
 * `settledInputs` are done, inputs up to `questionEnd` belong to the current exchange, and later inputs belong to the next one.
 */
export interface TurnState {
  /** Whether each `turn_complete` ends an exchange (`single`), or `exchange_complete` does (`background`). */
  readonly exchanges: ModelCapabilities['exchanges'];
  readonly phase: TurnPhase;
  /** Number of the current turn, from 1. A turn that is lost with its connection is repeated under the same number. */
  readonly turn: number;
  /** Number of the current exchange, from 1. */
  readonly exchange: number;
  /** Number of inputs that were sent to the model. */
  readonly inputs: number;
  /** Number of the latest input that is, or completes, a typed message, or 0. */
  readonly lastTextInput: number;
  /** Number of the latest input that is a result for which the model did not wait, or 0. Lost with its connection. */
  readonly lastUpdate: number;
  /** Number of the latest input with which the user has ended speech, while no answer was being given; or 0. */
  readonly lastSpeechEnd: number;
  /** Number of the latest input that a complete exchange has answered or passed over, or 0. */
  readonly settledInputs: number;
  /** Number of the last input that the current exchange can answer. `undefined` before the reply starts or the question is transcribed. */
  readonly questionEnd: number | undefined;
  /** Value of `inputs` when the user last asked to stop the reply in this exchange. */
  readonly stoppedAt: number | undefined;
  /** Transcript of what the user said in this exchange; at least the last 256 Ki characters, at most 512 Ki. */
  readonly heardText: string;
  /**
   * Whether the last exchange answered speech of which no transcript had arrived. A transcript that arrives now, before the next answer, is that of
   * the last exchange.
   */
  readonly awaitsLateWords: boolean;
  /** Whether part of the answer arrived in this turn: speech, text, code or a tool call. */
  readonly answerStarted: boolean;
  /** Whether part of the answer that the user perceives arrived in this turn: speech, text or code. */
  readonly outputStarted: boolean;
  /** Whether the reply of this turn is generated completely: only its end is missing, for which Gemini waits until the speech has been played. */
  readonly generated: boolean;
  /** Whether the reply of this turn was interrupted. */
  readonly interrupted: boolean;
  /** Id of the item whose audio came last on this connection, if the provider has such ids. */
  readonly audioItemId: string | undefined;
}

/** Minimum length of the end of `heardText` that is kept, in characters. At twice this length, earlier text is discarded. */
const MAX_HEARD = 256 * 1024;

export function initialTurnState(exchanges: ModelCapabilities['exchanges']): TurnState {
  return {
    exchanges,
    phase: 'idle',
    turn: 1,
    exchange: 1,
    inputs: 0,
    lastTextInput: 0,
    lastUpdate: 0,
    lastSpeechEnd: 0,
    settledInputs: 0,
    questionEnd: undefined,
    stoppedAt: undefined,
    heardText: '',
    awaitsLateWords: false,
    answerStarted: false,
    outputStarted: false,
    generated: false,
    interrupted: false,
    audioItemId: undefined,
  };
}

/** Computes the state after an input. Returns the same object if nothing changes, as for most audio events. */
export function reduceTurn(state: TurnState, input: TurnInput): TurnState {
  switch (input.type) {
    case 'input_recorded':
      return recordInput(state, input.hasText);
    case 'update_sent':
      return recordUpdate(state);
    case 'speech_ended':
      return state.phase === 'idle' ? { ...state, lastSpeechEnd: state.inputs, phase: 'awaiting' } : state;
    case 'stop_requested':
      return { ...state, stoppedAt: state.inputs };
    case 'input_transcript':
      return recordTranscript(state, input.text, input.finished);
    case 'output_transcript':
      return input.text === '' ? state : startAnswer(state, true);
    case 'audio': {
      const started = startAnswer(state, true);
      return started.audioItemId === input.itemId ? started : { ...started, audioItemId: input.itemId };
    }
    case 'text':
    case 'code':
      return startAnswer(state, true);
    case 'tool_call':
      // The model continues with the results.
      return startAnswer(state.generated ? { ...state, generated: false } : state, false);
    case 'generation_complete':
      return { ...state, generated: state.outputStarted };
    case 'interrupted':
      // A question that the user stopped counts as answered. Input sent after the request to stop belongs to the next exchange.
      return { ...state, phase: 'interrupted', interrupted: true, questionEnd: state.questionEnd ?? state.stoppedAt };
    case 'turn_complete':
      return state.exchanges === 'single' ? completeExchange(completeTurn(state), state) : completeTurn(state);
    case 'exchange_complete':
      return completeExchange(state, state);
    case 'connection_lost':
      return repeatExchange(state);
    default:
      return state;
  }
}

function recordInput(state: TurnState, hasText: boolean): TurnState {
  const inputs = state.inputs + 1;
  if (!hasText) return { ...state, inputs };
  return {
    ...state,
    awaitsLateWords: false,
    inputs,
    lastTextInput: inputs,
    phase: state.phase === 'idle' ? 'awaiting' : state.phase,
  };
}

function recordUpdate(state: TurnState): TurnState {
  const inputs = state.inputs + 1;
  const phase = state.phase === 'idle' ? 'awaiting' : state.phase;
  return { ...state, awaitsLateWords: false, inputs, lastUpdate: inputs, phase };
}

function recordTranscript(state: TurnState, text: string, finished: boolean): TurnState {
  // The answer to these words was given: they ask nothing.
  if (state.awaitsLateWords) return finished ? { ...state, awaitsLateWords: false } : state;
  // The text of a finished transcript is known completely: from here the question is replayed as text, not as audio.
  const questionEnd = finished ? (state.questionEnd ?? state.inputs) : state.questionEnd;
  if (text === '' && questionEnd === state.questionEnd) return state;
  const heardText = keepEnd(state.heardText + text, MAX_HEARD);
  const phase = state.phase === 'idle' && heardText !== '' ? 'awaiting' : state.phase;
  return { ...state, heardText, questionEnd, phase };
}

function startAnswer(state: TurnState, isOutput: boolean): TurnState {
  if (state.answerStarted && (state.outputStarted || !isOutput)) return state;
  return {
    ...state,
    phase: state.interrupted ? 'interrupted' : 'replying',
    questionEnd: state.questionEnd ?? state.inputs,
    awaitsLateWords: false,
    answerStarted: true,
    outputStarted: state.outputStarted || isOutput,
  };
}

function completeTurn(state: TurnState): TurnState {
  return {
    ...state,
    phase: hasOpenQuestion(state) ? 'awaiting' : 'idle',
    turn: state.turn + 1,
    answerStarted: false,
    outputStarted: false,
    generated: false,
    interrupted: false,
  };
}

/** @param ending state in which the end of the exchange found the turn */
function completeExchange(state: TurnState, ending: TurnState): TurnState {
  const settledInputs = findSettledInputs(ending);
  // Input that interrupted a reply waits for its own answer. Input that came with a request to stop does not.
  const isInterruptedByInput = ending.interrupted && ending.stoppedAt === undefined && ending.inputs > settledInputs;
  const answeredSpeech =
    ending.questionEnd !== undefined &&
    ending.inputs > ending.settledInputs &&
    ending.lastTextInput <= ending.settledInputs &&
    ending.lastUpdate <= ending.settledInputs;
  const isWaiting =
    ending.lastTextInput > settledInputs ||
    ending.lastUpdate > settledInputs ||
    ending.lastSpeechEnd > settledInputs ||
    isInterruptedByInput;
  return {
    ...state,
    // A turn that the provider has not completed yet keeps its phase.
    phase: state.answerStarted || state.interrupted ? state.phase : isWaiting ? 'awaiting' : 'idle',
    exchange: state.exchange + 1,
    settledInputs,
    questionEnd: undefined,
    stoppedAt: undefined,
    heardText: '',
    awaitsLateWords: answeredSpeech && ending.heardText === '',
  };
}

/** Finds the last input that is settled if the exchange ends in this state. */
function findSettledInputs(state: TurnState): number {
  const { questionEnd, interrupted, inputs, lastTextInput, lastUpdate, settledInputs } = state;
  if (questionEnd !== undefined) return questionEnd;
  // The model let the turn pass without an answer.
  if (!interrupted) return inputs;
  // The model was interrupted before it produced output. We cannot tell which audio chunk did that: keep everything since the last text.
  return Math.max(settledInputs, lastTextInput - 1, lastUpdate - 1);
}

function hasOpenQuestion(state: TurnState): boolean {
  return hasKnownQuestion(state) || hasSpokenQuestion(state);
}

/** Whether a question is open that was typed or transcribed, a result that the model has not spoken about, or a question that a reply has begun to answer. */
function hasKnownQuestion(state: TurnState): boolean {
  const { questionEnd, heardText, lastTextInput, lastUpdate, settledInputs } = state;
  return questionEnd !== undefined || heardText !== '' || lastTextInput > settledInputs || lastUpdate > settledInputs;
}

/** Whether the user has ended speech that no exchange has answered or passed over. */
export function hasSpokenQuestion({ lastSpeechEnd, settledInputs }: TurnState): boolean {
  return lastSpeechEnd > settledInputs;
}

/** Whether an answer is expected for no other reason than sound that the user has ended: it may have been noise. */
export function awaitsUnheardSpeech(state: TurnState): boolean {
  return state.phase === 'awaiting' && !hasKnownQuestion(state);
}

/** A lost connection ends the reply. The exchange starts again on the next connection. */
function repeatExchange(state: TurnState): TurnState {
  // A reply to a result is not repeated as such: the result is sent again.
  const isReplyToUpdate =
    state.lastUpdate > state.settledInputs &&
    state.lastTextInput <= state.settledInputs &&
    state.heardText === '' &&
    !hasSpokenQuestion(state);
  return {
    ...initialTurnState(state.exchanges),
    phase: hasOpenQuestion({ ...state, lastUpdate: 0 }) && !isReplyToUpdate ? 'awaiting' : 'idle',
    turn: state.turn,
    exchange: state.exchange,
    inputs: state.inputs,
    lastTextInput: state.lastTextInput,
    lastSpeechEnd: state.lastSpeechEnd,
    settledInputs: state.settledInputs,
  };
}

/** Read access to the turn of a run. Parts of a run read the turn here instead of following the model's events themselves. */
export interface TurnView {
  readonly state: TurnState;
  /** State before the input that was applied last, for parts that react to a change. */
  readonly previous: TurnState;
}

/** Holder of the turn of one run. */
export class LiveTurn implements TurnView {
  #state: TurnState;
  #previous: TurnState;

  constructor(exchanges: ModelCapabilities['exchanges']) {
    this.#state = initialTurnState(exchanges);
    this.#previous = this.#state;
  }

  get state(): TurnState {
    return this.#state;
  }

  get previous(): TurnState {
    return this.#previous;
  }

  apply(input: TurnInput): void {
    this.#previous = this.#state;
    this.#state = reduceTurn(this.#state, input);
  }
}
