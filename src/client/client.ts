import type { ConnectionEvents } from '../wire/named-events.ts';
import type { ClientOptions } from './client-options.ts';
import { createDownlink, type Downlink } from './downlink.ts';
import { type ClientEvents, type ClientState, createEmitter, type Item, type Statistics } from './events.ts';
import type { ReceivedEvent } from './exchange.ts';
import { isMultiplexed } from './http-version.ts';
import { createLadder, type Rung, verdictOf } from './ladder.ts';
import { type Post, sizeOf } from './numbered-post.ts';
import { createPosition } from './position.ts';
import { sendPost } from './post.ts';
import type { Sent } from './sent.ts';
import type { SendOnce, SocketConstructor } from './socket-transport.ts';
import { createUplink } from './uplink.ts';
import { recallVerdict, rememberVerdict } from './verdict.ts';

export interface Client {
  /** Calls `listener` for every event of that name; the return value ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void;
  /**
   * Sends a text, an image, a LiveRequest. It is sent until it is answered, however long that takes.
   * @returns what became of it; it never rejects
   */
  send(item: Item): Promise<Sent>;
  /** Sends PCM16, little endian, mono, 16 kHz. If the way up is too slow for it, the oldest is dropped (`audio_dropped`). */
  sendAudio(pcm: Uint8Array): void;
  /** Drops the audio that waits to be sent: the microphone is off, and nobody wants it any more. */
  forgetAudio(): void;
  /** Stops the reply that is being given. @param playedMs how much of it was heard */
  interrupt(playedMs?: number): Promise<Sent>;
  /** Has the agent answer in audio, or in text again. What is sent meanwhile waits until the server has been told: then it resolves, or when the client is done. */
  setAudio(isAudio: boolean): Promise<void>;
  /** Makes a new connection now, with no more delay. */
  reconnect(): void;
  /** Lets go of the connection, and of what is not sent. The live session lingers; `send({ close: true })` ends it. */
  close(): void;
  readonly state: ClientState;
  readonly statistics: Statistics;
}

