import type { ReceivedEvent } from '../client/exchange.ts';
import { pollOnce } from '../client/poll-transport.ts';
import { addressOf, type Target } from './target.ts';

/** One long poll. Never throws. */
export interface Polled {
  /** It was answered by our server. */
  readonly answered: boolean;
  readonly tookMs: number;
  readonly status: number | undefined;
  readonly events: readonly ReceivedEvent[];
  /** Where to go on from. */
  readonly cursor: string | undefined;
}

/** How much later than it was held a poll may be answered, ms: the SDK would ask again sooner. */
const GRACE_MS = 10_000;

/** @param waitMs how long the server is to hold it */
export async function poll(target: Target, since: string, waitMs: number, client: string): Promise<Polled> {
  const askedAt = performance.now();
  const events: ReceivedEvent[] = [];
  let cursor: string | undefined;
  let status: number | undefined;
  const outcome = await pollOnce(
    {
      headers: target.headers,
      fetch: async (input, init) => {
        const response = await target.fetch(input, init);
        status = response.status;
        return response;
      },
      url: addressOf(target, 'poll', { client, since, wait: String(waitMs / 1_000) }),
      signal: new AbortController().signal,
      onBytes: () => undefined,
      onEvent: (event) => void events.push(event),
      onCursor: (id) => {
        cursor = id;
      },
    },
    waitMs,
    GRACE_MS,
  );
  return { answered: outcome.kind === 'ended', tookMs: performance.now() - askedAt, status, events, cursor };
}
