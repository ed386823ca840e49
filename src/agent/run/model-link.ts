import { setTimeout as delay } from 'node:timers/promises';
import {
  type ModelConnection,
  type ModelEvent,
  type ModelSetup,
  type RealtimeModel,
  ResumptionRefused,
} from '../../models/realtime-model.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import { WireError } from '../../wire/wire-error.ts';
import { LinkedConnection } from './linked-connection.ts';
import type { TurnView } from './turn-state.ts';

/** Maximum number of consecutive attempts, after which the run fails. A healthy connection resets the count. */
const MAX_ATTEMPTS = 5;
/** Maximum number of attempts for the first connection: the user is waiting to learn what is wrong. */
const MAX_FIRST_ATTEMPTS = 3;
/** Maximum wait before the second attempt to open the first connection, in ms. It triples with each further attempt: an outage lasts longer than that. */
const FIRST_CONNECT_BACK_OFF_MS = 1_000;
/** Maximum wait before the second attempt to replace a lost connection, in ms. The wait is short because the user may be waiting for the rest of a sentence. */
const FIRST_BACK_OFF_MS = 100;
/** Maximum wait before the third attempt, in ms. The wait doubles with each further attempt. */
const BACK_OFF_MS = 500;
/** How long before the provider's deadline the connection is closed, in ms. */
const GO_AWAY_MARGIN_MS = 1_000;
/** Maximum wait for the resumption handle of the last turn before a connection is left, in ms. */
const HANDLE_WAIT_MS = 1_000;

export interface ModelLinkOptions {
  readonly model: RealtimeModel;
  /** Creates the setup of a connection that is opened now. */
  readonly createSetup: () => Omit<ModelSetup, 'history' | 'answered' | 'handle'>;
  /** Handle of a conversation that the provider remembers and the first connection continues. */
  readonly handle?: string | undefined;
  /** Whether a lost connection is resumed by the provider's handle. Otherwise a fresh connection receives the conversation. */
  readonly usesHandles: boolean;
  /**
   * Whether the model may still wait for results of calls. A session that is resumed then ignores those results, and may take the next question for
   * the end of the old one, so that a fresh connection is opened (pipecat#5465, pydantic-ai).
   */
  readonly awaitsResults: () => boolean;
  /** Turn of the run. `onEvent` applies each event to this turn. */
  readonly turn: TurnView;
  /** Loads the conversation for a connection that cannot be resumed. */
  readonly loadHistory: () => Promise<Pick<ModelSetup, 'history' | 'answered'>>;
  readonly onStatus: (status: UpstreamStatus) => void;
  readonly onEvent: (event: ModelEvent) => void;
  /** @param producedOutput whether the model produced anything on the connection */
  readonly onConnectionLost: (producedOutput: boolean) => void;
  /** Called when connections that were open end again and again, before the run fails: what was sent on them may be the reason. */
  readonly onGivenUp: () => void;
  /** Called with a new connection after a lost one, before anything else is sent on the new one. */
  readonly onReconnected: (connection: ModelConnection) => void;
}

/**
 * Link to the model for the duration of a run, over one connection after the other. A lost connection is resumed by its handle. Without a usable
 * handle a fresh connection receives the conversation so far. The old connection is always closed before the next one is opened, because Gemini
 * closes with 1011 if the same session is open twice.
 */
export class ModelLink {
  readonly #options: ModelLinkOptions;
  #current: LinkedConnection | undefined;
  /** The newest resumption handle, and the turn in which the provider issued it. */
  #handle: { readonly value: string; readonly turn: number } | undefined;
  #hasConnected = false;
  #closed = false;
  /** Aborts the current attempt, or the wait before it. */
  #connectAbort: AbortController | undefined;
  /** Resolvers of pending `waitForConnection()` calls. */
  #waiters: (() => void)[] = [];

  constructor(options: ModelLinkOptions) {
    this.#options = options;
    const { handle, turn } = options;
    this.#handle = handle === undefined ? undefined : { value: handle, turn: turn.state.turn };
  }