/** Until `session` says it, ms and bytes. */
const USUAL_HEARTBEAT_MS = 10_000;
const USUAL_BODY_BYTES = 4 * 1024 * 1024;
/** What a server may ask of our timers, ms. */
const LEAST_HEARTBEAT_MS = 1_000;
const MOST_WAIT_MS = 60_000;
/** POSTs at once where they do not wait for each other anyway. */
const MOST_PARALLEL = 4;
/** A cursor that leads nowhere, on purpose: it is answered with `reset`. */
const FROM_NOWHERE = 'history';
const FINAL: readonly ClientState[] = ['ended', 'closed'];
const ROUTES: Record<Rung, string> = { ws: 'ws', stream: 'events', pusher: 'events', close: 'events', poll: 'poll' };

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
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  const client = randomId();
  const emitter = createEmitter();
  const position = createPosition();
  let state: ClientState = 'connecting';
  let heartbeatMs = USUAL_HEARTBEAT_MS;
  let bodyBytes = USUAL_BODY_BYTES;
  let leastDelayMs = Number.POSITIVE_INFINITY;
  let lagMs = 0;
  let duplicates = 0;
  /** How the agent is to answer, and whether the server has been told: said again, it would undo what another client wants. */
  let { isAudio } = options;
  const { voice, language, proactivity, affectiveDialog: affective_dialog, agent } = options;
  const manner = Object.entries({ voice, language, proactivity, affective_dialog, agent }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  let isTold = false;
  /** Whether the connection that was asked for last says it, and the epoch in which it was said again. */
  let isAsked = false;
  let askedAgainIn: string | undefined;
  /** Who waits for that. */
  const untilTold: (() => void)[] = [];

  const address = (route: string, query: Record<string, string>): string => {
    const session = options.sessionId === undefined ? '' : `/${encodeURIComponent(options.sessionId)}`;
    const base = url === '' ? '' : `${url.replace(/\/$/, '')}/`;
    const path = `${base}${route}/${encodeURIComponent(options.userId)}${session}`;
    const text = new URLSearchParams(query).toString();
    return text === '' ? path : `${path}?${text}`;
  };
  const readerAddress = (rung: Rung, query: Record<string, string>): string => {
    isAsked = !isTold && (isAudio !== undefined || manner.length > 0);
    return address(ROUTES[rung], {
      client,
      ...(isTold || isAudio === undefined ? {} : { is_audio: String(isAudio) }),
      ...(isTold ? {} : Object.fromEntries(manner)),
      ...(options.history ? { since: FROM_NOWHERE } : {}),
      ...query,
    });
  };
  const become = (to: ClientState) => {
    if (state === to || FINAL.includes(state)) return;
    state = to;
    if (FINAL.includes(to)) {
      downlink.stop();
      uplink.stop();
      settleTold();
    }
    emitter.emit('state', to);
  };
  /** @returns whether this connection is of use */
  const onSession = (
    { epoch, next, limits, modality }: ConnectionEvents['session'],
    id: string | undefined,
  ): boolean => {
    heartbeatMs = clamp(limits.heartbeat_ms, LEAST_HEARTBEAT_MS, MOST_WAIT_MS);
    bodyBytes = limits.body_bytes;
    const isNew = !position.id?.startsWith(`${epoch}.`);
    // Another live session than the one that was told begins as sessions do. It is asked for anew from the old place: its `reset`, which
    // is still to come, is lost with this connection.
    const differs = manner.length > 0 || (isAudio !== undefined && isAudio !== (modality === 'AUDIO'));
    if (isNew && differs && !isAsked && askedAgainIn !== epoch) {
      // Once: there are models that only speak, and which voice it has is not said.
      askedAgainIn = epoch;
      void tellAgain();
      return false;
    }
    isTold = true;
    if (id !== undefined && isNew) position.move(id);
    uplink.opened(epoch, next);
    return true;
  };
  const onConnectionEvent = ({ name, id, data }: ReceivedEvent) => {
    if (name === 'session' && !onSession(data as ConnectionEvents['session'], id)) return;
    if (name === 'reset' && id !== undefined) position.move(id);
    else if (name === 'drain') downlink.holdOff(clamp((data as ConnectionEvents['drain']).retry_ms, 0, MOST_WAIT_MS));
    else if (name === 'superseded') downlink.superseded();
    else if (name === 'hb') {
      const delayMs = Date.now() - (data as ConnectionEvents['hb']).t;
      leastDelayMs = Math.min(leastDelayMs, delayMs);
      lagMs = delayMs - leastDelayMs;
    }
    position.pass(id);
  };
  const onEvent = (event: ReceivedEvent): boolean => {
    const { name, id, data } = event;
    // What was dropped for one connection may have come over another, which told it, or the audio itself.
    if (name === 'gap' && !position.pass(id)) return false;
    if (CONNECTION_EVENTS.includes(name)) {
      onConnectionEvent(event);
      // It is one of our own connections that took over.
      if (name !== 'superseded') emitter.emit(name ?? 'message', data);
      return false;
    }
    if (!position.take(id)) {
      duplicates += 1;
      return false;
    }
    uplink.heard();
    emitter.emit(name ?? 'message', data);
    if (name === 'end') become('ended');
    return true;
  };
  const settleTold = () => {
    for (const resolve of untilTold.splice(0)) resolve();
  };
  const setAudio = (to: boolean): Promise<void> => {
    if (FINAL.includes(state)) return Promise.resolve();
    isAudio = to;
    return tellAgain();
  };
  const tellAgain = (): Promise<void> => {
    isTold = false;
    uplink.hold();
    downlink.reconnect();
    return new Promise((resolve) => {
      untilTold.push(resolve);
    });
  };

  const postOptions = { fetch: fetchIt, headers, address: (query: Record<string, string>) => address('send', query) };
  const sendHttp: SendOnce = (post, signal, patienceMs) => sendPost(post, postOptions, signal, patienceMs);
  let multiplexed = false;
  /** POSTs that went over a WebSocket last. */
  const triedOver = new WeakSet<Post>();
  const uplink = createUplink({
    random,
    client,
    transmit: async (post, signal, patienceMs) => {
      // What got no answer one way is tried the other; and what is too large would cost a WebSocket its connection.
      const mayGoOver = !triedOver.delete(post) && sizeOf(post.payload) < bodyBytes;
      const over = mayGoOver ? downlink.post : undefined;
      if (over) triedOver.add(post);
      const sentAt = performance.now();
      const outcome = await (over ?? sendHttp)(post, signal, patienceMs);
      multiplexed ||= isMultiplexed(address('send', {}));
      if (outcome.kind === 'taken') downlink.answered(outcome.written, sentAt);
      return outcome;
    },
    ask: sendHttp,
    // A WebSocket keeps the order by itself.
    parallel: () =>
      Math.max(1, Math.min(MOST_PARALLEL, options.parallelPosts ?? (multiplexed || downlink.post ? MOST_PARALLEL : 1))),
    bodyLimit: () => bodyBytes,
    ack: () => position.id,
    onRefused: (refusal) => emitter.emit('refused', refusal),
    onAudioDropped: (ms) => emitter.emit('audio_dropped', { ms }),
    onEpochChanged: () => downlink.reconnect(),
    onEnded: () => become('ended'),
    onHanging: () => downlink.tryBetter(),
  });
  const remembered = recallVerdict(storage, url, Date.now());
  const canSocket = transport === 'auto' && Socket !== undefined && Object.keys(headers).length === 0;
  let ladder = createLadder(
    transport,
    canSocket
      ? remembered
      : { ...remembered, socket: 'refused', rung: remembered.rung === 'ws' ? 'stream' : remembered.rung },
    performance.now(),
  );
  /** Of the connection in use. */
  let { rung } = ladder;
  const downlink: Downlink = createDownlink({
    fetch: fetchIt,
    WebSocket: Socket,
    headers,
    random,
    ladder,
    position,
    now: () => performance.now(),
    address: readerAddress,
    trialAddress: (rung, query) => address(ROUTES[rung], { client: `${client}-trial`, ...query }),
    roundTripMs: () => uplink.statistics.roundTripMs,
    heartbeatMs: () => heartbeatMs,
    onEvent,
    onLadder: (to) => {
      const [told, tell] = [verdictOf(ladder), verdictOf(to)];
      ladder = to;
      const isNews = told.rung !== tell.rung || told.capMs !== tell.capMs || told.socket !== tell.socket;
      // What was asked for is no measurement.
      if (!isNews || transport !== 'auto') return;
      rememberVerdict(storage, url, canSocket ? tell : { ...tell, socket: remembered.socket }, Date.now());
    },
    onBegun: (begun) => {
      if (rung !== begun) emitter.emit('rung', begun);
      rung = begun;
      // Whoever answers a poll has read what it asks for; it says `session` only to whom it is news.
      if (begun === 'poll' && isAsked) isTold = true;
      uplink.release();
      if (begun === 'ws') uplink.hurry();
      settleTold();
      become('open');
    },
    onLost: () => {
      if (state === 'open') become('reconnecting');
    },
    onDoubt: () => uplink.acknowledge(),
    onRetry: (retry) => emitter.emit('retry', retry),
    onOver: () => become('ended'),
  });

  return {
    on: (name, listener) => emitter.on(name, listener),
    send: (item) => uplink.send(typeof item === 'string' ? { mime_type: 'text/plain', data: item } : item),
    sendAudio: (pcm) => uplink.sendAudio(pcm),
    forgetAudio: () => uplink.forgetAudio(),
    interrupt: (playedMs) => uplink.send({ interrupt: playedMs === undefined ? {} : { played_ms: playedMs } }),
    setAudio,
    reconnect: () => downlink.reconnect(),
    close: () => become('closed'),
    get state() {
      return state;
    },
    get statistics() {
      const { roundTripMs, retries, droppedAudioMs } = uplink.statistics;
      const { reconnects, rotations } = downlink.statistics;
      const { lifetime } = ladder;
      return {
        rung,
        capMs: lifetime.capMs,
        roundTripMs,
        lagMs,
        retries,
        reconnects,
        rotations,
        duplicates,
        droppedAudioMs,
      };
    },
  };
}

/** A number of the server's, as a timer takes it: one that is too large, or none, would fire at once. */
function clamp(value: unknown, least: number, most: number): number {
  return typeof value === 'number' && value >= least ? Math.min(value, most) : least;
}

/** 128 random bits, an id as the wire wants it. `crypto.randomUUID` is missing on pages that are not served over https. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
