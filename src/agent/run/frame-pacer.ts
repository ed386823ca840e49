import type { Blob } from '../../wire/live-request.ts';

/** Limits images to the rate that the model accepts. */
export class FramePacer {
  readonly #intervalMs: number;
  readonly #send: (image: Blob) => void;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #waiting: Blob | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param framesPerSecond maximum rate of images. Default: no limit */
  constructor(framesPerSecond: number | undefined, send: (image: Blob) => void) {
    this.#intervalMs = framesPerSecond === undefined ? 0 : 1_000 / framesPerSecond;
    this.#send = send;
  }

  /** Sends an image now, or as soon as the rate allows. An image that arrives before replaces the one that waits. */
  push(image: Blob): void {
    this.#waiting = image;
    const dueMs = this.#lastSentAt + this.#intervalMs - performance.now();
    if (dueMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), dueMs).unref();
  }

  /** Sends the waiting image now, because it belongs before the input that follows. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const image = this.#waiting;
    this.#waiting = undefined;
    if (!image) return;
    this.#lastSentAt = performance.now();
    this.#send(image);
  }

  /** Discards the waiting image. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }
}
