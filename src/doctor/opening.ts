import { RACE_AFTER_MS } from '../client/connection-pair.ts';
import { type CloseInfo, DownConnection } from '../client/down-connection.ts';
import type { Rung } from '../client/observation.ts';
import { buildAddress, type Target } from './target.ts';

/** The first moments of a down connection. All times are in ms since the request. */
export interface Opening {
  /** Time until the response headers. Undefined without a response, and for a WebSocket. */
  readonly headMs: number | undefined;
  /** Time until `session`, which the server writes at once. */
  readonly sessionMs: number | undefined;
  /** Time until the first heartbeat, which the server writes 250 ms after `session`. */
  readonly beatMs: number | undefined;
  /** Whether the SDK detected that events are held back. */
  readonly held: boolean;
  /** End of the connection, if it ended before a result was known. */
  readonly ending: CloseInfo | undefined;
  /** Response headers. */
  readonly headers: Headers | undefined;
}

export interface OpeningOptions {
  readonly rung: Exclude<Rung, 'poll'>;
  /** Client id, unique to the probe: a newer connection of the same client supersedes the others. */
  readonly client: string;
  /** Cursor to resume from. At the head of the log, only the measured events arrive. */
  readonly since: string;
  readonly roundTripMs: number;
  readonly heartbeatMs: number;
  /** Maximum wait for the first byte, in ms. */
  readonly patienceMs: number;
}

/** Maximum time between the first byte and a result, in ms. The SDK's own detection takes a bit more than half of it. */
const RESULT_LIMIT_MS = 3_000;

/** Opens a connection and watches it until its first heartbeat has arrived or is overdue. The caller closes the connection. */
export async function openConnection(
  target: Target,
  options: OpeningOptions,
): Promise<{ opening: Opening; line: DownConnection }> {
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
  const line = new DownConnection({
    ...target,
    rung,
    fetch: async (input, init) => {
      const response = await target.fetch(input, init);
      headMs = passed();
      headers = response.headers;
      return response;
    },
    url: (query) => buildAddress(target, rung === 'ws' ? 'ws' : 'events', { client, since, ...query }),
    now: () => performance.now(),
    roundTripMs: () => roundTripMs,
    heartbeatMs: () => heartbeatMs,
    holdMs: () => 0,
    onFirstByte: () => undefined,
    onBytes: () => undefined,
    onCursor: () => undefined,
    onEvent({ name }) {
      if (name === 'session') sessionMs = passed();
      if (name !== 'hb') return false;
      beatMs = passed();
      decide();
      return true;
    },
    onObservation({ kind }) {
      if (kind !== 'held') return;
      held = true;
      decide();
    },
  });
  let timer = setTimeout(() => {
    if (line.firstByteAt === undefined) return decide();
    timer = setTimeout(() => {
      held = true;
      decide();
    }, RESULT_LIMIT_MS);
  }, patienceMs);
  const ending = await Promise.race([line.closed, decided]);
  clearTimeout(timer);
  return { opening: { headMs, sessionMs, beatMs, held, ending: ending ?? undefined, headers }, line };
}

/** Returns the time without data after which the SDK polls beside a stream, in ms. */
export function choosePatience(roundTripMs: number): number {
  return Math.max(RACE_AFTER_MS, 2 * roundTripMs);
}
