import type { SendResult } from './send-result.ts';

/** Input that waits for the next POST: microphone audio, or an item. `size`: upper estimate of its bytes in a JSON body. */
export type QueuedInput =
  | { readonly size: number; readonly pcm: Uint8Array }
  | { readonly size: number; readonly item: object; settle(result: SendResult): void };

/** Whether an input ends the live session. */
export function isClose(input: QueuedInput): boolean {
  return 'item' in input && 'close' in input.item && input.item.close === true;
}

/** Whether an input needs a body of its own: the server rejects the whole body if no call waits for its result or its confirmation any more. */
function isAlone(input: QueuedInput): boolean {
  return 'item' in input && ('tool_result' in input.item || 'tool_confirm' in input.item);
}

/** PCM16 at 16 kHz, in bytes per ms. */
export const BYTES_PER_MS = 32;
/** Maximum audio in the backlog, in ms. */
const MAX_AUDIO_MS = 2_000;
/** Maximum size of the backlog, in bytes: several images, or more text than anybody types. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Maximum number of items that the server accepts in one body. */
const MAX_ITEMS = 1_000;

/** Input that waits to be sent, in the order in which it was given. */
export class Backlog {
  readonly #onAudioDropped: (ms: number) => void;
  #waiting: QueuedInput[] = [];
  #bytes = 0;
  #audioBytes = 0;
  #droppedBytes = 0;

  /** @param onAudioDropped called with the length of each dropped piece, in ms */
  constructor(onAudioDropped: (ms: number) => void) {
    this.#onAudioDropped = onAudioDropped;
  }

  /**
   * Adds an item. Items are never dropped.
   * @param settle called with the result of sending the item
   * @returns false if the item would exceed the limit of 32 MiB; a single item always fits
   */
  addItem(item: object, settle: (result: SendResult) => void): boolean {
    const size = 64 + JSON.stringify(item).length * 3;
    if (this.#bytes > 0 && this.#bytes + size > MAX_BYTES) return false;
    this.#waiting.push({ size, item, settle });
    this.#bytes += size;
    return true;
  }

  /** Adds PCM16 at 16 kHz. Beyond 2 s the oldest audio is dropped: late speech is worth less than new speech. */
  addAudio(pcm: Uint8Array): void {
    if (pcm.length === 0) return;
    const size = 64 + Math.ceil(pcm.length * 1.4);
    this.#waiting.push({ size, pcm });
    this.#bytes += size;
    this.#audioBytes += pcm.length;
    // The newest piece stays, whatever its length.
    while (this.#audioBytes > MAX_AUDIO_MS * BYTES_PER_MS && this.#audioBytes > pcm.length) this.#dropOldestAudio();
  }

  /**
   * Removes and returns the input that fits into one body, in order. A `close` ends the body, because no item may follow it. The result of a tool
   * has a body of its own.
   * @param maxBytes limit of the body; the first input is returned even if it is larger
   */
  takeBatch(maxBytes: number): QueuedInput[] {
    let size = 0;
    let count = 0;
    for (const input of this.#waiting) {
      size += input.size;
      if (count > 0 && (size > maxBytes || count >= MAX_ITEMS || isAlone(input))) break;
      count += 1;
      if (isClose(input) || isAlone(input)) break;
    }
    return this.#removeFirst(count);
  }

  /** Removes all audio. */
  dropAudio(): void {
    for (const input of this.#waiting) if ('pcm' in input) this.#uncount(input);
    this.#waiting = this.#waiting.filter((input) => !('pcm' in input));
  }

  /** Removes and returns everything. */
  clear(): QueuedInput[] {
    return this.#removeFirst(this.#waiting.length);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Length of all audio that was dropped because there was too much, in ms. */
  get droppedAudioMs(): number {
    return Math.round(this.#droppedBytes / BYTES_PER_MS);
  }

  #removeFirst(count: number): QueuedInput[] {
    const removed = this.#waiting.splice(0, count);
    for (const input of removed) this.#uncount(input);
    return removed;
  }

  #dropOldestAudio(): void {
    const index = this.#waiting.findIndex((input) => 'pcm' in input);
    const [dropped] = this.#waiting.splice(index, 1);
    if (!dropped || !('pcm' in dropped)) return;
    this.#uncount(dropped);
    this.#droppedBytes += dropped.pcm.length;
    this.#onAudioDropped(dropped.pcm.length / BYTES_PER_MS);
  }

  #uncount(input: QueuedInput): void {
    this.#bytes -= input.size;
    if ('pcm' in input) this.#audioBytes -= input.pcm.length;
  }
}
