import type { ErrorBody } from '../wire/error-catalogue.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { createDownlink, type Downlink } from './downlink.ts';
import { type ClientEvents, type ClientState, createEmitter, type Item, type Statistics } from './events.ts';
import type { ReceivedEvent } from './exchange.ts';
import { createLadder } from './ladder.ts';
import { createPosition } from './position.ts';
import { createUplink } from './uplink.ts';
import { recallRung, rememberRung, type VerdictStorage } from './verdict.ts';

export interface ClientOptions {
  /** Where the server is, as `https://example.org` or, on its own page, an empty text. */
  readonly url: string;
  readonly userId: string;
  /** Absent: the server's `default`. */
  readonly sessionId?: string;
  /** Whether the agent answers in audio; absent: as it does now. */
  readonly isAudio?: boolean;
  /** `auto`: whatever the network lets through. */
  readonly transport?: 'auto' | 'sse' | 'poll';
  /** For every request, as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** POSTs under way at once, 1 (default) to 4; more than one only pays over HTTP/2. */
  readonly parallelPosts?: number;
  readonly fetch?: typeof fetch;
  /** 0 to below 1, as Math.random. */
  readonly random?: () => number;
  /** Where it is remembered what the network needed, as localStorage. */
  readonly storage?: VerdictStorage;
}

export interface Client {
  /** Calls `listener` for every event of that name; the return value ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void;
  /** Sends a text, an image, a LiveRequest. It is never dropped; a refusal comes as `failure`. */
  send(item: Item): void;
  /** Sends PCM16, little endian, mono, 16 kHz. If the way up is too slow for it, the oldest is dropped. */
  sendAudio(pcm: Uint8Array): void;
  /** Stops the reply that is being given. @param playedMs how much of it was heard */
  interrupt(playedMs?: number): void;
  /** Lets go of the connection, and of what is not sent. The live session lingers; `send({ close: true })` ends it. */
  close(): void;
  readonly state: ClientState;
  readonly statistics: Statistics;
}

/** Until `session` says it, ms. */
const USUAL_HEARTBEAT_MS = 10_000;
/** A stray request of our own may take the connection over, once; a second within this time is another client, ms. */
const STRAY_MS = 60_000;
const FINAL: readonly ClientState[] = ['ended', 'superseded', 'closed'];

/** Events that are made for one connection: they have no number in the log. */
const CONNECTION_EVENTS: readonly (string | undefined)[] = [
  'session',
  'hb',
  'gap',
  'superseded',
  'reset',
  'drain',
] satisfies (keyof ConnectionEvents)[];

