import { type Exchange, type Outcome, refusal } from './exchange.ts';

/** How much longer than its hold a poll may take before it is given up, ms. */
const GRACE_MS = 10_000;

/**
 * One long poll. `ended` after a batch, be it empty. Never throws.
 * @param waitMs how long the server holds it, as the URL says
 */
export async function pollOnce(exchange: Exchange, waitMs: number): Promise<Outcome> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), waitMs + GRACE_MS);
  const giveUp = () => late.abort();
  exchange.signal.addEventListener('abort', giveUp);
  if (exchange.signal.aborted) late.abort();
  try {
    const response = await exchange.fetch(exchange.url, {
      headers: exchange.headers,
      cache: 'no-store',
      signal: late.signal,
    });
    if (response.status !== 200) return await refusal(response);
    const batch: unknown = await response.json();
    if (!isBatch(batch)) return { kind: 'failed' };
    exchange.onBytes();
    for (const { id, event, data } of batch.events) {
      // A listener may have closed the client.
      if (exchange.signal.aborted) return { kind: 'ended' };
      exchange.onEvent({ id, name: event, data });
    }
    exchange.onCursor(batch.cursor);
    return { kind: 'ended' };
  } catch {
    return { kind: 'failed' };
  } finally {
    clearTimeout(timer);
    exchange.signal.removeEventListener('abort', giveUp);
  }
}

export interface Batch {
  readonly events: readonly { readonly id: string; readonly event?: string; readonly data: unknown }[];
  readonly cursor: string;
}

export function isBatch(value: unknown): value is Batch {
  return (
    typeof value === 'object' &&
    value !== null &&
    'events' in value &&
    Array.isArray(value.events) &&
    'cursor' in value &&
    typeof value.cursor === 'string'
  );
}
