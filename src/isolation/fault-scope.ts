import { AsyncLocalStorage } from 'node:async_hooks';

/** The scope to which the running code belongs, in every callback and after every `await`. */
const scopes = new AsyncLocalStorage<FaultScope | undefined>();

/**
 * Code of an author that runs in this process: a call of a tool, a runner, a store. An error that the code throws in a timer or an event
 * handler, or a rejection that nobody handles, is reported to the scope in which the timer, the handler or the promise was created. The handlers
 * of `installFaultHandlers` find the scope.
 */
export class FaultScope {
  readonly #onFault: (error: unknown) => void;

  /** @param onFault called with each error that nobody has caught, also long after the code has returned. Must not throw */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Runs code in the scope, together with everything that the code starts. */
  run<T>(code: () => T): T {
    return scopes.run(this, code);
  }

  /** Reports an error, outside of the scope: the code that handles the report is not the author's. */
  report(error: unknown): void {
    scopes.run(undefined, () => this.#onFault(error));
  }
}

/** Returns the scope of the running code. `undefined`: the code belongs to the server itself. */
export function findFaultScope(): FaultScope | undefined {
  return scopes.getStore();
}
