import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConnectConfig,
  type ModelEvent,
  type RealtimeConnection,
  type RealtimeModel,
  ResumptionRefused,
} from '../models/realtime-model.ts';
import type { UpstreamStatus } from '../wire/agent-event.ts';
import { WireError } from '../wire/error-catalogue.ts';

/** Tries in a row; then the run fails. The count begins anew once a connection has proved healthy. */
const MAX_ATTEMPTS = 5;
/** The same for the very first one: who waits for it wants to know what is wrong. */
const MAX_FIRST_ATTEMPTS = 3;
/**
 * A connection that lived this long, ms, or completed a turn, was healthy. One that broke in the middle of its first reply was not, however long
 * that was: the question is asked again, and it may be the question that breaks it.
 */
const HEALTHY_MS = 10_000;
/** The longest wait before the second try, ms: somebody is waiting for the rest of a sentence. */
const FIRST_BACK_OFF_MS = 100;
/** The same before the third; it doubles with each try. */
const BACK_OFF_MS = 500;
/** How long before the provider's own deadline we leave, ms. */
const GO_AWAY_MARGIN_MS = 1_000;
/** How long after the turn in which we were asked to leave its handle is waited for, ms, where handles are given. */
const HANDLE_MS = 1_000;
/** No provider keeps a connection for a day; and a timer takes no more than 24 days. */
const MAX_GO_AWAY_MS = 24 * 3_600_000;

export interface UpstreamOptions {
  readonly model: RealtimeModel;
  readonly config: Omit<ConnectConfig, 'history' | 'answered' | 'handle'>;
  /** Of a conversation that the provider remembers, which the first connection continues. */
  readonly handle?: string | undefined;
  /** The conversation so far, for a connection that cannot be resumed. */
  readonly loadHistory: () => Promise<Pick<ConnectConfig, 'history' | 'answered'>>;
  readonly onStatus: (status: UpstreamStatus) => void;
  readonly onEvent: (event: ModelEvent) => void;
  /** Nothing was asked that waits for an answer. */
  readonly isIdle: () => boolean;
  /** The connection is lost. @param replying in the middle of a reply, of which nothing more will come */
  readonly onLost: (replying: boolean) => void;
  /** There is another, which nothing was sent to yet. @param resumed it knows the conversation up to its last complete turn from the provider */
  readonly onReconnected: (connection: RealtimeConnection, resumed: boolean) => void;
}

