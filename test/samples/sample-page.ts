import { EventSource } from 'eventsource';
import type { PlainMessage } from '../http/sse-client.ts';
import { afterTest } from '../http/test-server.ts';

/**
 * The page of ADK's SSE sample (google/adk-docs, custom streaming, `static/js/app.js`) without a browser: what its script does with
 * EventSource and fetch, on plain values instead of DOM nodes and worklets.
 */
export class SamplePage {
  /** Messages that `onmessage` received. */
  readonly received: PlainMessage[] = [];
  /** The children of #messages, as text. */
  paragraphs: string[] = [];
  /** The text of #messages before its children. */
  notice = '';
  sendButtonDisabled = true;
  /** Messages to the worklet of the player. */
  readonly played: (Uint8Array | 'endOfAudio')[] = [];
  /** Number of calls of `onerror`. */
  errors = 0;
  /** Status texts of POSTs that were not `ok`. */
  readonly failedToSend: string[] = [];
  /** Names of the server's events other than `message`. */
  readonly namedEvents = new Set<string>();
  eventSource: EventSource | undefined;
  readonly #eventsUrl: string;
  readonly #sendUrl: string;
  readonly #reconnectMs: number;
  #isAudio = false;
  #playing = false;
  #writing = false;
  #left = false;
  #reconnectTimer: NodeJS.Timeout | undefined;

  /** @param reconnectMs the sample waits 5 s */
  constructor(origin: string, reconnectMs = 5_000) {
    const sessionId = Math.random().toString().substring(10) || '0';
    this.#eventsUrl = `${origin}/events/${sessionId}`;
    this.#sendUrl = `${origin}/send/${sessionId}`;
    this.#reconnectMs = reconnectMs;
    afterTest(() => this.leave());
  }

  connect(): void {
    const eventSource = new EventSource(`${this.#eventsUrl}?is_audio=${this.#isAudio}`);
    this.eventSource = eventSource;
    eventSource.onopen = () => {
      this.notice = 'Connection opened';
      this.paragraphs = [];
      this.#writing = false;
      this.sendButtonDisabled = false;
    };
    eventSource.onmessage = ({ data }) => this.#take(JSON.parse(data));
    eventSource.onerror = () => {
      this.errors += 1;
      this.sendButtonDisabled = true;
      this.notice = 'Connection closed';
      eventSource.close();
      if (!this.#left) this.#reconnectTimer = setTimeout(() => this.connect(), this.#reconnectMs);
    };
    for (const name of [
      'session',
      'hb',
      'reset',
      'status',
      'failure',
      'input_transcript',
      'tool_call',
      'tool_result',
      'usage',
    ]) {
      eventSource.addEventListener(name, () => this.namedEvents.add(name));
    }
  }

  /** The form: its line is shown, then sent. */
  async submit(text: string): Promise<void> {
    this.paragraphs.push(`> ${text}`);
    await this.#send({ mime_type: 'text/plain', data: text });
  }

  /** "Start Audio": another connection, that asks for speech. */
  startAudio(): void {
    this.#playing = true;
    this.#isAudio = true;
    this.eventSource?.close();
    this.connect();
  }

  /** Sends the audio that the recorder collects in 200 ms. */
  async sendAudio(pcm: Uint8Array): Promise<void> {
    await this.#send({ mime_type: 'audio/pcm', data: Buffer.from(pcm).toString('base64') });
  }

  /** The tab is closed. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#reconnectTimer);
    this.eventSource?.close();
  }

  #take(message: PlainMessage): void {
    this.received.push(message);
    if (message.turn_complete && message.turn_complete === true) {
      this.#writing = false;
      return;
    }
    if (message.interrupted && message.interrupted === true) {
      if (this.#playing) this.played.push('endOfAudio');
      return;
    }
    if (message.mime_type === 'audio/pcm' && this.#playing) {
      this.played.push(Buffer.from(message.data ?? '', 'base64'));
    }
    if (message.mime_type === 'text/plain') {
      if (!this.#writing) {
        this.#writing = true;
        this.paragraphs.push('');
      }
      this.paragraphs.push(`${this.paragraphs.pop()}${message.data}`);
    }
  }

  async #send(message: object): Promise<void> {
    const response = await fetch(this.#sendUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(message),
    });
    if (!response.ok) this.failedToSend.push(response.statusText);
  }
}
