import type { HistoryRecord } from './history.ts';
import { makeItem, type SentKind, toItemKind } from './items.ts';

/**
 * A client written from docs/protocol.md as simply as that allows, as examples/client.py is: one stream, or one poll after the other; one
 * POST after the other, under the same number for as long as it may have been heard; one acknowledgement a second.
 */
export interface PlainClient {
  send(kind: SentKind, item: number): void;
  close(): void;
  readonly gone: boolean;
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly retry?: boolean;
  readonly next?: number;
  readonly epoch?: string;
}

interface Batch {
  readonly events: readonly { readonly id: string; readonly event?: string; readonly data: unknown }[];
  readonly cursor: string;
}

interface Block {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
  readonly retry: string | undefined;
}

export interface PlainClientOptions {
  readonly fetch: typeof fetch;
  readonly random: () => number;
  readonly way: 'stream' | 'poll';
}

export function createPlainClient(
  name: string,
  { fetch: fetchIt, random, way }: PlainClientOptions,
  record: (record: HistoryRecord) => void,
): PlainClient {
  const stop = new AbortController();
  const opened = Promise.withResolvers<void>();
  let lastId: string | undefined;
  let retryMs = 1_000;
  let heartbeatMs = 10_000;
  let epoch = '';
  let next = 1;
  let gone = false;

  const leave = (how: 'closed' | 'ended' | 'superseded') => {
    if (!gone) record({ did: 'left', who: name, how });
    gone = true;
    stop.abort();
  };
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const handle = (id: string | undefined, event: string, data: string) => {
    // Ignore a failure without an id, which is not an event of a live session: the server could not open one.
    if (gone || (event === 'failure' && id === undefined)) return;
    record({ did: 'told', reader: name, id, name: event, data });
    if (event === 'session') {
      const session = JSON.parse(data);
      heartbeatMs = session.limits.heartbeat_ms;
      // Keep the old epoch: a response tells the client that its numbers belong to another one.
      if (epoch === '') ({ epoch, next } = session);
      opened.resolve();
    }
    if (event === 'end') leave('ended');
    if (event === 'superseded') leave('superseded');
  };
  /** Requests events once. Gives up after this time without data. */
  const ask = async (
    path: string,
    silenceMs: number,
    take: (response: Response, heard: () => void) => Promise<void>,
  ) => {
    const late = new AbortController();
    const giveUp = () => late.abort(new Error('nothing came'));
    let timer = setTimeout(giveUp, silenceMs);
    stop.signal.addEventListener('abort', giveUp);
    try {
      const headers = lastId === undefined ? undefined : { 'Last-Event-ID': lastId };
      const response = await fetchIt(`http://localhost/${path}`, {
        signal: late.signal,
        ...(headers ? { headers } : {}),
      });
      if (response.status === 204) return leave('ended');
      if (response.status !== 200) throw new Error(`refused: ${response.status}`);
      await take(response, () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, silenceMs);
      });
    } finally {
      clearTimeout(timer);
      stop.signal.removeEventListener('abort', giveUp);
    }
  };
  const readStream = () =>
    ask(`events/ann?client=${name}`, 2.5 * heartbeatMs, async (response, heard) => {
      const decoder = new TextDecoder();
      let text = '';
      if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) return;
      for await (const chunk of response.body) {
        heard();
        const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
        text = blocks.pop() ?? '';
        for (const { id, event, data, retry } of blocks.map(parseBlock)) {
          if (retry !== undefined) retryMs = Number(retry);
          if (data !== undefined) handle(id, event ?? 'message', data);
          lastId = id ?? lastId;
        }
      }
    });
  const poll = () =>
    ask(`poll/ann?client=${name}&wait=20`, 30_000, async (response) => {
      const { events, cursor } = (await response.json()) as Batch;
      for (const { id, event, data } of events) handle(id, event ?? 'message', JSON.stringify(data));
      lastId = cursor;
    });
  const read = async () => {
    for (let failures = 0; !gone; ) {
      const before = lastId;
      const failed = await (way === 'stream' ? readStream() : poll()).then(
        () => way === 'stream',
        () => true,
      );
      if (gone || (!failed && lastId !== undefined)) continue;
      failures = lastId === before ? failures + 1 : 0;
      await sleep(Math.min(15_000, retryMs * 2 ** Math.min(failures, 5)) * (0.5 + random() / 2));
    }
  };
  const post = async (envelope: object): Promise<Answer> => {
    try {
      const response = await fetchIt('http://localhost/send/ann', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ client: name, ...envelope }),
        signal: AbortSignal.any([stop.signal, timeOut(15_000)]),
      });
      return { ...((await response.json()) as object), status: response.status };
    } catch {
      return { status: 0 };
    }
  };
  /** Sends an item until it is accepted or refused. */
  const sendItem = async (item: object): Promise<'sent' | 'refused' | 'unsent'> => {
    await opened.promise;
    for (let waitMs = 500; !gone; ) {
      const ack = lastId?.startsWith(`${epoch}.`) ? lastId : `${epoch}.0`;
      const answer = await post({ cseq: next, ack, items: [item] });
      if (answer.status === 200) {
        // Held: the server has forgotten this client, and counts anew.
        for (let missing = answer.next ?? next; missing < next; missing += 1) {
          await post({ cseq: missing, ack, items: [] });
        }
        next += 1;
        return 'sent';
      }
      if (answer.code === 'epoch_changed' || answer.code === 'outside_window') {
        epoch = answer.epoch ?? epoch;
        next = answer.next ?? 1;
      } else if (answer.code === 'session_ended') leave('ended');
      else if (answer.retry ?? (answer.status === 0 || answer.status >= 500 || answer.code === undefined)) {
        await sleep(waitMs * (0.5 + random() / 2));
        waitMs = Math.min(15_000, waitMs * 2);
      } else {
        next += 1;
        if (!gone) record({ did: 'refusal told', client: name });
        return 'refused';
      }
    }
    return 'unsent';
  };
  const acknowledge = async () => {
    for (let told: string | undefined; !gone; ) {
      await sleep(1_000);
      if (lastId === told || gone) continue;
      told = lastId;
      await post({ ack: told });
    }
  };

  let sending = Promise.resolve();
  void read();
  void acknowledge();
  return {
    send(kind: SentKind, item: number) {
      record({ did: 'sent', client: name, item, kind: toItemKind(kind) });
      sending = sending.then(async () => {
        record({ did: 'reported', client: name, item, as: await sendItem(makeItem(kind, item)) });
      });
    },
    close: () => leave('closed'),
    get gone() {
      return gone;
    },
  };
}

function parseBlock(block: string): Block {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    }),
  );
  const [id, event, data, retry] = ['id', 'event', 'data', 'retry'].map((field) => fields.get(field));
  return { id, event, data, retry };
}

/** Creates a timeout on the simulated clock, which AbortSignal.timeout does not use. */
function timeOut(ms: number): AbortSignal {
  const late = new AbortController();
  setTimeout(() => late.abort(), ms);
  return late.signal;
}
