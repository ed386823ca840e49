import type { LiveRequest } from '../wire/live-request.ts';

/** What waits for the next POST: audio of the microphone, or an item that is never dropped. */
export type Waiting = { readonly pcm: Uint8Array } | { readonly item: object };

export interface Backlog {
  addItem(item: object): void;
  /** PCM16 at 16 kHz. The oldest audio gives way to it if there is too much: late speech is worth less than new. */
  addAudio(pcm: Uint8Array): void;
  /** Takes what fits into one body, in order; at least one thing if there is any. @param bytes of the body, about */
  take(bytes: number): Waiting[];
  readonly isEmpty: boolean;
  readonly droppedAudioMs: number;
}

/** Bytes of PCM16 at 16 kHz in a millisecond. */
export const BYTES_PER_MS = 32;
/** Audio that may wait, ms. */
const MAX_AUDIO_MS = 2_000;
/** The server takes no more in one body. */
const MAX_ITEMS = 1_000;

export function createBacklog(): Backlog {
  const waiting: Waiting[] = [];
  let audioBytes = 0;
  let droppedBytes = 0;

  const dropOldest = () => {
    const index = waiting.findIndex((one) => 'pcm' in one);
    const [dropped] = waiting.splice(index, 1);
    if (!dropped || !('pcm' in dropped)) return;
    audioBytes -= dropped.pcm.length;
    droppedBytes += dropped.pcm.length;
  };
  return {
    addItem(item) {
      waiting.push({ item });
    },
    addAudio(pcm) {
      if (pcm.length === 0) return;
      waiting.push({ pcm });
      audioBytes += pcm.length;
      // What came last stays, whatever its length.
      while (audioBytes > MAX_AUDIO_MS * BYTES_PER_MS && audioBytes > pcm.length) dropOldest();
    },
    take(bytes) {
      let size = 0;
      let count = 0;
      for (const one of waiting) {
        size += sizeOf(one);
        if (count > 0 && (size > bytes || count >= MAX_ITEMS)) break;
        count += 1;
      }
      const taken = waiting.splice(0, count);
      for (const one of taken) if ('pcm' in one) audioBytes -= one.pcm.length;
      return taken;
    },
    get isEmpty() {
      return waiting.length === 0;
    },
    get droppedAudioMs() {
      return Math.round(droppedBytes / BYTES_PER_MS);
    },
  };
}

/** Bytes in a body of JSON, at most about. */
function sizeOf(one: Waiting): number {
  return 64 + ('pcm' in one ? one.pcm.length * 1.4 : JSON.stringify(one.item).length * 3);
}

/** Audio as an item of an envelope; base64 without what only Node or only a browser has. */
export function audioItem(pcm: Uint8Array): LiveRequest {
  let binary = '';
  // In pieces: arguments are limited.
  for (let at = 0; at < pcm.length; at += 8_192) binary += String.fromCharCode(...pcm.subarray(at, at + 8_192));
  return { blob: { mime_type: 'audio/pcm;rate=16000', data: btoa(binary) } };
}

/** Puts the audio of several calls together: one message to the model instead of many. */
export function joinAudio(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
