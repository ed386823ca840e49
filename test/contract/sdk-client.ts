import { type ClientEvents, createClient, type TransportStorage } from '../../src/client/index.ts';
import type { HistoryRecord } from './history.ts';
import { makeAudio, makeItem, PIECE_MS, type SentKind, toItemKind } from './items.ts';

/** The part of the client SDK that the simulation uses. */
export interface SdkClient {
  send(kind: SentKind, item: number): void;
  sendAudio(item: number): void;
  close(): void;
  /** Records at the end how much audio the client has dropped. */
  conclude(): void;
  readonly gone: boolean;
  /** Describes the client for the reader of a failed test. */
  describe(): string;
}

export interface SdkClientOptions {
  readonly fetch: typeof fetch;
  readonly random: () => number;
  readonly isAudio: boolean | undefined;
  readonly transport: 'auto' | 'sse' | 'poll';
  readonly parallelPosts: number;
  readonly storage: TransportStorage | undefined;
}

const TOLD: readonly (keyof ClientEvents)[] = [
  'message',
  'input_transcript',
  'tool_call',
  'tool_result',
  'tool_cancel',
  'interim_transcript',
  'user_message',
  'settings',
  'grounding',
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
/** Custom headers, with which a client does not use WebSockets. WebSockets are not simulated. */
const HEADERS = { 'X-Simulated': 'yes' };

/** Whether a request for events is a trial of the network, which no user sees. */
export function isTrial(url: URL): boolean {
  return url.searchParams.get('client')?.endsWith('-trial') === true;
}

/** Creates a client of the SDK, and records what it does. */
export function createSdkClient(
  name: string,
  { isAudio, storage, fetch: fetchFn, random, transport, parallelPosts }: SdkClientOptions,
  record: (record: HistoryRecord) => void,
): SdkClient {
  const client = createClient({
    url: 'http://localhost',
    userId: 'ann',
    fetch: fetchFn,
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
    // Record refusals with a code only: without a code, something other than the server refused.
    if (code !== undefined) record({ did: 'refusal told', client: name });
    else record({ did: 'barred told', client: name });
  });
  client.on('state', (state) => {
    if (state !== 'ended' && state !== 'closed' && state !== 'failed') return;
    gone = true;
    // Proxies may refuse a client before its first connection. The simulated server has no reason to refuse one.
    if (client.rejection?.code !== undefined) throw new Error(`${name} was refused: ${client.rejection.error}`);
    record({ did: 'left', who: name, how: state === 'failed' ? 'closed' : state });
  });
  return {
    send(kind, item) {
      record({ did: 'sent', client: name, item, kind: toItemKind(kind) });
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
