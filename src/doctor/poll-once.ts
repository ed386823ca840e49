import type { ReceivedEvent } from '../client/event-request.ts';
import { pollOnce } from '../client/poll-transport.ts';
import { buildAddress, type Target } from './target.ts';

/** Result of a long poll. */
export interface PollResult {
  /** Whether a bidi-sse server answered. */
  readonly answered: boolean;
  readonly tookMs: number;
  readonly status: number | undefined;
  readonly events: readonly ReceivedEvent[];
  /** Cursor of the next poll. */
  readonly cursor: string | undefined;
}

/** Maximum delay of an answer beyond the requested wait, in ms. The SDK would poll again sooner. */
const GRACE_MS = 10_000;

/** Sends a long poll. Never throws. @param waitMs time that the server is asked to wait for events, in ms */
export async function pollServer(target: Target, since: string, waitMs: number, client: string): Promise<PollResult> {
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
      url: buildAddress(target, 'poll', { client, since, wait: String(waitMs / 1_000) }),
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
