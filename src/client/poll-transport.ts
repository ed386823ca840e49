import { type Exchange, type Outcome, refusal } from './exchange.ts';

/** How long may pass between two pieces of an answer, ms. */
const PIECE_MS = 5_000;

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
    const batch: unknown = JSON.parse(
      await readText(response, () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, PIECE_MS);
      }),
    );
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

/** A large batch over a narrow line takes its time: what counts is that something comes. */
async function readText({ body }: Response, onBytes: () => void): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    onBytes();
    const piece = await reader?.read();
    if (!piece || piece.done) return text + decoder.decode();
    text += decoder.decode(piece.value, { stream: true });
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
