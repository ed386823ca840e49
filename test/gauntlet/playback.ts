import type { Block } from './block-head.ts';
import { BLOCK_MS } from './numbers.ts';

/** Duration of the buffer with which a player starts, in ms. */
const BUFFER_MS = 250;

export interface Playback {
  /** Records a block. `at`: time as performance.now(), in ms. */
  take(block: Block, at: number): void;
  /** Records the end of an utterance. The next block starts another. */
  end(): void;
  /** Number of times that the buffer ran dry within an utterance, and total duration in ms. */
  readonly dry: { readonly count: number; readonly ms: number };
}

/**
 * Simulates a player with a buffer of 250 ms. The player starts when the buffer is full. When the buffer is empty within an utterance
 * it has run dry and waits for 250 ms again. Delays of the speaker itself do not count against the network.
 */
export function createPlayback(): Playback {
  let first: Block | undefined;
  /** Time at which the buffered audio ends. Undefined before the start. */
  let playedOutAt: number | undefined;
  let waitingSince = 0;
  let buffered = 0;
  /** Delay of the speaker so far, in ms. */
  let speakerLate = 0;
  let count = 0;
  let ms = 0;
  let hasPlayed = false;
  return {
    take(block, at) {
      if (!first) {
        first = block;
        waitingSince = at;
      }
      const late = Math.max(speakerLate, block.sentAt - first.sentAt - (block.number - first.number) * BLOCK_MS);
      if (playedOutAt !== undefined) playedOutAt += late - speakerLate;
      speakerLate = late;
      if (playedOutAt !== undefined && at > playedOutAt) {
        count += 1;
        waitingSince = playedOutAt;
        playedOutAt = undefined;
        buffered = 0;
      }
      if (playedOutAt !== undefined) {
        playedOutAt += BLOCK_MS;
        return;
      }
      buffered += BLOCK_MS;
      if (buffered < BUFFER_MS) return;
      if (hasPlayed) ms += at - waitingSince;
      hasPlayed = true;
      playedOutAt = at + buffered;
    },
    end() {
      first = undefined;
      playedOutAt = undefined;
      buffered = 0;
      speakerLate = 0;
      hasPlayed = false;
    },
    get dry() {
      return { count, ms };
    },
  };
}
