/** A frame and the moment in the answer that it belongs to, in ms of speech. Without a frame it is a pause up to that moment. */
export interface TimedFrame {
  readonly atMs: number;
  readonly frame?: Buffer;
  /** The frame is a piece of the reply, not word about it. */
  readonly isPiece?: true;
  /** The words that have been said with this frame. */
  readonly said?: string;
}

export interface PacedSender {
  /** Sends an answer; one at a time. `onEnd` is called after its last frame, not after stop(). */
  play(frames: Iterator<TimedFrame>, headStartMs: number, onEnd: (sent: Sent) => void): void;
  /** Ends the answer at once: what was not sent is forgotten. */
  stop(): Sent;
}

/** How far an answer got. */
export interface Sent {
  readonly words: string;
  /** The latest frame's place in the answer. */
  readonly ms: number;
}

export interface PacedSenderOptions {
  /** May stop the answer. */
  send(frame: Buffer, isPiece: boolean): void;
  /** Bytes that wait because the peer does not read. */
  bufferedBytes(): number;
  /** The peer has read nothing for 30 s. */
  onStuck(): void;
  /** How many times faster than real time. */
  pace: number;
}

/** Held back from here on: about 4 s of speech, more than a socket's buffers need to stay busy. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const RETRY_MS = 50;
const STUCK_MS = 30_000;
/** Shorter waits are not worth a timer of their own: what falls due within one goes out together. */
const SHORTEST_WAIT_MS = 10;
/** Frames sent before the event loop gets its turn, whatever the pace. */
const MAX_BURST = 64;

/**
 * Sends frames at the pace of speech, a head start ahead: Gemini, too, is only a little ahead of what is heard, which is what
 * makes interrupting it work. One timer, set only while something plays; frames are made when they are due.
 */
export function createPacedSender({ send, bufferedBytes, onStuck, pace }: PacedSenderOptions): PacedSender {
  let timer: NodeJS.Timeout | undefined;
  let frames: Iterator<TimedFrame> | undefined;
  let next: TimedFrame | undefined;
  let startedAt = 0;
  let headStart = 0;
  let stuckSince: number | undefined;
  let words = '';
  let ms = 0;
  let onEnd: (sent: Sent) => void = () => {};

  function clear(): void {
    clearTimeout(timer);
    timer = undefined;
    frames = undefined;
    next = undefined;
  }

  function step(): void {
    const now = performance.now();
    const reached = (now - startedAt) * pace + headStart;
    for (let burst = 0; burst < MAX_BURST; burst++) {
      if (!next) {
        end();
        return;
      }
      if (next.atMs > reached) {
        wait(Math.max(SHORTEST_WAIT_MS, (next.atMs - reached) / pace));
        return;
      }
      if (next.frame && bufferedBytes() > MAX_BUFFERED_BYTES) {
        holdBack(now);
        return;
      }
      stuckSince = undefined;
      const playing = frames;
      words += next.said ?? '';
      if (next.frame) {
        ms = next.atMs;
        send(next.frame, next.isPiece === true);
        if (frames !== playing) return;
      }
      advance();
    }
    wait(0);
  }

  function advance(): void {
    const result = frames?.next();
    next = result && !result.done ? result.value : undefined;
  }

  function end(): void {
    clear();
    onEnd({ words, ms });
  }

  function holdBack(now: number): void {
    stuckSince ??= now;
    if (now - stuckSince < STUCK_MS) {
      wait(RETRY_MS);
      return;
    }
    clear();
    onStuck();
  }

  function wait(ms: number): void {
    timer = setTimeout(step, ms);
  }

  return {
    play(newFrames, headStartMs, whenEnded) {
      clear();
      frames = newFrames;
      headStart = headStartMs;
      onEnd = whenEnded;
      words = '';
      ms = 0;
      stuckSince = undefined;
      startedAt = performance.now();
      advance();
      step();
    },
    stop() {
      clear();
      return { words, ms };
    },
  };
}