/** Connects to a live session, and keeps connected until it ends or `close()` is called. */
export function createClient(options: ClientOptions): Client {
  const { url, headers = {}, random = Math.random, transport = 'auto', storage } = options;
  // Called as a method of nothing, the browser's own would refuse to work.
  const fetchIt: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const client = randomId();
  const emitter = createEmitter();
  const position = createPosition();
  let state: ClientState = 'connecting';
  let heartbeatMs = USUAL_HEARTBEAT_MS;
  let leastDelayMs = Number.POSITIVE_INFINITY;
  let lagMs = 0;
  let duplicates = 0;
  let lastGap: string | undefined;
  let supersededAt: number | undefined;

  const address = (route: string, query: Record<string, string>): string => {
    const session = options.sessionId === undefined ? '' : `/${encodeURIComponent(options.sessionId)}`;
    const path = `${url.replace(/\/$/, '')}/${route}/${encodeURIComponent(options.userId)}${session}`;
    const text = new URLSearchParams(query).toString();
    return text === '' ? path : `${path}?${text}`;
  };
  const readerQuery = {
    client,
    ...(options.isAudio === undefined ? {} : { is_audio: String(options.isAudio) }),
  };
  const become = (to: ClientState) => {
    if (state === to || FINAL.includes(state)) return;
    state = to;
    if (FINAL.includes(to)) {
      downlink.stop();
      uplink.stop();
    }
    emitter.emit('state', to);
  };
  const onSession = ({ epoch, next, limits }: ConnectionEvents['session'], id: string | undefined) => {
    heartbeatMs = limits.heartbeat_ms;
    if (id !== undefined && !position.id?.startsWith(`${epoch}.`)) position.move(id);
    uplink.opened(epoch, next);
  };
  const onConnectionEvent = ({ name, id, data }: ReceivedEvent) => {
    if (name === 'session') onSession(data as ConnectionEvents['session'], id);
    else if (name === 'reset' && id !== undefined) position.move(id);
    else if (name === 'drain') downlink.holdOff((data as ConnectionEvents['drain']).retry_ms);
    else if (name === 'superseded') onSuperseded();
    else if (name === 'hb') {
      const delayMs = Date.now() - (data as ConnectionEvents['hb']).t;
      leastDelayMs = Math.min(leastDelayMs, delayMs);
      lagMs = delayMs - leastDelayMs;
    }
    position.pass(id);
  };
  const onSuperseded = () => {
    const now = performance.now();
    if (supersededAt !== undefined && now - supersededAt < STRAY_MS) become('superseded');
    supersededAt = now;
    // The id is random: only a request of our own that we gave up, and a proxy did not, goes by it.
    downlink.holdOff(1_000 * random());
  };
  const onEvent = (event: ReceivedEvent): boolean => {
    const { name, id, data } = event;
    if (name === 'gap') {
      // Both of two transports tell it.
      if (id === lastGap) return false;
      lastGap = id;
    }
    if (CONNECTION_EVENTS.includes(name)) {
      onConnectionEvent(event);
      emitter.emit(name ?? 'message', data);
      return false;
    }
    if (!position.take(id)) {
      duplicates += 1;
      return false;
    }
    if (isAudio(data)) uplink.heard();
    emitter.emit(name ?? 'message', data);
    if (name === 'end') become('ended');
    return true;
  };

  const uplink = createUplink({
    fetch: fetchIt,
    headers,
    random,
    client,
    address: (query) => address('send', query),
    parallel: Math.max(1, Math.min(4, options.parallelPosts ?? 1)),
    ack: () => position.id,
    onFailure: (failure: ErrorBody) => emitter.emit('failure', failure),
    onEnded: () => become('ended'),
  });
  const rung = transport === 'poll' ? 'poll' : recallRung(storage, url, Date.now());
  let ladder = createLadder(rung, transport !== 'sse');
  const downlink: Downlink = createDownlink({
    fetch: fetchIt,
    headers,
    random,
    ladder,
    position,
    address: (route, query) => address(route, { ...readerQuery, ...query }),
    roundTripMs: () => uplink.statistics.roundTripMs,
    heartbeatMs: () => heartbeatMs,
    onEvent,
    onRefused: (failure) => emitter.emit('failure', failure),
    onLadder: (to) => {
      const told = ladder.firm ? ladder.rung : 'stream';
      ladder = to;
      const tell = ladder.firm ? ladder.rung : 'stream';
      if (tell !== told) rememberRung(storage, url, tell, Date.now());
    },
    onOpen: (open) => {
      if (open) become('open');
      else if (state === 'open') become('reconnecting');
    },
    onOver: () => become('ended'),
  });

  return {
    on: (name, listener) => emitter.on(name, listener),
    send: (item) => uplink.send(typeof item === 'string' ? { mime_type: 'text/plain', data: item } : item),
    sendAudio: (pcm) => uplink.sendAudio(pcm),
    interrupt: (playedMs) => uplink.send({ interrupt: playedMs === undefined ? {} : { played_ms: playedMs } }),
    close: () => become('closed'),
    get state() {
      return state;
    },
    get statistics() {
      const { roundTripMs, retries, droppedAudioMs } = uplink.statistics;
      return {
        rung: ladder.rung,
        roundTripMs,
        lagMs,
        retries,
        reconnects: downlink.reconnects,
        duplicates,
        droppedAudioMs,
      };
    },
  };
}

function isAudio(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'mime_type' in data && data.mime_type === 'audio/pcm';
}

/** 128 random bits, an id as the wire wants it. `crypto.randomUUID` is missing on pages that are not served over https. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
