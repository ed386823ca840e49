import type { Sent } from './sent.ts';

/** What waits for the next POST: audio of the microphone, or an item. `size`: bytes in a body of JSON, at most about. */
export type Waiting =
  | { readonly size: number; readonly pcm: Uint8Array }
  | { readonly size: number; readonly item: object; settle(sent: Sent): void };

export interface Backlog {
  /**
   * An item is never dropped; there is only so much room.
   * @param settle told what became of it
   * @returns false if there is no room for it
   */
  addItem(item: object, settle: (sent: Sent) => void): boolean;
  /** PCM16 at 16 kHz. The oldest audio gives way to it if there is too much: late speech is worth less than new. */
  addAudio(pcm: Uint8Array): void;
  /** Takes what fits into one body, in order; at least one thing if there is any. @param bytes of the body, about */
  take(bytes: number): Waiting[];
  /** Drops the audio that waits: nobody wants it any more. */
  dropAudio(): void;
  /** Takes everything. */
  clear(): Waiting[];
  readonly isEmpty: boolean;
  readonly droppedAudioMs: number;
}

/** Bytes of PCM16 at 16 kHz in a millisecond. */
const BYTES_PER_MS = 32;
/** Audio that may wait, ms. */
const MAX_AUDIO_MS = 2_000;
/** Items that may wait, bytes: some pictures, or all that anybody types. */
const MAX_BYTES = 32 * 1024 * 1024;
/** The server takes no more in one body. */
const MAX_ITEMS = 1_000;

/** @param onAudioDropped told how much had to give way, ms */
export function createBacklog(onAudioDropped: (ms: number) => void): Backlog {
  let waiting: Waiting[] = [];
  let bytes = 0;
  let audioBytes = 0;
  let droppedBytes = 0;

  const leave = (one: Waiting) => {
    bytes -= one.size;
    if ('pcm' in one) audioBytes -= one.pcm.length;
  };
  const takeFirst = (count: number): Waiting[] => {
    const taken = waiting.splice(0, count);
    taken.forEach(leave);
    return taken;
  };
  const dropOldestAudio = () => {
    const index = waiting.findIndex((one) => 'pcm' in one);
    const [dropped] = waiting.splice(index, 1);
    if (!dropped || !('pcm' in dropped)) return;
    leave(dropped);
    droppedBytes += dropped.pcm.length;
    onAudioDropped(dropped.pcm.length / BYTES_PER_MS);
  };
  return {
    addItem(item, settle) {
      const size = 64 + JSON.stringify(item).length * 3;
      if (bytes > 0 && bytes + size > MAX_BYTES) return false;
      waiting.push({ size, item, settle });
      bytes += size;
      return true;
    },
    addAudio(pcm) {
      if (pcm.length === 0) return;
      const size = 64 + Math.ceil(pcm.length * 1.4);
      waiting.push({ size, pcm });
      bytes += size;
      audioBytes += pcm.length;
      // What came last stays, whatever its length.
      while (audioBytes > MAX_AUDIO_MS * BYTES_PER_MS && audioBytes > pcm.length) dropOldestAudio();
    },
    take(most) {
      let size = 0;
      let count = 0;
      for (const one of waiting) {
        size += one.size;
        if (count > 0 && (size > most || count >= MAX_ITEMS)) break;
        count += 1;
      }
      return takeFirst(count);
    },
    dropAudio() {
      waiting.filter((one) => 'pcm' in one).forEach(leave);
      waiting = waiting.filter((one) => !('pcm' in one));
    },
    clear: () => takeFirst(waiting.length),
    get isEmpty() {
      return waiting.length === 0;
    },
    get droppedAudioMs() {
      return Math.round(droppedBytes / BYTES_PER_MS);
    },
  };
}
