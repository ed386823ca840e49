import { type Exchange, type Outcome, refusal } from './exchange.ts';
import { parseJson, readText } from './response-text.ts';

/** How long may pass between two pieces of an answer, and until all of it is there, ms: a large one takes 33 s at 64 kbit/s. */
const PIECE_MS = 5_000;
const ANSWER_MS = 90_000;
/** What a server gives at once is 256 KiB, and an entry of any size, which is audio of a second or two. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * One long poll. `ended` after a batch, be it empty. Never throws.
 * @param waitMs how long the server holds it, as the URL says
 * @param graceMs how much later than that its answer may begin
 */
export async function pollOnce(exchange: Exchange, waitMs: number, graceMs: number): Promise<Outcome> {
  const late = new AbortController();
  const giveUp = () => late.abort();
  let timer = setTimeout(giveUp, waitMs + graceMs);
  exchange.signal.addEventListener('abort', giveUp);
  if (exchange.signal.aborted) late.abort();
  try {
    const response = await exchange.fetch(exchange.url, {
      headers: exchange.headers,
      cache: 'no-store',
      signal: late.signal,
    });
    if (response.status !== 200) return await refusal(response);
    const untilAt = performance.now() + ANSWER_MS;
    const text = await readText(response, MOST_BYTES, () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, Math.min(PIECE_MS, untilAt - performance.now()));
    });
    const batch = parseJson(text);
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
