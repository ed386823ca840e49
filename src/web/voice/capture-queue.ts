import type { CaptureFrame } from './capture-framer.ts';

/** Audio on its way from the worklet to the page. */
export interface CaptureBatch {
  /** PCM16 at 16 kHz. */
  readonly pcm: Int16Array<ArrayBuffer>;
  /** Highest level of its frames, 0 to 1. */
  readonly level: number;
  /** Duration of audio that was discarded before this batch, in ms, because the page did not receive batches for too long. */
  readonly lostMs: number;
}

/** Duration of a frame, in ms. */
const FRAME_MS = 20;
/** Number of frames in a batch: 100 ms. A shorter POST is mostly HTTP headers, a longer one is a noticeable delay. */
const BATCH_FRAMES = 5;
/** Maximum number of batches that the page has not received. Further audio waits in the queue, whose size is known. */
const MAX_IN_FLIGHT = 3;
/** Maximum number of frames in an open queue: 10 s. Beyond it the oldest are discarded. */
const MAX_FRAMES = 500;
/** Number of frames that a closed queue keeps: 300 ms, because people speak a little before they are ready. */
const PRE_ROLL_FRAMES = 15;

/**
 * Queue of microphone audio in the worklet, closed at first. The worklet runs on when the thread of the page is blocked. Afterwards the queue sends
 * what has accumulated at no more than five times the speed of speech, so that the audio does not overflow the next queue.
 */
export class CaptureQueue {
  readonly #send: (batch: CaptureBatch) => void;
  #frames: CaptureFrame[] = [];
  #isOpen = false;
  #inFlight = 0;
  #lostMs = 0;

  constructor(send: (batch: CaptureBatch) => void) {
    this.#send = send;
  }

  /** Adds a frame. The frames are also the clock: at most one batch is sent for each. */
  push(frame: CaptureFrame): void {
    this.#frames.push(frame);
    if (!this.#isOpen) {
      if (this.#frames.length > PRE_ROLL_FRAMES) this.#frames.shift();
      return;
    }
    if (this.#frames.length > MAX_FRAMES) {
      this.#frames.shift();
      this.#lostMs += FRAME_MS;
    }
    if (this.#frames.length >= BATCH_FRAMES && this.#inFlight < MAX_IN_FLIGHT) this.#sendFrames(BATCH_FRAMES);
  }

  /** Notes that the page has received a batch. */
  acknowledge(): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
  }

  /** Sends what follows, and the latest 300 ms. */
  open(): void {
    this.#isOpen = true;
  }

  /** Sends what was captured so far, and nothing more until it is opened again. */
  close(): void {
    if (this.#isOpen && this.#frames.length > 0) this.#sendFrames(this.#frames.length);
    this.#isOpen = false;
  }

  #sendFrames(count: number): void {
    const frames = this.#frames.splice(0, count);
    const pcm = new Int16Array(frames.reduce((sum, frame) => sum + frame.pcm.length, 0));
    let at = 0;
    for (const frame of frames) {
      pcm.set(frame.pcm, at);
      at += frame.pcm.length;
    }
    this.#inFlight++;
    this.#send({ pcm, level: Math.max(...frames.map(({ level }) => level)), lostMs: this.#lostMs });
    this.#lostMs = 0;
  }
}
