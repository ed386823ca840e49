import { PATIENCE_MS } from '../client/downlink.ts';
import type { Rung } from '../client/ladder.ts';
import { type Ending, type Line, openLine } from '../client/line.ts';
import { addressOf, type Target } from './target.ts';

/** How a connection down began. All times are ms since it was asked for. */
export interface Opening {
  /** Until the head of the answer came; `undefined`: it did not, or it is a WebSocket. */
  readonly headMs: number | undefined;
  /** Until `session` came, which the server writes at once. */
  readonly sessionMs: number | undefined;
  /** Until the first heartbeat came, which it writes 250 ms later. */
  readonly beatMs: number | undefined;
  /** The SDK takes it for one that holds events back. */
  readonly held: boolean;
  /** Its end, if it came before anything was decided. */
  readonly ending: Ending | undefined;
  /** Of the answer. */
  readonly headers: Headers | undefined;
}

export interface OpeningOptions {
  readonly rung: Exclude<Rung, 'poll'>;
  /** A name of its own: the newest connection of a client ends the others. */
  readonly client: string;
  /** Where it is to go on from: at the end, so that nothing but what is measured comes. */
  readonly since: string;
  readonly roundTripMs: number;
  readonly heartbeatMs: number;
  /** How long it may bring nothing at all, ms. */
  readonly patienceMs: number;
}

/** How long something that has begun may take until it is decided, ms: the watch of the SDK decides after a bit more than half of it. */
const DECIDED_MS = 3_000;

/** Opens a connection and watches it until its first heartbeat has come, or ought to have. The caller drops the line. */
export async function open(target: Target, options: OpeningOptions): Promise<{ opening: Opening; line: Line }> {
  const { rung, client, since, roundTripMs, heartbeatMs, patienceMs } = options;
  const askedAt = performance.now();
  const passed = () => performance.now() - askedAt;
  let headMs: number | undefined;
  let sessionMs: number | undefined;
  let beatMs: number | undefined;
  let headers: Headers | undefined;
  let held = false;
  let decide: () => void = () => undefined;
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const line = openLine({
    ...target,
    rung,
    fetch: async (input, init) => {
      const response = await target.fetch(input, init);
      headMs = passed();
      headers = response.headers;
      return response;
    },
    url: (query) => addressOf(target, rung === 'ws' ? 'ws' : 'events', { client, since, ...query }),
    now: () => performance.now(),
    roundTripMs: () => roundTripMs,
    heartbeatMs: () => heartbeatMs,
    holdMs: () => 0,
    onBegun: () => undefined,
    onBytes: () => undefined,
    onCursor: () => undefined,
    onEvent({ name }) {
      if (name === 'session') sessionMs = passed();
      if (name !== 'hb') return false;
      beatMs = passed();
      decide();
      return true;
    },
    onEvidence({ kind }) {
      if (kind !== 'held') return;
      held = true;
      decide();
    },
  });
  let timer = setTimeout(() => {
    if (line.begunAt === undefined) return decide();
    timer = setTimeout(() => {
      held = true;
      decide();
    }, DECIDED_MS);
  }, patienceMs);
  const ending = await Promise.race([line.over, decided]);
  clearTimeout(timer);
  return { opening: { headMs, sessionMs, beatMs, held, ending: ending ?? undefined, headers }, line };
}

/** How long a stream may bring nothing before the SDK polls beside it, ms. */
export function patienceOf(roundTripMs: number): number {
  return Math.max(PATIENCE_MS, 2 * roundTripMs);
}
