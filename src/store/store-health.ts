/** The methods of a pino logger that stores use. */
export interface StoreLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Whether the session store works. An outage begins with a failure. It ends with a success, if no failed operation is being retried any more. */
export class StoreHealth {
  readonly #logger: StoreLogger | undefined;
  /** Sources whose last operation failed and is being retried. */
  readonly #failing = new Set<object>();
  /** When the outage began, in ms since 1970; `undefined` if there is none. */
  #failingSince: number | undefined;
  /** Turns dropped since the last outage. */
  #droppedTurns = 0;

  constructor(logger: StoreLogger | undefined) {
    this.#logger = logger;
  }

  get status(): 'ok' | 'failing' {
    return this.#failingSince === undefined ? 'ok' : 'failing';
  }

  /** Logs a warning for the first failure of an outage. */
  onFailure(source: object, error: unknown): void {
    this.#failing.add(source);
    if (this.#failingSince !== undefined) return;
    this.#failingSince = Date.now();
    this.#logger?.warn(
      { err: error },
      'the session store fails: conversations continue in memory, commits are retried',
    );
  }

  /** Logs the end of an outage. */
  onSuccess(source: object): void {
    this.#failing.delete(source);
    if (this.#failingSince === undefined || this.#failing.size > 0) return;
    const details = { outageMs: Date.now() - this.#failingSince, droppedTurns: this.#droppedTurns };
    this.#failingSince = undefined;
    this.#droppedTurns = 0;
    this.#logger?.info(details, 'the session store works again');
  }

  /** The source does not retry its operation any more. */
  onGivenUp(source: object): void {
    this.#failing.delete(source);
  }

  /** Logs an error for the first turn that is dropped in an outage. */
  onTurnDropped(details: object): void {
    this.#droppedTurns += 1;
    if (this.#droppedTurns > 1) return;
    this.#logger?.error(details, 'a turn was dropped without being stored: the session store has failed for too long');
  }
}
