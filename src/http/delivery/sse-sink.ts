import { ServerResponse } from 'node:http';
import type { MemoryBudget } from '../../session/memory-budget.ts';
import { encodeJsonEvent, encodeSse } from '../../wire/framing/sse.ts';
import type { ConnectionEvents } from '../../wire/named-events.ts';
import type { Framing } from '../reader-query.ts';
import type { IdentifiedFrame } from './frame-encoder.ts';
import type { ControlFrame, Sink } from './push-reader.ts';
import { WaitingOutput } from './waiting-output.ts';

/** Blocks of an event stream, as one chunk of a body. */
interface SseChunk {
  readonly text: string;
  /** The size of the chunk and the text, in one string (RFC 9112, section 7.1). */
  readonly chunked: string;
  /** latin1 for ASCII: for utf8 Node allocates three bytes a character. */
  readonly encoding: 'utf8' | 'latin1';
}

/** Wait before an EventSource may reconnect after these events, in ms. */
const RETRY_MS: Partial<Record<keyof ConnectionEvents, number>> = {
  session: 1_000,
  // A superseded EventSource must not reconnect by itself.
  superseded: 3_600_000,
};
/** Wait before the padding is written, in ms. Written together with the event, it would be held back with it. */
const PADDING_DELAY_MS = 20;
/** Fills every buffer seen so far: 8 KiB in nginx, twice 4 KiB in gzip. */
const PADDING = toChunk(`:${' '.repeat(8 * 1024)}\n\n`);
/** End of a chunked body. */
const LAST_CHUNK = '0\r\n\r\n';

/** The frames that were formatted last, and the result. All readers that are up to date write the same array, one after the other. */
let latest: { readonly frames: readonly IdentifiedFrame[]; readonly chunk: SseChunk } | undefined;

/** Writes server-sent events to an HTTP response whose headers have been sent. */
export class SseSink implements Sink {
  readonly #res: ServerResponse;
  readonly #framing: Framing;
  /** Whether this sink writes the chunks of a chunked body itself. */
  readonly #isChunked: boolean;
  readonly #waiting: WaitingOutput;
  #isBlocked = false;
  #paddingTimer: NodeJS.Timeout | undefined;

  /**
   * @param framing `pusher` writes a padded comment after the events, which pushes them through a buffer on the way
   * @param memory memory of the session, in which what waits for the client is counted. Once it is used up, a connection that accepts no more is destroyed
   */
  constructor(res: ServerResponse, framing: Framing, memory: MemoryBudget) {
    this.#res = res;
    this.#framing = framing;
    this.#waiting = new WaitingOutput(memory);
    res.on('close', () => this.#waiting.onClosed());
    // Node writes each chunk in four pieces. This sink writes it in one string, which costs the event loop less. A response whose `write` was
    // replaced, as by a compressing middleware, is left to Node.
    this.#isChunked = res.chunkedEncoding && res.write === ServerResponse.prototype.write;
    if (this.#isChunked) res.chunkedEncoding = false;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** A client sends nothing on a response. */
  get heardAt(): undefined {
    return undefined;
  }

  onDrain(resume: () => void): void {
    this.#res.on('drain', () => {
      this.#isBlocked = false;
      this.#waiting.onDrained();
      resume();
    });
  }

  write(frames: readonly IdentifiedFrame[]): void {
    if (latest?.frames !== frames) latest = { frames, chunk: formatFrames(frames) };
    this.#write(latest.chunk);
    this.#schedulePadding();
  }

  writeControl({ name, id, frames, retryMs = RETRY_MS[name] }: ControlFrame): void {
    let text = retryMs === undefined ? '' : encodeSse({ retry: retryMs });
    // A block with an id alone sets the position: from here on a client whose connection drops resumes at its place.
    if (name === 'session' && id !== undefined) text += encodeSse({ id });
    for (const frame of frames) {
      text += id === undefined ? encodeSse(frame) : encodeJsonEvent(id, frame.event, frame.data);
    }
    if (text !== '') this.#write(toChunk(text));
    if (name === 'hb') this.#schedulePadding();
  }

  end(): void {
    clearTimeout(this.#paddingTimer);
    if (this.#isChunked) this.#res.end(LAST_CHUNK, 'latin1');
    else this.#res.end();
  }

  destroy(): void {
    this.#res.destroy();
  }

  #schedulePadding(): void {
    if (this.#framing !== 'pusher') return;
    this.#paddingTimer ??= setTimeout(() => {
      this.#paddingTimer = undefined;
      this.#write(PADDING);
    }, PADDING_DELAY_MS).unref();
  }

  #write({ text, chunked, encoding }: SseChunk): void {
    if (this.#res.write(this.#isChunked ? chunked : text, encoding)) return;
    this.#isBlocked = true;
    if (!this.#waiting.onBlocked(this.#res.writableLength)) this.destroy();
  }
}

function formatFrames(frames: readonly IdentifiedFrame[]): SseChunk {
  let text = '';
  let areAscii = true;
  for (const { id, event, data, pieces } of frames) {
    text += encodeJsonEvent(id, event, data);
    areAscii &&= pieces !== undefined;
  }
  return toChunk(text, areAscii);
}

function toChunk(text: string, isAscii = false): SseChunk {
  const bytes = isAscii ? text.length : Buffer.byteLength(text);
  const encoding = bytes === text.length ? 'latin1' : 'utf8';
  return { text, chunked: `${bytes.toString(16)}\r\n${text}\r\n`, encoding };
}
