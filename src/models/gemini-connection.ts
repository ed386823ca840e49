import type { Session } from '@google/genai';
import type { Content, FunctionCall, FunctionResponse, InlineData } from '../wire/agent-event.ts';
import type { Blob } from '../wire/live-request.ts';
import { AsyncQueue } from './async-queue.ts';
import { closeToError, type GeminiClose } from './gemini-close.ts';
import { type GeminiServerMessage, isOwnCallId, readServerMessage } from './gemini-server-message.ts';
import type { GeminiSocket } from './gemini-socket.ts';
import type { ModelEvent, RealtimeConnection } from './realtime-model.ts';

/** Events that may wait for the Runner, which takes each at once; if they pile up, the connection is closed. */
const MAX_WAITING_EVENTS = 10_000;

/** Characters of a message that is not complete; of more, the first are forgotten. */
const MAX_BEGUN = 256 * 1024;

/** One open BidiGenerateContent session. */
export class GeminiConnection implements RealtimeConnection {
  readonly #events = new AsyncQueue<ModelEvent>(MAX_WAITING_EVENTS);
  readonly #textAsRealtimeInput: boolean;
  #session: Session | undefined;
  #socket: GeminiSocket | undefined;
  /** The model is giving a reply. */
  #replying = false;
  /** A text was sent, or the model has called a tool, and no turn was completed since. */
  #asked = false;
  /** The beginning of a message whose end has not come. */
  #begun = '';
  /** The calls of the turn being given that have no result, by their ids. */
  readonly #calls = new Map<string, string>();
  /** What remains of the reply being given is not wanted. */
  #cancelled = false;
  readonly #emit = (event: ModelEvent) => this.#take(event);

  /** @param options.textAsRealtimeInput how this model family takes a message of the user in mid-conversation */
  constructor(options: { textAsRealtimeInput: boolean }) {
    this.#textAsRealtimeInput = options.textAsRealtimeInput;
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

  /** Setup is complete. */
  begin(session: Session, socket: GeminiSocket | undefined): void {
    this.#session = session;
    this.#socket = socket;
  }

  /** One server frame. */
  receive(frame: GeminiServerMessage): void {
    readServerMessage(frame, this.#emit);
  }

  /** The socket is closed. */
  end(close: GeminiClose): void {
    this.#events.endWith({ type: 'closed', code: close.code, error: closeToError(close) });
  }

  /** Tells a fresh session what was said before. If the user had the last word, the model answers it now, unless it is `answered`. */
  seed(history: readonly Content[], answered = false): void {
    const last = history.at(-1);
    if (!last) return;
    const isOpen = last.role === 'user' && !answered;
    if (!this.#textAsRealtimeInput) {
      this.#asked = isOpen;
      this.#session?.sendClientContent({ turns: [...history], turnComplete: this.#asked });
      return;
    }
    // Here the history ends with turnComplete and is never answered (@google/genai, HistoryConfig): the last word of the
    // user is said anew.
    const unanswered = isOpen ? textOf(last) : '';
    const turns = unanswered ? history.slice(0, -1) : history;
    this.#session?.sendClientContent({ ...(turns.length > 0 ? { turns: [...turns] } : {}), turnComplete: true });
    if (unanswered) this.sendText(unanswered);
  }

  sendText(text: string, images: readonly InlineData[] = []): void {
    // A reply that was cancelled before it began may never come: what comes now answers this. One that had begun is ended by this,
    // with `interrupted`, and until then not heard.
    if (!this.#replying) this.#cancelled = false;
    this.#asked = true;
    if (!this.#textAsRealtimeInput) {
      this.#sendContent(text, images, true);
      return;
    }
    for (const { mimeType: mime_type, data } of images) this.sendImage({ mime_type, data });
    this.#session?.sendRealtimeInput({ text: this.#begun + text });
    this.#begun = '';
  }

  sendPartialText(text: string, images: readonly InlineData[] = []): void {
    if (!this.#textAsRealtimeInput) {
      this.#sendContent(text, images, false);
      return;
    }
    // Generation 3.1 answers every text at once.
    for (const { mimeType: mime_type, data } of images) this.sendImage({ mime_type, data });
    this.#begun = `${this.#begun}${text}`.slice(-MAX_BEGUN);
  }

  #sendContent(text: string, images: readonly InlineData[], turnComplete: boolean): void {
    const parts = [...images.map((inlineData) => ({ inlineData })), { text }];
    this.#session?.sendClientContent({ turns: [{ role: 'user', parts }], turnComplete });
  }

  sendAudio({ data, mime_type }: Blob): void {
    // Byte for byte what sendRealtimeInput({audio}) sends, which spends 20 µs of conversions on it (@google/genai 3.1.0).
    // Nothing needs escaping: data was checked to be base64, mime_type is our own.
    this.#socket?.send(`{"realtimeInput":{"audio":{"data":"${data}","mimeType":"${mime_type}"}}}`);
  }

  sendImage({ data, mime_type }: Blob): void {
    this.#session?.sendRealtimeInput({ video: { data, mimeType: mime_type } });
  }

  sendToolResults(results: readonly FunctionResponse[]): void {
    for (const { id } of results) this.#calls.delete(id);
    this.#session?.sendToolResponse({
      functionResponses: results.map(({ id, name, response }) => ({ id: isOwnCallId(id) ? '' : id, name, response })),
    });
  }

