import type { Block } from './block-head.ts';
import { BLOCK_MS } from './numbers.ts';

/** How much a player waits for before it begins, ms. */
const BUFFER_MS = 250;

export interface Playback {
  /** A block has come. `at`: performance.now(), ms. */
  take(block: Block, at: number): void;
  /** The utterance is over: the next block begins another. */
  end(): void;
  /** How often the buffer ran dry within an utterance, and for how long in all, ms. */
  readonly dry: { readonly count: number; readonly ms: number };
}

/**
 * A player with a buffer of 250 ms, fed with what comes: it begins when that much is there, and when it has nothing left in the middle of an
 * utterance it has run dry, and waits for 250 ms again. A block that the speaker itself was late with is not counted against the network.
 */
export function createPlayback(): Playback {
  let first: Block | undefined;
  /** When the last block is over, if none comes any more; `undefined`: it has not begun. */
  let playedOutAt: number | undefined;
  let waitingSince = 0;
  let buffered = 0;
  /** How late the speaker has been so far, ms. */
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
