import { createParser } from 'eventsource-parser';
import { type Exchange, type Outcome, refusal } from './exchange.ts';
import { parseJson } from './response-text.ts';

/** Of one event. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** Reads one event stream to its end. Never throws: an aborted one has `ended` too. */
export async function readStream(exchange: Exchange): Promise<Outcome> {
  const { signal } = exchange;
  let response: Response;
  try {
    response = await exchange.fetch(exchange.url, {
      headers: { Accept: 'text/event-stream', ...exchange.headers },
      cache: 'no-store',
      signal,
    });
  } catch {
    return { kind: 'failed' };
  }
  if (response.status !== 200) return refusal(response);
  const type = response.headers.get('Content-Type') ?? '';
  if (!type.startsWith('text/event-stream') || !response.body) {
    response.body?.cancel().catch(() => undefined);
    return { kind: 'failed' };
  }
  let tooLong = false;
  const parser = createParser({
    // An entry is a second of audio or two; a line without an end is nobody's. What is too long ends the stream.
    maxBufferSize: MOST_CHARACTERS,
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') tooLong = true;
    },
    onEvent: ({ id, event, data }) => {
      // A listener may have closed the client in the middle of a chunk.
      if (signal.aborted) return;
      const value = parseJson(data);
      if (value !== undefined) exchange.onEvent({ id, name: event, data: value });
    },
  });
  // One for the whole stream: a cut between two chunks may fall into the middle of a character.
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      exchange.onBytes();
      parser.feed(decoder.decode(value, { stream: true }));
      if (tooLong) break;
    }
  } catch {
    // Cut. What was complete has been handed on; the rest of a half event is asked for again.
  } finally {
    reader.cancel().catch(() => undefined);
  }
  return { kind: 'ended' };
}
