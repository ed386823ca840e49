import {
  describeForeignAnswer,
  describeNetworkError,
  type EventRequest,
  type Outcome,
  readRefusal,
} from './event-request.ts';
import { parseJson, readText } from './response-text.ts';

/** Maximum time between two pieces of an answer, in ms. */
const PIECE_MS = 5_000;
/** Maximum time of a whole answer, in ms: a large one takes 33 s at 64 kbit/s. */
const ANSWER_MS = 90_000;
/** Maximum length of an answer, in bytes. The server sends 256 KiB and one entry of any size, which is one or two seconds of audio. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Makes one long poll. The outcome is `ended` after a batch, even an empty one. Never throws.
 * @param waitMs how long the server holds the poll, as the URL says
 * @param graceMs how much later the answer may begin
 */
export async function pollOnce(request: EventRequest, waitMs: number, graceMs: number): Promise<Outcome> {
  const late = new AbortController();
  const giveUp = () => late.abort();
  let timer = setTimeout(giveUp, waitMs + graceMs);
  request.signal.addEventListener('abort', giveUp);
  if (request.signal.aborted) late.abort();
  try {
    const response = await request.fetch(request.url, {
      headers: request.headers,
      cache: 'no-store',
      // Over plain HTTP, `Referer` is the only header of a GET that shows the server which page sends the request.
      referrerPolicy: 'same-origin',
      signal: late.signal,
    });
    if (response.status !== 200) return await readRefusal(response);
    const endsAt = performance.now() + ANSWER_MS;
    const text = await readText(response, MAX_BYTES, () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, Math.min(PIECE_MS, endsAt - performance.now()));
    });
    const batch = parseJson(text);
    if (!isBatch(batch)) return { kind: 'failed', cause: describeForeignAnswer(response, 'a list of events') };
    request.onBytes();
    for (const { id, event, data } of batch.events) {
      // A listener may have closed the client.
      if (request.signal.aborted) return { kind: 'ended' };
      request.onEvent({ id, name: event, data });
    }
    request.onCursor(batch.cursor);
    return { kind: 'ended' };
  } catch (error) {
    return { kind: 'failed', cause: describeNetworkError(error) };
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', giveUp);
  }
}

/** Answer to a poll. */
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
