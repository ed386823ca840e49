/** A frame with its place in the answer. An entry without a frame is a pause that lasts until `atMs`. */
export interface TimedFrame {
  /** Time at which the frame is due, in ms since the answer began. */
  readonly atMs: number;
  readonly frame?: Buffer;
  /** Position of the frame in a spoken answer, in ms of speech. */
  readonly speechMs?: number;
  /** Marks a frame that carries a piece of the reply, as opposed to information about the reply. */
  readonly isPiece?: true;
  /** Words that the agent has said once this frame is sent. */
  readonly said?: string;
}

/** The part of an answer that was sent. */
export interface Sent {
  readonly words: string;
  /** Position of the latest frame in a spoken answer, in ms of speech. 0: the answer is not spoken. */
  readonly speechMs: number;
}

export interface PacedSenderOptions {
  /** Sends a frame. May call `stop()` or `play()`. */
  send(frame: Buffer, isPiece: boolean): void;
  /** Returns the number of bytes that wait because the peer does not read. */
  bufferedBytes(): number;
  /** Called when the peer has read nothing for 30 s. */
  onStuck(): void;
  /** Speed relative to the times of the frames: 2 sends an answer in half of the time. */
  pace: number;
}

/** Number of buffered bytes above which frames are held back: about 4 s of speech, which keeps a socket busy. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** Wait before the next look at a full buffer, in ms. */
const RETRY_MS = 50;
/** Time without progress after which the peer counts as stuck, in ms. */
const STUCK_MS = 30_000;
/** Minimum wait, in ms. Frames that fall due within one wait go out together. */
const MIN_WAIT_MS = 10;
/** Maximum number of frames sent before the event loop gets its turn, at any pace. */
const MAX_BURST = 64;

/** Sends each frame of an answer when it is due. The sender sets one timer, only while it plays, and creates a frame shortly before it is due. */
export class PacedSender {
  readonly #options: PacedSenderOptions;
  #timer: NodeJS.Timeout | undefined;
  #frames: Iterator<TimedFrame> | undefined;
  #next: TimedFrame | undefined;
  #startedAt = 0;
  #stuckSince: number | undefined;
  #words = '';
  #speechMs = 0;
  #onEnd: (sent: Sent) => void = () => {};

  constructor(options: PacedSenderOptions) {
    this.#options = options;
  }

  /** Sends an answer in place of the current one. Calls `onEnd` after the last frame, but not after `stop()`. */
  play(frames: Iterator<TimedFrame>, onEnd: (sent: Sent) => void): void {
    this.#clear();
    this.#frames = frames;
    this.#onEnd = onEnd;
    this.#words = '';
    this.#speechMs = 0;
    this.#stuckSince = undefined;
    this.#startedAt = performance.now();
    this.#advance();
    this.#sendDueFrames();
  }

  /** Ends the answer at once and discards the frames that were not sent. */
  stop(): Sent {
    this.#clear();
    return { words: this.#words, speechMs: this.#speechMs };
  }

  #sendDueFrames(): void {
    const { send, bufferedBytes, pace } = this.#options;
    const now = performance.now();
    const reached = (now - this.#startedAt) * pace;
    for (let burst = 0; burst < MAX_BURST; burst++) {
      const next = this.#next;
      if (!next) {
        this.#finish();
        return;
      }
      if (next.atMs > reached) {
        this.#schedule(Math.max(MIN_WAIT_MS, (next.atMs - reached) / pace));
        return;
      }
      if (next.frame && bufferedBytes() > MAX_BUFFERED_BYTES) {
        this.#holdBack(now);
        return;
      }
      this.#stuckSince = undefined;
      const playing = this.#frames;
      this.#words += next.said ?? '';
      if (next.frame) {
        this.#speechMs = next.speechMs ?? 0;
        send(next.frame, next.isPiece === true);
        if (this.#frames !== playing) return;
      }
      this.#advance();
    }
    this.#schedule(0);
  }

  #advance(): void {
    const result = this.#frames?.next();
    this.#next = result && !result.done ? result.value : undefined;
  }

  #finish(): void {
    this.#clear();
    this.#onEnd({ words: this.#words, speechMs: this.#speechMs });
  }

  #holdBack(now: number): void {
    this.#stuckSince ??= now;
    if (now - this.#stuckSince < STUCK_MS) {
      this.#schedule(RETRY_MS);
      return;
    }
    this.#clear();
    this.#options.onStuck();
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => this.#sendDueFrames(), ms);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frames = undefined;
    this.#next = undefined;
  }
}
