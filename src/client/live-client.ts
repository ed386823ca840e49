import { Addresses } from './addresses.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import { checkSpeech } from './check-speech.ts';
import type { Client } from './client-interface.ts';
import type { ClientOptions, Speech } from './client-options.ts';
import type { ClientToolFunction, ClientTools, ClientToolsOptions } from './client-tools.ts';
import { ConnectionManager } from './connection-manager.ts';
import { describeValue } from './describe-value.ts';
import { Emitter } from './emitter.ts';
import { EventReceiver } from './event-receiver.ts';
import type { ClientEvents, ClientState, Item, Statistics } from './events.ts';
import type { Rung } from './observation.ts';
import { type Pcm16, toPcmBytes } from './pcm-bytes.ts';
import { Position } from './position.ts';
import { PostQueue } from './post-queue.ts';
import { createRandomId, guardRandom } from './random.ts';
import { canReadStreams } from './response-text.ts';
import type { Refusal, SendResult } from './send-result.ts';
import { SessionSettings } from './session-settings.ts';
import type { SocketConstructor } from './socket-transport.ts';
import { createTicketSource } from './ticket.ts';
import { TrafficReporter } from './traffic-reporter.ts';
import { TransportSelector } from './transport-selector.ts';

const FINAL_STATES: readonly ClientState[] = ['ended', 'closed', 'failed'];

/** A client of a live session. Its options are not checked: `createClient` checks them, and the page, whose types do, needs no code for that. */
export class LiveClient implements Client {
  readonly #emitter = new Emitter();
  readonly #traffic = new TrafficReporter(this.#emitter, () => this.#rung);
  readonly #settings: SessionSettings;
  readonly #selector: TransportSelector;
  readonly #receiver: EventReceiver;
  readonly #posts: PostQueue;
  readonly #connections: ConnectionManager;
  readonly #tools: ClientTools | undefined;
  #state: ClientState = 'connecting';
  #rejection: Refusal | undefined;
  /** Rung of the connection in use. */
  #rung: Rung;

