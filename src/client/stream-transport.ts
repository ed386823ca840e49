import { createParser } from 'eventsource-parser';
import {
  describeForeignAnswer,
  describeNetworkError,
  type EventRequest,
  type Outcome,
  readRefusal,
} from './event-request.ts';
import { type BodyReader, openBody, parseJson } from './response-text.ts';

/** Maximum length of one event, in characters. An entry holds one or two seconds of audio; a line without an end ends the stream. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
const NO_STREAM =
  'The stream cannot be read: a response of this fetch has no body that is a ReadableStream; use "auto" or "poll"';

/** Reads one event stream to its end. Never throws: the outcome of an aborted stream is `ended` too. */
export async function readStream(request: EventRequest): Promise<Outcome> {
  let reader: BodyReader | undefined;
  try {
    const response = await request.fetch(request.url, {
      headers: { Accept: 'text/event-stream', ...request.headers },
      cache: 'no-store',
      // Over plain HTTP, `Referer` is the only header of a GET that shows the server which page sends the request.
      referrerPolicy: 'same-origin',
      signal: request.signal,
    });
    if (response.status !== 200) return await readRefusal(response);
    const type = response.headers.get('Content-Type') ?? '';
    reader = openBody(response);
    if (!type.startsWith('text/event-stream')) {
      reader?.cancel().catch(() => undefined);
      return { kind: 'failed', cause: describeForeignAnswer(response, 'an event stream') };
    }
    if (!reader) return { kind: 'failed', cause: NO_STREAM };
  } catch (error) {
    return { kind: 'failed', cause: describeNetworkError(error) };
  }
  await readEvents(reader, request);
  return { kind: 'ended' };
}

async function readEvents(reader: BodyReader, request: EventRequest): Promise<void> {
  const { signal } = request;
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_CHARACTERS,
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') tooLong = true;
    },
    onEvent: ({ id, event, data }) => {
      // A listener may have closed the client in the middle of a chunk.
      if (signal.aborted) return;
      const value = parseJson(data);
      if (value !== undefined) request.onEvent({ id, name: event, data: value });
    },
  });
  // The whole stream needs one decoder: a chunk may end in the middle of a character.
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !value || signal.aborted) break;
      request.onBytes();
      parser.feed(decoder.decode(value, { stream: true }));
      if (tooLong) break;
    }
  } catch {
    // The stream was cut. Complete events have been delivered; the next connection asks for the rest.
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
