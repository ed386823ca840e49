import { type ClientEvents, createClient, type VerdictStorage } from '../../src/client/index.ts';
import type { HistoryRecord } from './history.ts';
import { kindOf, makeAudio, makeItem, PIECE_MS, type SentKind } from './items.ts';

/** All that the simulation knows of the client SDK. */
export interface SdkClient {
  send(kind: SentKind, item: number): void;
  sendAudio(item: number): void;
  close(): void;
  /** Says what only it knows at the end. */
  conclude(): void;
  readonly gone: boolean;
  /** For the reader of a failed test. */
  describe(): string;
}

export interface SdkClientOptions {
  readonly fetch: typeof fetch;
  readonly random: () => number;
  readonly isAudio: boolean | undefined;
  readonly transport: 'auto' | 'sse' | 'poll';
  readonly parallelPosts: number;
  readonly storage: VerdictStorage | undefined;
}

const TOLD: readonly (keyof ClientEvents)[] = [
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
  'superseded',
  'reset',
  'drain',
];
/** With any, a client does without WebSockets, which are not simulated. */
const HEADERS = { 'X-Simulated': 'yes' };

/** Whether a request for events is but a trial of the network, of which no user is ever told. */
export function isTrial(url: URL): boolean {
  return url.searchParams.get('client')?.endsWith('-trial') === true;
}

/** A client of the SDK whose doings are written down. */
export function createSdkClient(
  name: string,
  { isAudio, storage, fetch: fetchIt, random, transport, parallelPosts }: SdkClientOptions,
  record: (record: HistoryRecord) => void,
): SdkClient {
  const client = createClient({
    url: 'http://localhost',
    userId: 'ann',
    fetch: fetchIt,
    random,
    transport,
    parallelPosts,
    headers: HEADERS,
    ...(isAudio === undefined ? {} : { isAudio }),
    ...(storage === undefined ? {} : { storage }),
  });
  let gone = false;
  const told = (event: string, data: unknown) =>
    record({ did: 'told', reader: name, id: undefined, name: event, data: JSON.stringify(data) });
  for (const event of TOLD) client.on(event, (data: unknown) => told(event, data));
  client.on('refused', ({ code }) => {
    // Without a code it was not the server that refused.
    if (code !== undefined) record({ did: 'refusal told', client: name });
    else record({ did: 'barred told', client: name });
  });
  client.on('state', (state) => {
    if (state !== 'ended' && state !== 'closed') return;
    gone = true;
    record({ did: 'left', who: name, how: state });
  });
  return {
    send(kind, item) {
      record({ did: 'sent', client: name, item, kind: kindOf(kind) });
      void client.send(makeItem(kind, item)).then(({ sent, refusal }) => {
        record({ did: 'reported', client: name, item, as: sent ? 'sent' : refusal ? 'refused' : 'unsent' });
      });
    },
    sendAudio(item) {
      record({ did: 'sent', client: name, item, kind: 'audio' });
      client.sendAudio(makeAudio(item));
    },
    close: () => client.close(),
    conclude: () =>
      record({ did: 'dropped audio', client: name, pieces: Math.ceil(client.statistics.droppedAudioMs / PIECE_MS) }),
    get gone() {
      return gone;
    },
    describe: () => `${name}: ${client.state} ${JSON.stringify(client.statistics)}`,
  };
}
