import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import type { HistoryRecord } from './history.ts';

/** A reader that only receives, with a browser's EventSource and the watchdog that docs/protocol.md describes. */
export interface EventSourceReader {
  close(): void;
  readonly gone: boolean;
}

const NAMES = [
  'message',
  'input_transcript',
  'interim_transcript',
  'user_message',
  'settings',
  'grounding',
  'tool_call',
  'tool_result',
  'tool_cancel',
  'usage',
  'status',
  'failure',
  'end',
  'session',
  'hb',
  'gap',
  'reset',
  'drain',
];
/** Two and a half heartbeats, ms. */
const SILENCE_MS = 25_000;
/** Pause after an EventSource has given up, as it does at a status such as 502, in ms. */
const AGAIN_MS = 3_000;

export function openEventSource(
  name: string,
  fetchIt: typeof fetch,
  record: (record: HistoryRecord) => void,
): EventSourceReader {
  let source: EventSource;
  let lastId: string | undefined;
  let timer: NodeJS.Timeout;
  let gone = false;

  const leave = (how: 'closed' | 'ended') => {
    clearTimeout(timer);
    source.close();
    if (!gone) record({ did: 'left', who: name, how });
    gone = true;
  };
  const openIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      source.close();
      open();
    }, ms);
  };
  const open = () => {
    const query = lastId === undefined ? '' : `?since=${lastId}`;
    const ids: (string | undefined)[] = [];
    source = new EventSource(`http://localhost/events/ann${query}`, { fetch: reportIds(fetchIt, ids) });
    const opened = source;
    openIn(SILENCE_MS);
    for (const event of NAMES) {
      opened.addEventListener(event, ({ data, lastEventId }: MessageEvent) => {
        if (gone || source !== opened) return;
        openIn(SILENCE_MS);
        const id = ids.shift();
        // The server could not open a live session.
        if (event === 'failure' && id === undefined) return;
        lastId = lastEventId || lastId;
        record({ did: 'told', reader: name, id, name: event, data });
      });
    }
    opened.addEventListener('error', ({ code }) => {
      if (gone || source !== opened || opened.readyState !== EventSource.CLOSED) return;
      if (code === 204) leave('ended');
      else openIn(AGAIN_MS);
    });
  };
  open();
  return {
    close: () => leave('closed'),
    get gone() {
      return gone;
    },
  };
}

/**
 * Reports the id of each event before it is dispatched, `undefined` for one without. `lastEventId` does not tell: it keeps its value over events
 * without an id, and blocks that have nothing but an id set it (WHATWG HTML, "server-sent events").
 * @param ids emptied for each response
 */
function reportIds(fetchFn: typeof fetch, ids: (string | undefined)[]): typeof fetch {
  return async (input, init) => {
    const response = await fetchFn(input, init);
    ids.length = 0;
    if (!response.body) return response;
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ id, event = 'message' }) => {
        if (NAMES.includes(event)) ids.push(id);
      },
    });
    const reporter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(reporter), { status, statusText, headers });
  };
}
