import type { FunctionResponse, Session } from '@google/genai';
import type { Content, FunctionCall, InlineData, UsageMetadata } from '../../wire/agent-event.ts';
import { AsyncQueue } from '../async-queue.ts';
import type { SocketClose } from '../provider-socket.ts';
import type { ModelConnection, ModelEvent, ModelInput, ModelSetup } from '../realtime-model.ts';
import { describeClose } from './close-error.ts';
import type { GeminiFamily } from './family.ts';
import { type GeminiResult, ModelCalls } from './model-calls.ts';
import type { SdkSocket } from './sdk-socket.ts';
import { SearchQueries } from './search-queries.ts';
import { type GeminiServerMessage, readServerMessage } from './server-message.ts';
import { SilenceTail } from './silence-tail.ts';
import { describeTurnEnd } from './turn-end-reasons.ts';
import { UnspokenText } from './unspoken-text.ts';
import { UserContent } from './user-content.ts';

/** Maximum number of events that wait for the reader. One more closes the connection with the fault below. */
const MAX_WAITING_EVENTS = 10_000;
const OVERFLOW = 'more events than can wait';

/** A tenth of a second of silence, as PCM16 at 16 kHz in base64. */
const SILENCE = Buffer.alloc(3_200).toString('base64');

/** Result of calls that do not run, because the user stopped the reply. */
const STOPPED = { error: 'The user interrupted' };

type ModelEventOf<Type extends ModelEvent['type']> = Extract<ModelEvent, { type: Type }>;

/** An open BidiGenerateContent session. */
export class GeminiConnection implements ModelConnection {
  readonly #events = new AsyncQueue<ModelEvent>(MAX_WAITING_EVENTS);
  readonly #family: GeminiFamily;
  /** Whether transcripts of the user were requested. Generation 3 sends them in any case. */
  readonly #transcribesInput: boolean;
  readonly #silence: SilenceTail | undefined;
  #session: Session | undefined;
  #content: UserContent | undefined;
  #socket: SdkSocket | undefined;
  /** The model has started a reply, and its turn is not complete. */
  #replying = false;
  /** A reply is expected: a text was sent or the model called a tool, and no turn was completed since. */
  #replyExpected = false;
  /** The current turn has brought a part of an answer. */
  #answered = false;
  /** The reply of the current turn is generated completely: only the end of the turn is missing. */
  #generated = false;
  /** An event was lost, because too many waited for the reader. */
  #overflowed = false;
  /** The rest of the current reply is discarded, with its end. */
  #cancelled = false;
  /** The user has asked something after the cancelled reply was generated completely: the next part of a reply is that of the answer. */
  #askedAnew = false;
  readonly #calls = new ModelCalls();
  readonly #searches = new SearchQueries();
  /** `undefined` in a session in which the model writes. */
  readonly #unspoken: UnspokenText | undefined;
  readonly #onModelEvent = (event: ModelEvent) => this.#apply(event);

  constructor(family: GeminiFamily, { modality, inputAudioTranscription, realtimeInputConfig }: ModelSetup) {
    this.#family = family;
    if (modality === 'AUDIO') this.#unspoken = new UnspokenText((event) => this.#emit(event));
    this.#transcribesInput = inputAudioTranscription !== undefined;
    const { disabled, silenceDurationMs } = realtimeInputConfig?.automaticActivityDetection ?? {};
    if (family.endOfAudio === 'silence' && !disabled) {
      this.#silence = new SilenceTail(silenceDurationMs, (data) => this.#sendAudio(data, 'audio/pcm;rate=16000'));
    }
  }

  get events(): AsyncIterable<ModelEvent> {
    return this.#events;
  }

