import type { ModelConnection, ModelEvent } from '../../models/realtime-model.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import {
  ConnectionAttempts,
  type ConnectionAttemptsOptions,
  MAX_ATTEMPTS,
  type OpenedConnection,
} from './connection-attempts.ts';
import { LinkedConnection, type Listening, type LostConnection } from './linked-connection.ts';

/** How long before the provider's deadline the connection is closed, in ms. */
const GO_AWAY_MARGIN_MS = 1_000;
/** Maximum wait for the resumption handle of the last turn before a connection is left, in ms. */
const HANDLE_WAIT_MS = 1_000;

/** Events of a connection that still count when another agent takes over: the last words of the user, and what the reply has cost. */
const DELIVERED_TO_THE_LAST: ReadonlySet<ModelEvent['type']> = new Set(['input_transcript', 'usage']);

export interface ModelLinkOptions extends Omit<ConnectionAttemptsOptions, 'onRetry'> {
  /**
   * Whether the model may still wait for results of calls. A session that is resumed then ignores those results, and may take the next question for
   * the end of the old one, so that a fresh connection is opened (pipecat#5465, pydantic-ai).
   */
  readonly awaitsResults: () => boolean;
  readonly onStatus: (status: UpstreamStatus) => void;
  readonly onEvent: (event: ModelEvent) => void;
  /** @param producedOutput whether the model produced anything on the connection */
  readonly onConnectionLost: (producedOutput: boolean) => void;
  /** Called when connections that were open end again and again, before the run fails: what was sent on them may be the reason. */
  readonly onGivenUp: () => void;
  /** Called with a new connection after a lost one, before anything else is sent on the new one. */
  readonly onReconnected: (connection: ModelConnection) => void;
  /** Called with a fresh connection that takes the place of an open one, before anything else is sent on the fresh one. */
  readonly onSwitched: (connection: ModelConnection) => void;
  /** Called with the reason why a refresh was given up. The model keeps the setup that it has. */
  readonly onRefreshFailed: (error: unknown) => void;
}

/**
 * Link to the model for the duration of a run, over one connection after the other. A lost connection is resumed by its handle. Without a usable
 * handle a fresh connection receives the conversation so far. The old connection is always closed before the next one is opened, because Gemini
 * closes with 1011 if the same session is open twice.
 */
export class ModelLink {
  readonly #options: ModelLinkOptions;
  #current: LinkedConnection | undefined;
  readonly #attempts: ConnectionAttempts;
  /** Whether the setup is to be renewed as soon as the model is idle. */
  #isRefreshDue = false;
  /** Whether a failed attempt was reported, and no connection that is open since. */
  #isReconnecting = false;
  #closed = false;
  /** Resolvers of pending `waitForConnection()` calls. */
  #waiters: (() => void)[] = [];

  constructor(options: ModelLinkOptions) {
    this.#options = options;
    this.#attempts = new ConnectionAttempts({ ...options, onRetry: (attempt) => this.#reportAttempt(attempt) });
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
    this.#attempts.close();
    this.#current?.connection.close();
    this.#wakeWaiters();
  }

  /**
   * Leaves the current connection for a fresh one that is told the conversation, because the provider's session is stuck. Nothing that the old
   * connection still delivers is reported.
   */
  replaceConnection(): void {
    // An attempt in progress was told of what may have been removed since.
    this.#renewSetup();
    const linked = this.#current;
    if (!linked) return;
    linked.isAbandoned = true;
    linked.connection.close();
  }

  /**
   * Another agent takes over now. A fresh connection is opened beside the current one, which accepts no input any more and delivers only the last words
   * of the user. Input waits for the fresh connection.
   */
  handOver(): void {
    this.#renewSetup();
    const linked = this.#current;
    // Without a connection, the attempt in progress is repeated with the new setup.
    if (!linked) return;
    linked.isHandedOver = true;
    // So is one that a refresh is making.
    if (!linked.successor) this.#openSuccessor(linked);
  }