  /** The connection that accepts input, if there is one now. A connection that is closing does not count: it would discard the input. */
  get connection(): ModelConnection | undefined {
    return this.#current?.acceptsInput ? this.#current.connection : undefined;
  }

  /** Waits for a connection that accepts input. Resolves with `undefined` once the link is closed. */
  async waitForConnection(): Promise<ModelConnection | undefined> {
    while (!this.connection && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    return this.connection;
  }

  /** Closes the link: aborts an attempt to connect, closes the connection, and makes `run()` return. */
  close(): void {
    this.#closed = true;
    this.#getConnectAbort().abort();
    this.#current?.connection.close();
    this.#wakeWaiters();
  }

  /**
   * Leaves the current connection for a fresh one that is told the conversation, because the provider's session is stuck. Nothing that the old
   * connection still delivers is reported.
   */
  replaceConnection(): void {
    this.#handle = undefined;
    const linked = this.#current;
    if (!linked) return;
    linked.isAbandoned = true;
    linked.connection.close();
  }

  /**
   * Connects, reports events, and reconnects until `close()` is called.
   * @throws {WireError} if the provider cannot be reached, refuses the connection, or closes it again and again
   */
  async run(): Promise<void> {
    const { onStatus, onConnectionLost } = this.#options;
    let attempt = 1;
    let wasRejected = false;
    onStatus({ upstream: 'connecting', attempt });
    try {
      while (!this.#closed) {
        const lost = await this.#listen(await this.#connect(attempt));
        if (this.#closed) return;
        const { closed, goAwayReceived, producedOutput, isHealthy } = lost;
        if (this.#options.awaitsResults()) this.#handle = undefined;
        onConnectionLost(producedOutput);
        if (isHealthy) {
          attempt = 1;
          wasRejected = false;
        }
        // A provider may reject a healthy connection because of an internal fault. Retry once to tell that from a request it really rejects.
        const maybeFault: boolean = closed.mayBeTransient === true && producedOutput && !wasRejected;
        wasRejected ||= maybeFault;
        // A provider that sends goAway as soon as we connect is no better than one that closes the connection.
        const isOrderly = goAwayReceived && isHealthy;
        if (!isOrderly) {
          const canRetry = closed.error.retry || goAwayReceived || maybeFault;
          if (attempt >= MAX_ATTEMPTS || !canRetry) {
            this.#options.onGivenUp();
            throw closed.error;
          }
          attempt += 1;
        }
        onStatus({ upstream: 'reconnecting', attempt, ...(closed.code === undefined ? {} : { code: closed.code }) });
        if (!isOrderly) await this.#backOff(attempt);
      }
    } catch (error) {
      if (!this.#closed) throw error;
    } finally {
      this.#closed = true;
      this.#wakeWaiters();
    }
  }

  /**
   * Whether a handle that arrives now can be used. A session that is resumed in the middle of an exchange waits for the calls of the lost connection,
   * and does not answer the question that is asked again (pipecat#5465).
   */
  get #acceptsHandle(): boolean {
    const { usesHandles, turn } = this.#options;
    return usesHandles && (turn.state.exchanges === 'single' || turn.state.phase === 'idle');
  }

  /** Whether the handle was issued before the last turn was completed, so that the provider would resume without that turn. */
  get #handleStale(): boolean {
    return this.#handle !== undefined && this.#handle.turn !== this.#options.turn.state.turn;
  }

  /** Reports the events of one connection until the connection is closed. */
  async #listen(linked: LinkedConnection): Promise<LostConnection> {
    const { turn, onEvent } = this.#options;
    try {
      for await (const event of linked.connection.events) {
        if (event.type === 'closed') {
          linked.closed = event;
          continue;
        }
        if (linked.isAbandoned) continue;
        if (event.type === 'go_away') {
          this.#onGoAway(linked, event.timeLeftMs);
          continue;
        }
        if (event.type === 'resumption' && event.handle !== undefined && this.#acceptsHandle) {
          this.#handle = { value: event.handle, turn: turn.state.turn };
        }
        const { exchange } = turn.state;
        onEvent(event);
        if (!linked.goAwayReceived) continue;
        if (linked.isLeaving) {
          if (event.type === 'resumption' && !this.#handleStale) linked.connection.close();
        } else if (turn.state.exchange !== exchange) this.#closeGracefully(linked);
      }
    } finally {
      this.#current = undefined;
      linked.close();
    }
    // The loss of the connection changes the turn: read it now.
    const { closed, goAwayReceived, producedOutput, isHealthy } = linked;
    return { closed, goAwayReceived, producedOutput, isHealthy };
  }

  #onGoAway(linked: LinkedConnection, timeLeftMs: number): void {
    linked.goAwayReceived = true;
    // The connection is already closing and waits only for its handle.
    if (linked.isLeaving) return;
    // If no answer is pending, reconnect now: nobody notices, and waiting may cut off a later answer. Keep a connection that has not proved
    // healthy, because the next one may be no better.
    if (linked.isHealthy && this.#options.turn.state.phase === 'idle') this.#closeGracefully(linked);
    else linked.closeIn(timeLeftMs - GO_AWAY_MARGIN_MS);
  }

  /** Closes the connection after the handle of the last turn has arrived. New input waits for the next connection. */
  #closeGracefully(linked: LinkedConnection): void {
    linked.isLeaving = true;
    linked.closeIn(this.#handleStale ? HANDLE_WAIT_MS : 0);
  }

  async #connect(attempt: number): Promise<LinkedConnection> {
    const { model, createSetup, turn, loadHistory, onStatus, onReconnected } = this.#options;
    for (let tries = attempt; ; tries += 1) {
      const handle = this.#handleStale ? undefined : this.#handle?.value;
      const isResumption = handle !== undefined;
      try {
        const connection = await model.connect(
          isResumption ? { ...createSetup(), history: [], handle } : { ...createSetup(), ...(await loadHistory()) },
          this.#getConnectAbort().signal,
        );
        this.#connectAbort = undefined;
        if (this.#closed) connection.close();
        else if (this.#hasConnected) onReconnected(connection);
        const linked = new LinkedConnection(connection, turn);
        this.#current = linked;
        onStatus({ upstream: isResumption ? 'resumed' : this.#hasConnected ? 'reseeded' : 'ready' });
        this.#hasConnected = true;
        this.#wakeWaiters();
        return linked;
      } catch (error) {
        if (error instanceof ResumptionRefused) this.#handle = undefined;
        else {
          const maxAttempts = this.#hasConnected ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS;
          if (!(error instanceof WireError) || !error.retry || tries >= maxAttempts) throw error;
        }
        onStatus({ upstream: 'reconnecting', attempt: tries + 1 });
        await this.#backOff(tries + 1);
      }
    }
  }

  /**
   * Waits before the given attempt, from the second. The wait is random (full jitter), so that a restart of the provider does not make all sessions
   * reconnect at the same moment.
   */
  #backOff(attempt: number): Promise<void> {
    const reconnectMs = attempt === 2 ? FIRST_BACK_OFF_MS : BACK_OFF_MS * 2 ** (attempt - 3);
    const maxMs = this.#hasConnected ? reconnectMs : FIRST_CONNECT_BACK_OFF_MS * 3 ** (attempt - 2);
    return delay(Math.random() * maxMs, undefined, { signal: this.#getConnectAbort().signal });
  }

  #getConnectAbort(): AbortController {
    this.#connectAbort ??= new AbortController();
    return this.#connectAbort;
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** A connection that has ended, as it was before the turn was told of the loss. */
type LostConnection = Pick<LinkedConnection, 'closed' | 'goAwayReceived' | 'producedOutput' | 'isHealthy'>;
