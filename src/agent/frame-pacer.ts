import type { Blob } from '../wire/live-request.ts';

/** What Gemini takes of video: a frame a second (Live API guide, "video"). */
const FRAME_MS = 1_000;

/** Lets images pass at the pace that models take video at. */
export interface FramePacer {
  /** Sends it, now or when its time has come; one that comes meanwhile takes its place. */
  take(image: Blob): void;
  /** Sends what waits: it belongs before what comes now. */
  flush(): void;
  stop(): void;
}

export function createFramePacer(send: (image: Blob) => void): FramePacer {
  let lastAt = Number.NEGATIVE_INFINITY;
  let waiting: Blob | undefined;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const image = waiting;
    waiting = undefined;
    if (!image) return;
    lastAt = performance.now();
    send(image);
  };
  return {
    take(image) {
      waiting = image;
      const dueMs = lastAt + FRAME_MS - performance.now();
      if (dueMs <= 0) flush();
      else timer ??= setTimeout(flush, dueMs).unref();
    },
    flush,
    stop() {
      clearTimeout(timer);
      timer = undefined;
      waiting = undefined;
    },
  };
}