  /**
   * Tells the model anew who the agent is, as soon as the model is idle. The current connection is used until the fresh one is open, so that the
   * conversation has no gap.
   */
  refresh(): void {
    this.#isRefreshDue = true;
    this.#refreshIfIdle();
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
      let listening = this.#startListening(await this.#connect(attempt));
      while (!this.#closed) {
        const lost = await listening.lost;
        const successor = await listening.linked.successor;
        if (this.#closed) return;
        if (successor) {
          listening = successor;
          attempt = 1;
          wasRejected = false;
          continue;
        }
        const { closed, goAwayReceived, producedOutput, isHealthy } = lost;
        if (this.#options.awaitsResults()) this.#attempts.forgetHandle();
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
        if (!isOrderly) await this.#attempts.backOff(attempt);
        listening = this.#startListening(await this.#connect(attempt));
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
    const { exchanges, phase } = this.#options.turn.state;
    return exchanges === 'single' || phase === 'idle';
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
        if (linked.isAbandoned || (linked.isHandedOver && !DELIVERED_TO_THE_LAST.has(event.type))) continue;
        if (event.type === 'go_away') {
          this.#onGoAway(linked, event.timeLeftMs);
          continue;
        }
        if (event.type === 'resumption' && event.handle !== undefined && this.#acceptsHandle) {
          this.#attempts.recordHandle(event.handle, linked.setupNumber);
        }
        const { exchange } = turn.state;
        onEvent(event);
        if (turn.state.exchange !== exchange) this.#refreshIfDue();
        if (!linked.goAwayReceived) continue;
        if (linked.isLeaving) {
          if (event.type === 'resumption' && !this.#attempts.isHandleStale) linked.connection.close();
        } else if (turn.state.exchange !== exchange) this.#closeGracefully(linked);
      }
    } finally {
      if (this.#current === linked) this.#current = undefined;
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
    linked.closeIn(this.#attempts.isHandleStale ? HANDLE_WAIT_MS : 0);
  }

  /** Starts to report the events of a connection. */
  #startListening(linked: LinkedConnection): Listening {
    const lost = this.#listen(linked);
    // `run` awaits it, perhaps later: the connection may have followed another one whose end takes longer.
    lost.catch(() => {});
    return { linked, lost };
  }

  /** Opens the first connection, or one after a connection that was lost. @param attempt number of the first attempt in a row */
  #connect(attempt: number): Promise<LinkedConnection> {
    return this.#attempts.open(attempt, (opened) => this.#onConnected(opened));
  }

  #onConnected({ connection, isResumption, setupNumber, isFirst }: OpenedConnection): LinkedConnection {
    const { turn, onStatus, onReconnected } = this.#options;
    if (!isFirst) onReconnected(connection);
    const linked = new LinkedConnection(connection, turn, setupNumber);
    this.#current = linked;
    onStatus({ upstream: isResumption ? 'resumed' : isFirst ? 'ready' : 'reseeded' });
    this.#isReconnecting = false;
    this.#wakeWaiters();
    return linked;
  }

  /** Reports an attempt after one that failed, unless the user has a connection meanwhile: then it is one of a refresh. */
  #reportAttempt(attempt: number): void {
    if (this.connection) return;
    this.#isReconnecting = true;
    this.#options.onStatus({ upstream: 'reconnecting', attempt });
  }

  /** Connections that are opened from now on have the setup of now. A session that is resumed would keep the old one. */
  #renewSetup(): void {
    this.#attempts.renewSetup();
    this.#isRefreshDue = false;
  }

  #refreshIfIdle(): void {
    const linked = this.#current;
    const { phase } = this.#options.turn.state;
    if (phase !== 'idle' || linked?.successor) return;
    this.#renewSetup();
    // A connection that is leaving is followed by one with the new setup anyway.
    if (linked && !linked.isLeaving) this.#openSuccessor(linked);
  }

  #openSuccessor(linked: LinkedConnection): void {
    linked.successor = this.#succeed(linked);
    // `run` awaits it once the connection has ended.
    linked.successor.catch(() => {});
  }

  /** Opens a fresh connection, and leaves the given one for it. @returns `undefined` if a refresh is given up, or has to wait until the model is idle */
  async #succeed(linked: LinkedConnection): Promise<Listening | undefined> {
    const { exchange } = this.#options.turn.state;
    try {
      return await this.#attempts.open(1, (opened) => this.#switchTo(opened, linked, exchange));
    } catch (error) {
      if (linked.isHandedOver) {
        // `run` fails with the error once the connection has ended.
        linked.close();
        throw error;
      }
      linked.successor = undefined;
      if (this.#closed) return undefined;
      this.#options.onRefreshFailed(error);
      this.#refreshIfDue();
      return undefined;
    }
  }

  /** @param exchange the exchange in which the fresh connection was told the conversation */
  #switchTo(
    { connection, setupNumber }: OpenedConnection,
    linked: LinkedConnection,
    exchange: number,
  ): Listening | undefined {
    const { turn, onStatus, onSwitched } = this.#options;
    if (!linked.isHandedOver && (turn.state.exchange !== exchange || turn.state.answerStarted)) {
      // The fresh connection does not know what was said meanwhile.
      connection.close();
      linked.successor = undefined;
      this.refresh();
      return undefined;
    }
    linked.isAbandoned = true;
    linked.close();
    const current = new LinkedConnection(connection, turn, setupNumber);
    this.#current = current;
    onSwitched(connection);
    if (this.#isReconnecting) onStatus({ upstream: 'reseeded' });
    this.#isReconnecting = false;
    this.#wakeWaiters();
    this.#refreshIfDue();
    return this.#startListening(current);
  }

  /** Carries a refresh out that was requested during another change of the connection. */
  #refreshIfDue(): void {
    if (this.#isRefreshDue) this.#refreshIfIdle();
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
