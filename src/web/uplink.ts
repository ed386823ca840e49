import { pcm16ToBytes } from '../audio/pcm.ts';
import { backoff } from './backoff.ts';
import { encodeBase64 } from './base64.ts';
import { CAPTURE_RATE } from './capture-framer.ts';
import { type Answer, readError } from './error-text.ts';

/** What a POST to `send/` may hold besides audio. */
export type UplinkItem =
  | { mime_type: 'text/plain' | 'image/jpeg'; data: string }
  | { interrupt: { played_ms: number } }
  | { audio_stream_end: true };

export interface UplinkOptions {
  readonly post: (body: string, signal: AbortSignal) => Promise<Answer & { ok: boolean }>;
  /** Something could not be sent, and is given up. */
  readonly onFailure: (error: string) => void;
  /** So much of what was said is lost, because the network does not take it as fast as it is spoken. ms */
  readonly onAudioDropped: (ms: number) => void;
  /** A POST went through. */
  readonly onSent: () => void;
}

interface Entry {
  readonly content: UplinkItem | Int16Array;
  readonly settle: ((sent: boolean) => void) | undefined;
}

const TIMEOUT_MS = 8_000;
/** How long a batch is tried again before it is given up. */
const GIVE_UP_MS = 30_000;
/** Speech that is older than this answers nobody: the oldest goes first. */
const MAX_AUDIO_SAMPLES = 2 * CAPTURE_RATE;

/**
 * The way up. One POST is in flight, and whatever is queued meanwhile goes with the next: so the order is kept, and a slow network
 * makes larger batches instead of a longer queue.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  /** A body that is larger is cut between two items. Characters. */
  maxBody = 512 * 1024;
  #queue: Entry[] = [];
  #held = true;
  #busy = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** Queues these together. Resolves to whether they arrived. */
  send(...contents: UplinkItem[]): Promise<boolean> {
    return new Promise((settle) => {
      const last = contents.length - 1;
      this.#queue.push(...contents.map((content, i) => ({ content, settle: i === last ? settle : undefined })));
      void this.#run();
    });
  }

  sendAudio(pieces: readonly Int16Array[]): void {
    this.#queue.push(...pieces.map((content) => ({ content, settle: undefined })));
    this.#queue = this.#withoutStaleAudio(this.#queue);
    void this.#run();
  }

  /** Keeps everything until `release()`, however long that takes: there is nobody to send it to. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    void this.#run();
  }

  /** The microphone went off for good: what it heard and was not sent is not wanted any more. */
  forgetAudio(): void {
    this.#queue = this.#queue.filter(({ content }) => !(content instanceof Int16Array));
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#held && this.#queue.length > 0) await this.#sendBatch(this.#takeBatch());
    this.#busy = false;
  }

  #takeBatch(): Entry[] {
    let size = 0;
    const fits = this.#queue.findIndex(({ content }) => {
      size +=
        content instanceof Int16Array ? Math.ceil(content.length * 2.67) + 60 : JSON.stringify(content).length + 1;
      return size > this.maxBody;
    });
    return this.#queue.splice(0, fits === -1 ? this.#queue.length : Math.max(1, fits));
  }

  async #sendBatch(entries: Entry[]): Promise<void> {
    const giveUpAt = Date.now() + GIVE_UP_MS;
    let batch = entries;
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#post(batch);
      if (!failure) {
        this.#options.onSent();
        for (const { settle } of batch) settle?.(true);
        return;
      }
      const wait = backoff(attempt);
      if (!failure.retry || (!this.#held && Date.now() + wait > giveUpAt)) {
        this.#options.onFailure(failure.error);
        for (const { settle } of batch) settle?.(false);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
      // Together with what has been said meanwhile: the oldest of all goes, not the newest.
      const kept = this.#withoutStaleAudio([...batch, ...this.#queue]);
      const rest = this.#queue;
      batch = kept.filter((entry) => !rest.includes(entry));
      this.#queue = kept.slice(batch.length);
      if (batch.length === 0) return;
      if (this.#held) {
        this.#queue = kept;
        return;
      }
    }
  }

  async #post(batch: readonly Entry[]): Promise<{ error: string; retry: boolean } | undefined> {
    const items = encodeItems(batch);
    const abort = new AbortController();
    const timeout = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const answer = await this.#options.post(JSON.stringify(items.length === 1 ? items[0] : items), abort.signal);
      return answer.ok ? undefined : await readError(answer);
    } catch {
      return { error: 'The server cannot be reached.', retry: true };
    } finally {
      clearTimeout(timeout);
    }
  }

  #withoutStaleAudio(entries: Entry[]): Entry[] {
    let excess = -MAX_AUDIO_SAMPLES;
    for (const { content } of entries) if (content instanceof Int16Array) excess += content.length;
    if (excess <= 0) return entries;
    let dropped = 0;
    const kept = entries.filter(({ content }) => {
      if (!(content instanceof Int16Array) || dropped >= excess) return true;
      dropped += content.length;
      return false;
    });
    this.#options.onAudioDropped((dropped * 1000) / CAPTURE_RATE);
    return kept;
  }
}

/** Neighbouring audio becomes one item: its base64 is shorter, and the server has less to do. */
function encodeItems(batch: readonly Entry[]): object[] {
  const items: object[] = [];
  let pieces: Int16Array[] = [];
  const closeAudio = () => {
    if (pieces.length > 0)
      items.push({ mime_type: 'audio/pcm', data: encodeBase64(pcm16ToBytes(concatenate(pieces))) });
    pieces = [];
  };
  for (const { content } of batch) {
    if (content instanceof Int16Array) {
      pieces.push(content);
      continue;
    }
    closeAudio();
    items.push(content);
  }
  closeAudio();
  return items;
}

function concatenate(pieces: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
