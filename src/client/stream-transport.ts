import { createParser } from 'eventsource-parser';
import { type Exchange, type Outcome, refusal } from './exchange.ts';

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
  const parser = createParser({
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
    }
  } catch {
    // Cut. What was complete has been handed on; the rest of a half event is asked for again.
  } finally {
    reader.cancel().catch(() => undefined);
  }
  return { kind: 'ended' };
}

/** `undefined` for what is no JSON: nothing that our server sends. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
