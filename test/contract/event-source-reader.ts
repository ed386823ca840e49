import { EventSource } from 'eventsource';
import type { HistoryRecord } from './history.ts';

/** Somebody who only listens, with what every browser has, and the watchdog that docs/protocol.md asks for. */
export interface EventSourceReader {
  close(): void;
  readonly gone: boolean;
}

const NAMES = [
  'message',
  'input_transcript',
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
/** After an EventSource has given up, as it does at a status like 502, ms. */
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
    source = new EventSource(`http://localhost/events/ann${query}`, { fetch: fetchIt });
    const opened = source;
    openIn(SILENCE_MS);
    for (const event of NAMES) {
      opened.addEventListener(event, ({ data, lastEventId }: MessageEvent) => {
        if (gone || source !== opened) return;
        openIn(SILENCE_MS);
        // Without an id it is no event of a live session: the server could not open one.
        if (event === 'failure' && lastEventId === '') return;
        lastId = lastEventId || lastId;
        record({ did: 'told', reader: name, id: lastEventId || undefined, name: event, data });
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
