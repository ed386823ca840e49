import type { CloseInfo, ModelConnection } from '../../models/realtime-model.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { TurnView } from './turn-state.ts';

/** Minimum age of a healthy connection that has not completed a turn, in ms. */
const HEALTHY_MS = 10_000;
/** Maximum delay before a connection is closed after goAway, in ms: no provider keeps a connection for a day, and a timer counts at most 24 days. */
const MAX_CLOSE_DELAY_MS = 24 * 3_600_000;

/** A connection whose events are being reported. */
export interface Listening {
  readonly linked: LinkedConnection;
  /** Resolves when the connection has ended, with what it was before the turn was told of the loss. */
  readonly lost: Promise<LostConnection>;
}

export type LostConnection = Pick<LinkedConnection, 'closed' | 'goAwayReceived' | 'producedOutput' | 'isHealthy'>;

/** Connection of a `ModelLink`, with what the link knows about it. */
export class LinkedConnection {
  readonly connection: ModelConnection;
  /** Whether the provider has asked us to leave. */
  goAwayReceived = false;
  /** Whether the connection is only open to receive its resumption handle. */
  isLeaving = false;
  /** Whether the connection is being replaced by a fresh one, and what it still delivers is discarded. */
  isAbandoned = false;
  /** Whether another agent takes over: the connection accepts no input, and delivers only the last words of the user. */
  isHandedOver = false;
  /** Why the connection ended. */
  closed: CloseInfo = { cause: 'transient', error: new WireError('model_closed') };
  /** Connection that takes the place of this one; `undefined`: none does, or the attempt to open one was given up. */
  successor: Promise<Listening | undefined> | undefined;
  /** Number of the setup with which the connection was opened. */
  readonly setupNumber: number;
  readonly #turn: TurnView;
  readonly #openedAt = performance.now();
  readonly #firstTurn: number;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(connection: ModelConnection, turn: TurnView, setupNumber: number) {
    this.connection = connection;
    this.setupNumber = setupNumber;
    this.#turn = turn;
    this.#firstTurn = turn.state.turn;
  }

  get acceptsInput(): boolean {
    return this.connection.open && !this.isLeaving && !this.isAbandoned && !this.isHandedOver;
  }

  /** Whether the model produced anything on this connection. */
  get producedOutput(): boolean {
    const { turn, answerStarted } = this.#turn.state;
    return answerStarted || turn > this.#firstTurn;
  }

  /**
   * Whether the connection completed a turn, or is older than 10 s. A connection that ends in the middle of its first reply is not healthy, however
   * old it is: the question will be asked again, and it may be the question that breaks the connection.
   */
  get isHealthy(): boolean {
    const { turn, outputStarted } = this.#turn.state;
    return turn > this.#firstTurn || (!outputStarted && performance.now() - this.#openedAt > HEALTHY_MS);
  }

  /** Closes the connection after a delay, in ms. A later call replaces an earlier one. */
  closeIn(delayMs: number): void {
    clearTimeout(this.#closeTimer);
    const ms = Math.min(Math.max(0, delayMs), MAX_CLOSE_DELAY_MS);
    this.#closeTimer = setTimeout(() => this.connection.close(), ms).unref();
  }

  close(): void {
    clearTimeout(this.#closeTimer);
    this.connection.close();
  }
}
