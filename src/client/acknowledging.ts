import type { PostOutcome } from './post.ts';

/**
 * Says how far everything was processed, while something comes: the server holds audio back beyond that, and its answer says what it has
 * written, so that an end that was lost on the way is missed at once.
 */
export interface Acknowledging {
  /** Something has come. */
  heard(): void;
  /** A numbered POST has said it, too. */
  said(): void;
  /** Says it now, unless it is being said. */
  now(): void;
  stop(): void;
}

/** How often, ms. */
const EVERY_MS = 1_000;

/** @param send sends one acknowledgement; `undefined`: there is nothing to acknowledge yet, or any more */
export function createAcknowledging(send: () => Promise<PostOutcome> | undefined): Acknowledging {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;
  let saying = false;
  let heardMore = false;
  let stopped = false;

  const said = () => {
    clearTimeout(timer);
    timer = undefined;
    saidAt = performance.now();
  };
  const say = async () => {
    said();
    heardMore = false;
    saying = true;
    const outcome = await send();
    saying = false;
    if (outcome && (heardMore || outcome.kind === 'failed')) heard();
  };
  const heard = () => {
    heardMore = true;
    // One at a time: those that hang would keep the numbered ones from going out.
    if (saying || stopped) return;
    // Not by a timer alone: those of a hidden page tick once a minute.
    const dueMs = saidAt + EVERY_MS - performance.now();
    if (dueMs <= 0) void say();
    else timer ??= setTimeout(() => void say(), dueMs);
  };
  return {
    heard,
    said,
    now() {
      if (!saying) void say();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