  get open(): boolean {
    return this.#socket?.open ?? false;
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** Accepts input from now on: setup is complete. */
  attachSession(session: Session, socket: SdkSocket | undefined): void {
    this.#session = session;
    this.#content = new UserContent(this.#family, session);
    this.#socket = socket;
  }

  /** Handles one server frame. @throws {TypeError} if a field has the wrong type */
  receiveFrame(frame: GeminiServerMessage): void {
    readServerMessage(frame, this.#onModelEvent);
  }

  /** Ends the events: the socket is closed. */
  endEvents(close: SocketClose): void {
    this.#silence?.stop();
    const described = this.#overflowed ? { ...close, fault: OVERFLOW } : close;
    this.#events.endWith({ type: 'closed', ...describeClose(described) });
  }

  /**
   * Sends the conversation so far to a fresh session. The model replies if the last entry is the user's.
   * @param answered the last entry needs no reply, even if it is the user's
   */
  seedHistory(history: readonly Content[], answered = false): void {
    const last = history.at(-1);
    if (!last) return;
    const needsReply = last.role === 'user' && !answered;
    this.#replyExpected = needsReply;
    this.#content?.sendHistory(history, needsReply);
  }

  send(input: ModelInput): void {
    switch (input.type) {
      case 'audio':
        this.#silence?.stop();
        this.#sendAudio(input.data, input.mimeType);
        return;
      case 'image':
        this.#content?.sendFrame(input);
        return;
      case 'text':
        this.#sendText(input.text, input.images ?? []);
        return;
      case 'partial_text':
        this.#content?.sendPartialText(input.text, input.images ?? []);
        return;
      case 'text_end':
        if (this.#content?.completeText()) this.#onQuestion();
        return;
      case 'tool_results':
        this.#sendResults(this.#calls.answer(input.results));
        return;
      case 'activity_start':
        this.#session?.sendRealtimeInput({ activityStart: {} });
        return;
      case 'activity_end':
        this.#session?.sendRealtimeInput({ activityEnd: {} });
        return;
      case 'audio_end':
        this.#session?.sendRealtimeInput({ audioStreamEnd: true });
        this.#silence?.start();
        return;
      case 'cancel':
        this.#cancel();
        return;
      case 'nudge':
        if (this.#family.continuesOnInput) this.#nudge();
        return;
      case 'truncate':
        // Gemini has no message for it.
        return;
    }
  }

  close(): void {
    this.#silence?.stop();
    this.#socket?.close();
  }

  #sendAudio(data: string, mimeType: string): void {
    // Byte for byte what `sendRealtimeInput({ audio })` sends, which spends 20 µs on conversions (@google/genai 3.3.0). Nothing needs
    // escaping: `data` was checked to be base64, and `mimeType` is our own.
    this.#socket?.sendAscii(['{"realtimeInput":{"audio":{"data":"', data, '","mimeType":"', mimeType, '"}}}']);
  }

  #sendText(text: string, images: readonly InlineData[]): void {
    this.#onQuestion();
    this.#content?.sendText(text, images);
  }

  /** A text without words makes a silent model continue. During a reply the text might be answered, so that only silence is sent. */
  #nudge(): void {
    if (this.#replying) this.#sendAudio(SILENCE, 'audio/pcm;rate=16000');
    else this.#session?.sendRealtimeInput({ text: ' ' });
  }

  /** The model is asked for a reply. */
  #onQuestion(): void {
    // A reply that was cancelled before it started may never arrive, so stop discarding: the next output answers this text. A reply that had
    // started is still discarded until the provider ends it with `interrupted`. Of one that is generated completely only the end is missing.
    if (!this.#replying) this.#cancelled = false;
    else if (this.#generated) this.#askedAnew = true;
    this.#replyExpected = true;
  }

  #sendResults(results: readonly GeminiResult[]): void {
    // The SDK's enum of schedulings consists of the strings of the API.
    const functionResponses = results.map(addStatus) as FunctionResponse[];
    if (results.length > 0) this.#session?.sendToolResponse({ functionResponses });
  }

  /**
   * Ends the current reply. `interrupted` and `turn_complete` are emitted at once, and then nothing until the provider completes the turn, or the
   * exchange. Calls of the reply that are still open are taken back. Families that have no message for it finish the reply unheard.
   */
  #cancel(): void {
    if (!(this.#replying || this.#replyExpected) || this.#cancelled) return;
    const { ids, results } = this.#calls.refuseOpen(STOPPED);
    if (ids.length > 0) this.#emit({ type: 'tool_cancel', ids });
    this.#sendResults(results);
    this.#unspoken?.discard();
    // A model that is not replying takes an empty turn for a question.
    if (this.#family.cancel === 'empty_content' && this.#replying && !this.#generated)
      this.#session?.sendClientContent({ turnComplete: true });
    this.#emit({ type: 'interrupted' });
    this.#emit({ type: 'turn_complete' });
    if (this.#family.exchanges === 'background') this.#emit({ type: 'exchange_complete' });
    this.#cancelled = true;
  }

  #apply(event: ModelEvent): void {
    switch (event.type) {
      case 'interim_transcript':
        if (!this.#transcribesInput) return;
        break;
      case 'input_transcript':
        // Generation 3 transcribes the user even where that is off.
        if (!this.#transcribesInput) return;
        // The user speaks again: what follows is another reply, even if the provider has not ended the last one.
        if (this.#generated) this.#askedAnew = true;
        break;
      case 'audio':
      case 'text':
      case 'output_transcript':
        this.#onReplyPart();
        if (this.#cancelled) return;
        if (event.type !== 'text') this.#unspoken?.onSpeech();
        else if (this.#unspoken && !event.thought) {
          this.#unspoken.add(event.text);
          return;
        }
        break;
      case 'code':
        this.#onReplyPart();
        if (this.#cancelled) return;
        break;
      case 'tool_call':
        this.#onCalls(event.calls);
        return;
      case 'tool_cancel':
        this.#calls.remove(event.ids);
        break;
      case 'generation_complete':
        this.#generated = true;
        if (this.#cancelled) return;
        this.#unspoken?.onAnswerEnd();
        break;
      case 'interrupted':
        if (this.#cancelled) return;
        this.#unspoken?.onAnswerEnd();
        break;
      case 'grounding':
        // Searches for a reply that is discarded are billed, too.
        this.#searches.add(event.metadata);
        if (this.#cancelled) return;
        break;
      case 'usage':
        this.#emitUsage(event.usage);
        return;
      case 'turn_complete':
        this.#completeTurn(event);
        return;
      case 'exchange_complete':
        this.#completeExchange();
        return;
    }
    this.#emit(event);
  }

  #onReplyPart(): void {
    this.#silence?.stop();
    this.#endDiscarding();
    this.#replying = true;
    this.#answered = true;
  }

  /** The provider may never end a reply that was cancelled: if the answer to a later question begins, nothing of it is discarded. */
  #endDiscarding(): void {
    if (!this.#askedAnew) return;
    this.#askedAnew = false;
    this.#cancelled = false;
    this.#generated = false;
  }

  #onCalls(made: readonly FunctionCall[]): void {
    const calls = this.#calls.add(made);
    if (calls.length === 0) return;
    this.#endDiscarding();
    // The user stopped the reply, so its calls must not run either.
    if (this.#cancelled) {
      this.#sendResults(this.#calls.answer(calls.map(({ id, name }) => ({ id, name, response: STOPPED }))));
      return;
    }
    this.#replyExpected = true;
    this.#answered = true;
    this.#emit({ type: 'tool_call', calls });
  }

  #emitUsage(usage: UsageMetadata): void {
    const searchQueryCount = this.#searches.report();
    this.#emit({ type: 'usage', usage: searchQueryCount > 0 ? { ...usage, searchQueryCount } : usage });
  }

  #completeTurn({ reason, endsExchange }: ModelEventOf<'turn_complete'>): void {
    const wasCancelled = this.#cancelled;
    const wasAnswered = this.#answered;
    this.#replying = false;
    this.#answered = false;
    this.#generated = false;
    this.#unspoken?.onTurnEnd();
    this.#searches.onTurnEnd();
    if (this.#family.exchanges === 'single') this.#settle();
    // The turn was already reported as complete when it was cancelled.
    if (wasCancelled) return;
    this.#emit({
      type: 'turn_complete',
      ...(reason === undefined ? {} : describeTurnEnd(reason, wasAnswered)),
      ...(endsExchange && this.#family.exchanges === 'background' ? { endsExchange } : {}),
    });
  }

  #completeExchange(): void {
    if (this.#family.exchanges === 'single') return;
    const wasCancelled = this.#cancelled;
    this.#settle();
    if (!wasCancelled) this.#emit({ type: 'exchange_complete' });
  }

  /** Nothing of the question is open any more. */
  #settle(): void {
    this.#replyExpected = this.#askedAnew;
    this.#askedAnew = false;
    this.#cancelled = false;
    this.#calls.settle();
  }

  #emit(event: ModelEvent): void {
    if (this.#events.push(event)) return;
    this.#overflowed = true;
    this.#socket?.close();
  }
}

/** Generation 3.8 repeats a call whose result is empty, so that a result says at least that the call is done. */
function addStatus(result: GeminiResult): GeminiResult {
  const { response, scheduling } = result;
  // The end of a generator is empty.
  if (scheduling !== undefined) return result;
  const isEmpty = Object.values(response).every((value) => value === null || value === '');
  return isEmpty ? { ...result, response: { ...response, status: 'done' } } : result;
}