  /** @param createTools runs the tools of this client. Default: the client has none, as that of the page */
  constructor(options: ClientOptions, createTools?: (options: ClientToolsOptions) => ClientTools) {
    const { url, headers = {}, token, transport = 'auto', storage } = options;
    const random = guardRandom(options.random ?? Math.random);
    // A browser's fetch refuses to run as a method of another object.
    const plainFetch: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));
    const fetchFn = createAuthorizedFetch(plainFetch, options);
    const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
    const client = createRandomId();
    const addresses = new Addresses(options, client);
    const ticketUrl = addresses.ticket();
    const ticket = token === undefined ? undefined : createTicketSource({ fetch: fetchFn, headers, url: ticketUrl });
    const position = new Position();
    const now = () => performance.now();
    const canUseSocket = transport === 'auto' && WebSocket !== undefined && Object.keys(headers).length === 0;
    this.#settings = new SessionSettings(options);
    // A fetch that the caller gives may read streams where the platform's own cannot.
    const canStream = options.fetch !== undefined || canReadStreams();
    this.#selector = new TransportSelector({ transport, url, storage, canUseSocket, canStream, now });
    this.#rung = this.#selector.ladder.rung;
    this.#posts = new PostQueue({
      fetch: fetchFn,
      headers,
      address: addresses.send,
      parallelPosts: options.parallelPosts,
      traffic: this.#traffic,
      random,
      client,
      position,
      onRefused: (refusal) => this.#onRefused(refusal),
      onRejected: (refusal) => this.#fail(refusal),
      onAudioDropped: (ms) => this.#emitter.emit('audio_dropped', { ms }),
      onEnded: () => this.#changeState('ended'),
    });
    this.#tools = createTools?.({
      position,
      emitter: this.#emitter,
      send: (item) => void this.#posts.send(item),
    });
    this.#receiver = new EventReceiver({
      position,
      settings: this.#settings,
      emitter: this.#emitter,
      up: this.#posts,
      onSettingsMissing: () => void this.#requestSettings(),
      onEnd: () => this.#changeState('ended'),
    });
    this.#connections = new ConnectionManager({
      fetch: fetchFn,
      WebSocket,
      ticket,
      headers,
      now,
      roundTripMs: () => this.#posts.roundTripMs,
      heartbeatMs: () => this.#receiver.heartbeatMs,
      random,
      selector: this.#selector,
      position,
      up: this.#posts,
      address: (rung, query) => addresses.down(rung, { ...this.#settings.createQuery(), ...query }),
      trialAddress: (rung, query) => addresses.trial(rung, query),
      onEvent: (event) => {
        this.#traffic.reportEvent(event);
        return this.#receiver.receive(event);
      },
      onConnected: (rung) => this.#onConnected(rung),
      onDisconnected: () => {
        if (this.#state === 'open') this.#changeState('reconnecting');
      },
      onRetry: (retry) => this.#emitter.emit('retry', retry),
      onOver: () => this.#changeState('ended'),
      onRejected: (refusal) => this.#fail(refusal),
    });
    this.#posts.attach(this.#connections);
  }

  get state(): ClientState {
    return this.#state;
  }

  get rejection(): Refusal | undefined {
    return this.#rejection;
  }

  get statistics(): Statistics {
    return {
      rung: this.#rung,
      capMs: this.#selector.ladder.lifetime.capMs,
      roundTripMs: this.#posts.roundTripMs,
      lagMs: this.#receiver.lagMs,
      duplicates: this.#receiver.duplicates,
      ...this.#posts.statistics,
      ...this.#connections.statistics,
    };
  }

  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  send(item: Item): Promise<SendResult> {
    return this.#posts.send(typeof item === 'string' ? { mime_type: 'text/plain', data: item } : item);
  }

  sendAudio(pcm: Pcm16): void {
    this.#posts.sendAudio(toPcmBytes(pcm));
  }

  tool<Args = Record<string, unknown>>(name: string, run: ClientToolFunction<Args>): () => void {
    if (!this.#tools) throw new TypeError('tool: this client was created without tools');
    return this.#tools.add(name, run);
  }

  confirmTool(id: string, ok: boolean): Promise<SendResult> {
    if (typeof id !== 'string' || typeof ok !== 'boolean') {
      throw new TypeError('confirmTool: the id of the call must be a text, and ok true or false');
    }
    return this.#posts.send({ tool_confirm: { id, ok } });
  }

  forgetAudio(): void {
    this.#posts.dropAudio();
  }

  interrupt(playedMs?: number): Promise<SendResult> {
    return this.#posts.send({ interrupt: playedMs === undefined ? {} : { played_ms: playedMs } });
  }

  setAudio(isAudio: boolean): Promise<void> {
    if (typeof isAudio !== 'boolean') {
      throw new TypeError(`setAudio: isAudio must be true or false; given: ${describeValue(isAudio)}`);
    }
    if (FINAL_STATES.includes(this.#state)) return Promise.resolve();
    this.#settings.setAudio(isAudio);
    return this.#requestSettings();
  }

  setSpeech(speech: Speech): Promise<void> {
    checkSpeech(speech);
    if (FINAL_STATES.includes(this.#state)) return Promise.resolve();
    this.#settings.setSpeech(speech);
    return this.#requestSettings();
  }

  reconnect(): void {
    if (this.#state === 'paused') this.#changeState('reconnecting');
    this.#connections.reconnect();
  }

  pause(): void {
    if (FINAL_STATES.includes(this.#state)) return;
    this.#connections.pause();
    this.#changeState('paused');
  }

  close(): void {
    this.#changeState('closed');
  }

  #requestSettings(): Promise<void> {
    const applied = this.#settings.request();
    this.#posts.hold();
    this.reconnect();
    return applied;
  }

  #onConnected(rung: Rung): void {
    if (this.#rung !== rung) this.#emitter.emit('rung', rung);
    this.#rung = rung;
    this.#settings.onConnected(rung);
    this.#changeState('open');
  }

  #onRefused(refusal: Refusal): void {
    // Another client was faster, or the call was cancelled: no news for a user.
    if (refusal.code !== 'tool_call_not_open') this.#emitter.emit('refused', refusal);
  }

  #fail(refusal: Refusal): void {
    if (FINAL_STATES.includes(this.#state)) return;
    this.#rejection = refusal;
    this.#changeState('failed');
    this.#emitter.emit('rejected', refusal);
  }

  #changeState(state: ClientState): void {
    if (this.#state === state || FINAL_STATES.includes(this.#state)) return;
    this.#state = state;
    if (FINAL_STATES.includes(state)) {
      this.#connections.stop();
      this.#tools?.stop();
      this.#posts.stop(this.#rejection);
      this.#settings.releaseWaiters();
    }
    this.#emitter.emit('state', state);
  }
}