  activityStart(): void {
    this.#session?.sendRealtimeInput({ activityStart: {} });
  }

  activityEnd(): void {
    this.#session?.sendRealtimeInput({ activityEnd: {} });
  }

  audioStreamEnd(): void {
    this.#session?.sendRealtimeInput({ audioStreamEnd: true });
  }

  /**
   * Gemini has no message that cancels a reply. So the rest of it is not passed on: `interrupted` and `turn_complete` come at
   * once, and then nothing until the provider says that the turn is over. Its calls that are still running are taken back.
   */
  cancelResponse(): void {
    if (!(this.#replying || this.#asked) || this.#cancelled) return;
    const calls = [...this.#calls].map(([id, name]) => ({ id, name }));
    if (calls.length > 0) {
      this.#push({ type: 'tool_cancel', ids: calls.map(({ id }) => id) });
      this.#refuse(calls);
    }
    this.#push({ type: 'interrupted' });
    this.#push({ type: 'turn_complete' });
    this.#cancelled = true;
  }

  close(): void {
    this.#socket?.close();
  }

  #take(event: ModelEvent): void {
    switch (event.type) {
      case 'audio':
      case 'text':
      case 'output_transcript':
        this.#replying = true;
        if (this.#cancelled) return;
        break;
      case 'tool_call':
        // The user stopped the reply: what it was about to do is not done either.
        if (this.#cancelled) {
          this.#refuse(event.calls);
          return;
        }
        this.#asked = true;
        for (const { id, name } of event.calls) this.#calls.set(id, name);
        break;
      case 'tool_cancel':
        for (const id of event.ids) this.#calls.delete(id);
        break;
      case 'interrupted':
      case 'generation_complete':
        if (this.#cancelled) return;
        break;
      case 'turn_complete': {
        const cancelled = this.#cancelled;
        this.#replying = false;
        this.#asked = false;
        this.#cancelled = false;
        this.#calls.clear();
        if (cancelled) return;
        break;
      }
    }
    this.#push(event);
  }

  /** The model waits for a result. */
  #refuse(calls: readonly Pick<FunctionCall, 'id' | 'name'>[]): void {
    const response = { error: 'The user interrupted' };
    this.sendToolResults(calls.map(({ id, name }) => ({ id, name, response })));
  }

  #push(event: ModelEvent): void {
    if (!this.#events.push(event)) this.#socket?.close();
  }
}

function textOf(content: Content): string {
  return (content.parts ?? []).map((part) => part.text ?? '').join('');
}
