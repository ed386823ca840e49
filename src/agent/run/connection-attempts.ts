import { setTimeout as delay } from 'node:timers/promises';
import {
  type ModelConnection,
  type ModelSetup,
  type RealtimeModel,
  ResumptionRefused,
} from '../../models/realtime-model.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { SessionHandles } from './session-handles.ts';
import type { TurnView } from './turn-state.ts';

/** Maximum number of consecutive attempts, after which the run fails. A healthy connection resets the count. */
export const MAX_ATTEMPTS = 5;
/** Maximum number of attempts for the first connection: the user is waiting to learn what is wrong. */
const MAX_FIRST_ATTEMPTS = 3;
/** Maximum wait before the second attempt to open the first connection, in ms. It triples with each further attempt: an outage lasts longer than that. */
const FIRST_CONNECT_BACK_OFF_MS = 1_000;
/** Maximum wait before the second attempt to replace a lost connection, in ms. The wait is short because the user may be waiting for the rest of a sentence. */
const FIRST_BACK_OFF_MS = 100;
/** Maximum wait before the third attempt, in ms. The wait doubles with each further attempt. */
const BACK_OFF_MS = 500;

export interface ConnectionAttemptsOptions {
  readonly model: RealtimeModel;
  /** Creates the setup of a connection that is opened now: that of the agent which is active. */
  readonly createSetup: () => Promise<Omit<ModelSetup, 'history' | 'answered' | 'handle'>>;
  /** Handle of a conversation that the provider remembers and the first connection continues. */
  readonly handle?: string | undefined;
  /** Handles beyond the run. */
  readonly sessionHandles: SessionHandles;
  /** Whether a lost connection is resumed by the provider's handle. Otherwise a fresh connection receives the conversation. */
  readonly usesHandles: boolean;
  /** Turn of the run. */
  readonly turn: TurnView;
  /** Loads the conversation for a connection that cannot be resumed. */
  readonly loadHistory: () => Promise<Pick<ModelSetup, 'history' | 'answered'>>;
  /** Called after an attempt that failed, before the wait for the next one. @param attempt number of the next one */
  readonly onRetry: (attempt: number) => void;
}

/** A connection that accepts input, and was opened with the setup of now. */
export interface OpenedConnection {
  readonly connection: ModelConnection;
  /** Whether it continues a session of the provider. */
  readonly isResumption: boolean;
  /** Whether it is the first of the run. */
  readonly isFirst: boolean;
  readonly setupNumber: number;
}

/** Opens the connections of a run: with which setup and which handle, how often it tries, and how long it waits in between. */
export class ConnectionAttempts {
  readonly #options: ConnectionAttemptsOptions;
  /** The newest resumption handle, and the turn in which the provider issued it. */
  #handle: { readonly value: string; readonly turn: number } | undefined;
  #hasConnected = false;
  /** Number of the setup that connections are to have. A connection with an earlier one has another agent. */
  #setupNumber = 1;
  #closed = false;
  /** Aborts the current attempt, or the wait before it. */
  #abort: AbortController | undefined;

  constructor(options: ConnectionAttemptsOptions) {
    this.#options = options;
    const { handle, turn } = options;
    this.#handle = handle === undefined ? undefined : { value: handle, turn: turn.state.turn };
  }

  /** Whether the handle was issued before the last turn was completed, so that the provider would resume without that turn. */
  get isHandleStale(): boolean {
    return this.#handle !== undefined && this.#handle.turn !== this.#options.turn.state.turn;
  }

  /** Keeps a handle for the next attempt. A session that is resumed keeps the instruction with which it began: the handle of an earlier setup is ignored. */
  recordHandle(value: string, setupNumber: number): void {
    const { usesHandles, turn, sessionHandles } = this.#options;
    if (!usesHandles || setupNumber !== this.#setupNumber) return;
    this.#handle = { value, turn: turn.state.turn };
    sessionHandles.onHandle(value);
  }

  /** The next connection receives the conversation. */
  forgetHandle(): void {
    this.#handle = undefined;
  }

  /** Connections that are opened from now on have the setup of now. An attempt in progress is repeated. */
  renewSetup(): void {
    this.#setupNumber += 1;
    this.#handle = undefined;
    this.#options.sessionHandles.discard();
  }

  /** Ends the attempt in progress, and all further ones. */
  close(): void {
    this.#closed = true;
    this.#getAbort().abort();
  }

  /**
   * Opens a connection.
   * @param attempt number of the first attempt in a row
   * @param use called with the connection in the same moment in which its setup is found to be that of now
   * @throws {WireError} the provider cannot be reached, or refuses the connection
   * @throws {Error} `close` was called
   */
  async open<T>(attempt: number, use: (opened: OpenedConnection) => T): Promise<T> {
    for (let tries = attempt; ; ) {
      const setupNumber = this.#setupNumber;
      const opened = await this.#try(tries);
      if (!opened) tries += 1;
      else if (this.#closed || setupNumber !== this.#setupNumber) {
        opened.connection.close();
        this.#getAbort().signal.throwIfAborted();
      } else {
        const isFirst = !this.#hasConnected;
        this.#hasConnected = true;
        return use({ ...opened, isFirst, setupNumber });
      }
    }
  }

  /**
   * Waits before the given attempt, from the second. The wait is random (full jitter), so that a restart of the provider does not make all sessions
   * reconnect at the same moment.
   */
  backOff(attempt: number): Promise<void> {
    const reconnectMs = attempt === 2 ? FIRST_BACK_OFF_MS : BACK_OFF_MS * 2 ** (attempt - 3);
    const maxMs = this.#hasConnected ? reconnectMs : FIRST_CONNECT_BACK_OFF_MS * 3 ** (attempt - 2);
    return delay(Math.random() * maxMs, undefined, { signal: this.#getAbort().signal });
  }

  /** @returns `undefined` if the attempt has failed, after the wait for the next one */
  async #try(attempt: number): Promise<Pick<OpenedConnection, 'connection' | 'isResumption'> | undefined> {
    const { model, createSetup, loadHistory, sessionHandles, onRetry } = this.#options;
    try {
      const setup = await createSetup();
      const handle = this.isHandleStale ? undefined : (this.#handle?.value ?? sessionHandles.find(setup));
      const isResumption = handle !== undefined;
      const connection = await model.connect(
        isResumption ? { ...setup, history: [], handle } : { ...setup, ...(await loadHistory()) },
        this.#getAbort().signal,
      );
      if (!this.#closed) this.#abort = undefined;
      sessionHandles.onOpened(setup, isResumption);
      return { connection, isResumption };
    } catch (error) {
      if (error instanceof ResumptionRefused) {
        this.#handle = undefined;
        sessionHandles.discard();
      } else {
        const maxAttempts = this.#hasConnected ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS;
        if (!(error instanceof WireError) || !error.retry || attempt >= maxAttempts) throw error;
      }
    }
    onRetry(attempt + 1);
    await this.backOff(attempt + 1);
    return undefined;
  }

  #getAbort(): AbortController {
    this.#abort ??= new AbortController();
    return this.#abort;
  }
}
