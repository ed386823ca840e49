import type { Evidence, Silence } from './ladder.ts';

/** When the server writes the first heartbeat after `session`, ms. */
const FIRST_HEARTBEAT_MS = 250;
/** How much later than that it may come, ms, beside two round trips. */
const HEARTBEAT_GRACE_MS = 1_000;
/** Two events that were written 250 ms apart and come closer than this were held, ms. */
const TOGETHER_MS = 60;

export interface StreamWatch {
  bytes(): void;
  /** Something must come now: if nothing does within `ms`, the connection is dead. */
  expect(ms: number): void;
  /** An event came. */
  event(name: string | undefined): void;
  /** How long `session` took, ms. */
  readonly sessionMs: number | undefined;
  /** By `now`; before the first one: when it was opened. */
  readonly lastByteAt: number;
  /** How long bytes came, ms; `undefined` without one. */
  lived(): number | undefined;
  /** It was given up because nothing came any more: no heartbeat, or not what was expected. */
  readonly silent: Silence | undefined;
  stop(): void;
}

export interface StreamWatchOptions {
  readonly now: () => number;
  readonly roundTripMs: () => number | undefined;
  /** No byte for so long, and the connection is taken for dead, ms; asked for again after each byte. */
  readonly silenceMs: () => number;
  /** Padding holds `session` back until the first heartbeat where it is needed at all. */
  readonly padded: boolean;
  onEvidence(evidence: Evidence): void;
  onSilence(): void;
}

/** Measures one stream: when it begins, whether its first heartbeat comes by itself, whether it falls silent. */
export function watchStream(options: StreamWatchOptions): StreamWatch {
  const { now } = options;
  const openedAt = now();
  let firstByteAt: number | undefined;
  let lastByteAt = openedAt;
  let silent: Silence | undefined;
  let stopped = false;
  let sessionAt: number | undefined;
  let waiting = true;
  /** `session` came later than it should, by about what the first heartbeat takes: it may have had to wait for it. */
  const isLate = () => {
    const roundTripMs = options.roundTripMs() ?? Number.POSITIVE_INFINITY;
    return sessionAt !== undefined && sessionAt - openedAt > FIRST_HEARTBEAT_MS + TOGETHER_MS + roundTripMs;
  };
  const giveUp = (how: Silence) => {
    silent = how;
    // The heartbeat came with something else, which looked well. Again the last of what was written does not come by itself.
    if (how === 'expected' && isLate() && !options.padded) options.onEvidence({ kind: 'held', at: now() });
    options.onSilence();
  };
  const onSilence = () => giveUp('heartbeats');
  let silence = setTimeout(onSilence, options.silenceMs());
  let overdue: ReturnType<typeof setTimeout> | undefined;
  let expected: ReturnType<typeof setTimeout> | undefined;

  const held = () => {
    if (waiting) options.onEvidence({ kind: 'held', at: now() });
    waiting = false;
  };
  const beat = () => {
    clearTimeout(overdue);
    if (sessionAt === undefined || !waiting) return;
    // Together, and late by what the heartbeat takes: `session` had to wait for it. Only together: this program was busy.
    const together = now() - sessionAt < TOGETHER_MS;
    if (together && isLate() && !options.padded) held();
    waiting = false;
  };
  return {
    bytes() {
      lastByteAt = now();
      firstByteAt ??= lastByteAt;
      clearTimeout(silence);
      silence = setTimeout(onSilence, options.silenceMs());
      clearTimeout(expected);
      expected = undefined;
    },
    expect(ms) {
      // From the first of several on: otherwise those that send all the time would never find out.
      if (!stopped) expected ??= setTimeout(() => giveUp('expected'), ms);
    },
    event(name) {
      if (name === 'hb') beat();
      if (name !== 'session') return;
      sessionAt = now();
      const roundTripMs = options.roundTripMs();
      options.onEvidence({ kind: 'opened', at: sessionAt, delayMs: sessionAt - openedAt, roundTripMs });
      const patience = FIRST_HEARTBEAT_MS + HEARTBEAT_GRACE_MS + 2 * (roundTripMs ?? 0);
      // Once more around the loop: what has come while this program was busy is read first.
      overdue = setTimeout(() => {
        overdue = setTimeout(held, 50);
      }, patience);
    },
    get sessionMs() {
      return sessionAt && sessionAt - openedAt;
    },
    get lastByteAt() {
      return lastByteAt;
    },
    // One that fell silent was dead before that was noticed.
    lived: () => (firstByteAt === undefined ? undefined : (silent === undefined ? now() : lastByteAt) - firstByteAt),
    get silent() {
      return silent;
    },
    stop() {
      clearTimeout(silence);
      clearTimeout(overdue);
      clearTimeout(expected);
      stopped = true;
      waiting = false;
    },
  };
}