/**
 * The way to the model for as long as a run lasts, over one upstream connection after the other: a lost one is resumed by its
 * handle, or else a fresh one is told the conversation so far. The old one is always closed first: Gemini closes with 1011
 * if the same session is open twice.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  #connection: RealtimeConnection | undefined;
  #handle: string | undefined;
  /** A turn was completed since the handle was given: the provider would not know of it. */
  #stale = false;
  /** There was a connection before. */
  #again = false;
  #over = false;
  /** Of the try, or the wait before one, that is under way. */
  #trying: AbortController | undefined;
  /** Those who wait for a connection. */
  #waiting: (() => void)[] = [];

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#handle = options.handle;
  }

  /** The open connection, if there is one now. One that is being closed drops what it is given: it does not count. */
  get connection(): RealtimeConnection | undefined {
    return this.#connection?.open ? this.#connection : undefined;
  }

  /** The open connection, as soon as there is one; `undefined` once there will be none. */
  async ready(): Promise<RealtimeConnection | undefined> {
    while (!this.connection && !this.#over) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.connection;
  }

  /** No more connections: a try that is under way is given up, and `run()` ends. */
  close(): void {
    this.#over = true;
    this.#try().abort();
    this.#connection?.close();
    this.#wake();
  }

  /**
   * Hands on what the model says, until `close()`.
   * @throws {WireError} if the provider cannot be reached, refuses, or closes again and again
   */
  async run(): Promise<void> {
    const { onStatus, onLost } = this.#options;
    let attempt = 1;
    /** It was refused what it had taken before. */
    let refused = false;
    onStatus({ upstream: 'connecting', attempt });
    try {
      while (!this.#over) {
        const connection = await this.#connect(attempt);
        const { closed, code, worked, healthy, asked, replying } = await this.#listen(connection);
        if (this.#over) return;
        onLost(replying);
        if (healthy) {
          attempt = 1;
          refused = false;
        }
        // Gemini closes a conversation that went well with 1007 or 1008, too, when it has trouble of its own. Once more tells.
        const isOdd: boolean = closed.code === 'model_request_refused' && worked && !refused;
        refused ||= isOdd;
        // A provider that asks us to leave as soon as we come is no better than one that closes.
        const atOnce = asked && healthy;
        if (!atOnce) {
          if (attempt >= MAX_ATTEMPTS || !(closed.retry || asked || isOdd)) throw closed;
          attempt += 1;
        }
        onStatus({ upstream: 'reconnecting', attempt, ...(code === undefined ? {} : { code }) });
        if (!atOnce) await this.#backOff(attempt);
      }
    } catch (error) {
      if (!this.#over) throw error;
    } finally {
      this.#over = true;
      this.#wake();
    }
  }

  /** Hands on what one connection says, until it is closed. */
  async #listen(connection: RealtimeConnection): Promise<Ended> {
    const opened = performance.now();
    let closed: WireError | undefined;
    let code: number | undefined;
    let asked = false;
    let replying = false;
    let worked = false;
    let completed = false;
    let leaveTimer: NodeJS.Timeout | undefined;
    const leaveIn = (ms: number) => {
      clearTimeout(leaveTimer);
      leaveTimer = setTimeout(() => connection.close(), Math.min(Math.max(0, ms), MAX_GO_AWAY_MS)).unref();
    };
    const isHealthy = () => completed || (!replying && performance.now() - opened > HEALTHY_MS);
    const leave = () => {
      // What is said from now on is for the next one.
      this.#connection = undefined;
      leaveIn(this.#handle !== undefined && this.#stale ? HANDLE_MS : 0);
    };
    try {
      for await (const event of connection.events) {
        if (event.type === 'closed') {
          closed = event.error;
          code = event.code;
          continue;
        }
        if (event.type === 'go_away') {
          asked = true;
          // What is left already waits for no more than its handle.
          if (this.#connection !== connection) continue;
          // Where nobody waits it is not noticed now; later it might cut an answer. But one that has not proved healthy may be all there is.
          if (isHealthy() && this.#options.isIdle()) leave();
          else leaveIn(event.timeLeftMs - GO_AWAY_MARGIN_MS);
          continue;
        }
        if (event.type === 'resumption' && event.handle !== undefined) {
          this.#handle = event.handle;
          this.#stale = false;
        }
        if (isReply(event)) replying = true;
        worked ||= replying || event.type === 'tool_call' || event.type === 'turn_complete';
        if (event.type === 'turn_complete') {
          replying = false;
          completed = true;
          this.#stale = true;
        }
        this.#options.onEvent(event);
        if (!asked) continue;
        const isLeft = this.#connection !== connection;
        if (event.type === 'turn_complete' && !isLeft) leave();
        // It was waited for.
        if (event.type === 'resumption' && isLeft && !this.#stale) connection.close();
      }
    } finally {
      clearTimeout(leaveTimer);
      this.#connection = undefined;
      connection.close();
    }
    return {
      closed: closed ?? new WireError('model_closed'),
      code,
      worked,
      healthy: isHealthy(),
      asked,
      replying,
    };
  }

  async #connect(attempt: number): Promise<RealtimeConnection> {
    const { model, config, loadHistory, onStatus, onReconnected } = this.#options;
    for (let tries = attempt; ; tries += 1) {
      const handle = this.#stale ? undefined : this.#handle;
      try {
        const connection = await model.connect(
          handle === undefined ? { ...config, ...(await loadHistory()) } : { ...config, history: [], handle },
          this.#try().signal,
        );
        this.#trying = undefined;
        if (this.#over) connection.close();
        else if (this.#again) onReconnected(connection, handle !== undefined);
        this.#connection = connection;
        onStatus({ upstream: handle !== undefined ? 'resumed' : this.#again ? 'reseeded' : 'ready' });
        this.#again = true;
        this.#wake();
        return connection;
      } catch (error) {
        if (error instanceof ResumptionRefused) this.#handle = undefined;
        else {
          const most = this.#again ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS;
          if (!(error instanceof WireError) || !error.retry || tries >= most) throw error;
        }
        onStatus({ upstream: 'reconnecting', attempt: tries + 1 });
        await this.#backOff(tries + 1);
      }
    }
  }

  /** Before the given attempt, from the second. Full jitter, so that a provider's restart does not bring all sessions back in one instant. */
  #backOff(attempt: number): Promise<void> {
    const mostMs = attempt === 2 ? FIRST_BACK_OFF_MS : BACK_OFF_MS * 2 ** (attempt - 3);
    return delay(Math.random() * mostMs, undefined, { signal: this.#try().signal });
  }

  #try(): AbortController {
    this.#trying ??= new AbortController();
    return this.#trying;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** How a connection ended. */
interface Ended {
  readonly closed: WireError;
  readonly code: number | undefined;
  /** It has begun to answer something. */
  readonly worked: boolean;
  readonly healthy: boolean;
  /** The provider asked us to leave. */
  readonly asked: boolean;
  readonly replying: boolean;
}

function isReply({ type }: ModelEvent): boolean {
  return type === 'audio' || type === 'text' || type === 'output_transcript';
}
