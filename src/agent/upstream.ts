import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConnectConfig,
  type ModelEvent,
  type RealtimeConnection,
  type RealtimeModel,
  ResumptionRefused,
} from '../models/realtime-model.ts';
import type { Content, UpstreamStatus } from '../wire/agent-event.ts';
import { WireError } from '../wire/error-catalogue.ts';

/** Tries in a row; then the run fails. The count begins anew once a connection has proved healthy. */
const MAX_ATTEMPTS = 5;
/** A connection that lived this long, ms, or completed a turn, was healthy. */
const HEALTHY_MS = 10_000;
/** The first wait, ms; it doubles with each try. */
const BACK_OFF_MS = 250;
/** How long before the provider's own deadline we leave, ms. */
const GO_AWAY_MARGIN_MS = 1_000;
/** No provider keeps a connection for a day; and a timer takes no more than 24 days. */
const MAX_GO_AWAY_MS = 24 * 3_600_000;

export interface UpstreamOptions {
  readonly model: RealtimeModel;
  readonly config: Omit<ConnectConfig, 'history' | 'handle'>;
  /** Of a conversation that the provider remembers, which the first connection continues. */
  readonly handle?: string | undefined;
  /** The conversation so far, for a connection that cannot be resumed. */
  readonly loadHistory: () => Promise<Content[]>;
  readonly onStatus: (status: UpstreamStatus) => void;
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

  /** No more connections: `run()` ends. */
  close(): void {
    this.#over = true;
    this.#connection?.close();
    this.#wake();
  }

  /** The same at once: a try that is under way is given up. */
  abort(): void {
    this.#try().abort();
    this.close();
  }

  /**
   * Hands on what the model says, until `close()`. A turn that was cut by a lost connection is ended by `interrupted` and `turn_complete`.
   * @throws {WireError} if the provider cannot be reached, refuses, or closes again and again
   */
  async run(onEvent: (event: ModelEvent) => void): Promise<void> {
    const { onStatus } = this.#options;
    let attempt = 1;
    onStatus({ upstream: 'connecting', attempt });
    try {
      while (!this.#over) {
        const connection = await this.#connect(attempt);
        const { closed, code, healthy, asked } = await this.#listen(connection, onEvent);
        if (this.#over) return;
        if (healthy) attempt = 1;
        // A provider that asks us to leave as soon as we come is no better than one that closes.
        const atOnce = asked && healthy;
        if (!atOnce) {
          if (attempt >= MAX_ATTEMPTS || !(closed.retry || asked)) throw closed;
          attempt += 1;
        }
        onStatus({ upstream: 'reconnecting', attempt, ...(code === undefined ? {} : { code }) });
        if (!atOnce) await this.#backOff(attempt);
      }
    } finally {
      this.#over = true;
      this.#wake();
    }
  }

  /** Hands on what one connection says, until it is closed. `asked`: the provider asked us to leave. */
  async #listen(
    connection: RealtimeConnection,
    onEvent: (event: ModelEvent) => void,
  ): Promise<{ closed: WireError; code: number | undefined; healthy: boolean; asked: boolean }> {
    const opened = performance.now();
    let closed: WireError | undefined;
    let code: number | undefined;
    let asked = false;
    let replying = false;
    let completed = false;
    let goAwayTimer: NodeJS.Timeout | undefined;
    try {
      for await (const event of connection.events) {
        if (event.type === 'closed') {
          closed = event.error;
          code = event.code;
        } else if (event.type === 'resumption') this.#handle = event.handle ?? this.#handle;
        else if (event.type === 'go_away') {
          asked = true;
          clearTimeout(goAwayTimer);
          const waitMs = Math.min(Math.max(0, event.timeLeftMs - GO_AWAY_MARGIN_MS), MAX_GO_AWAY_MS);
          goAwayTimer = setTimeout(() => connection.close(), waitMs).unref();
        } else {
          onEvent(event);
          if (isReply(event)) replying = true;
          if (event.type === 'turn_complete') {
            replying = false;
            completed = true;
            if (asked) connection.close();
          }
        }
      }
    } finally {
      clearTimeout(goAwayTimer);
      this.#connection = undefined;
      connection.close();
    }
    if (replying && !this.#over) {
      onEvent({ type: 'interrupted' });
      onEvent({ type: 'turn_complete' });
    }
    return {
      closed: closed ?? new WireError('model_closed'),
      code,
      healthy: completed || performance.now() - opened > HEALTHY_MS,
      asked,
    };
  }

  async #connect(attempt: number): Promise<RealtimeConnection> {
    const { model, config, loadHistory, onStatus } = this.#options;
    for (let tries = attempt; ; tries += 1) {
      const handle = this.#handle;
      try {
        const connection = await model.connect(
          handle === undefined ? { ...config, history: await loadHistory() } : { ...config, history: [], handle },
          this.#try().signal,
        );
        this.#trying = undefined;
        this.#connection = connection;
        if (this.#over) connection.close();
        onStatus({ upstream: handle !== undefined ? 'resumed' : this.#again ? 'reseeded' : 'ready' });
        this.#again = true;
        this.#wake();
        return connection;
      } catch (error) {
        if (error instanceof ResumptionRefused) this.#handle = undefined;
        // The very first connection is not tried again: who waits for it wants to know what is wrong.
        else if (!(error instanceof WireError) || !error.retry || !this.#again || tries >= MAX_ATTEMPTS) throw error;
        onStatus({ upstream: 'reconnecting', attempt: tries + 1 });
        await this.#backOff(tries + 1);
      }
    }
  }

  /** Before the given attempt, from the second. Full jitter, so that a provider's restart does not bring all sessions back in one instant. */
  #backOff(attempt: number): Promise<void> {
    return delay(Math.random() * BACK_OFF_MS * 2 ** (attempt - 2), undefined, { signal: this.#try().signal });
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

function isReply({ type }: ModelEvent): boolean {
  return type === 'audio' || type === 'text' || type === 'output_transcript';
}
