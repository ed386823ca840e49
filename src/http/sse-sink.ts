import type { ServerResponse } from 'node:http';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodeJsonEvent, encodeSse } from '../wire/sse.ts';
import { entryEncoder } from './entry-encoder.ts';
import type { Sink } from './log-reader.ts';

/** How the stream is written, for networks that hold events back. */
export type Framing = 'stream' | 'pusher' | 'close';

/** An entry of a log as SSE. */
export interface SseText {
  readonly text: string;
  /** latin1 wherever it makes no difference: for utf8 Node sets three bytes a character aside. */
  readonly encoding: 'utf8' | 'latin1';
}

/** How long an EventSource waits before it reconnects, ms, where it is told together with an event. */
const RETRY_MS: Partial<Record<keyof ConnectionEvents, number>> = {
  session: 1_000,
  // One that gave way must not come back by itself.
  superseded: 3_600_000,
};
/** When the padding follows, ms: together with the event it would be held back with it. */
const PUSH_MS = 20;
/** Fills the buffers that were seen (8 KiB with nginx, gzip's 4 KiB twice). */
const PADDING = `:${' '.repeat(8 * 1024)}\n\n`;

const encodeEntry = entryEncoder<SseText>((frames) => {
  let text = '';
  for (const { id, event, data } of frames) text += encodeJsonEvent(id, event, data);
  // As many bytes as characters: nothing but ASCII.
  return { text, encoding: Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8' };
});

/** An SSE response, for a reader of the log to write to. */
export class SseSink implements Sink<SseText> {
  readonly #res: ServerResponse;
  readonly #framing: Framing;
  readonly encode = encodeEntry;
  #blockedSince = 0;
  #pushTimer: NodeJS.Timeout | undefined;

  /** @param framing `pusher`: after each event comes a padded comment, which pushes it through a buffer on the way */
  constructor(res: ServerResponse, framing: Framing) {
    this.#res = res;
    this.#framing = framing;
  }

  get blockedSince(): number {
    return this.#blockedSince;
  }

  onRoom(resume: () => void): void {
    this.#res.on('drain', () => {
      this.#blockedSince = 0;
      resume();
    });
  }

  write({ text, encoding }: SseText): void {
    this.#write(text, encoding);
    this.#push();
  }

  tell(id: string | undefined, event: keyof ConnectionEvents, data: ConnectionEvents[keyof ConnectionEvents]): void {
    const retry = 'retry_ms' in data ? data.retry_ms : RETRY_MS[event];
    let text = retry === undefined ? '' : encodeSse({ retry });
    // A block with an id alone: from here on a reader that is cut off comes back to its place.
    if (event === 'session' && id !== undefined) text += encodeSse({ id });
    const json = JSON.stringify(data);
    text += id === undefined ? encodeSse({ event, data: json }) : encodeJsonEvent(id, event, json);
    this.#write(text, 'utf8');
    if (event === 'hb') this.#push();
  }

  end(): void {
    clearTimeout(this.#pushTimer);
    this.#res.end();
  }

  cut(): void {
    this.#res.destroy();
  }

  #push(): void {
    if (this.#framing !== 'pusher') return;
    this.#pushTimer ??= setTimeout(() => {
      this.#pushTimer = undefined;
      this.#write(PADDING, 'latin1');
    }, PUSH_MS).unref();
  }

  #write(text: string, encoding: SseText['encoding']): void {
    if (!this.#res.write(text, encoding) && this.#blockedSince === 0) this.#blockedSince = Date.now();
  }
}
