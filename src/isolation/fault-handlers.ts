import { toErrorDetails } from '../wire/error-text.ts';
import { type FaultScope, findFaultScope } from './fault-scope.ts';
import { PromiseOwners } from './promise-owners.ts';

export interface FaultHandlersOptions {
  /** Receives each error that belongs to no tool, run or store, with its stack. */
  readonly logger: { error(details: object, message: string): void };
  /**
   * Called with the first error that belongs to no tool, run or store: the state of the process is not known any more. Close the server, so that
   * conversations end in an orderly way, then end the process with a status other than 0.
   */
  readonly onServerFault: (error: unknown) => void;
}

/** Maximum number of errors of the server itself that are logged: one of them may return with every turn of the event loop. */
const MAX_LOGGED = 20;

const owners = new PromiseOwners();
/** Number of installed handlers. */
let installed = 0;

/**
 * Handles the errors of this process that nobody has caught (`uncaughtException`) and the rejections that nobody has handled
 * (`unhandledRejection`), for as long as the process runs. An error of a tool becomes the error of its call; an error of a runner ends its run;
 * an error of a store is logged. Every other error is logged and reported to `onServerFault`.
 *
 * `npm start` and the command `bidi-sse` install these handlers. A program that mounts the service in a server of its own decides itself: without
 * them Node ends the process at the first such error.
 * @returns a function that removes the handlers
 */
export function installFaultHandlers(options: FaultHandlersOptions): () => void {
  const handlers = new FaultHandlers(options);
  const onException = (error: unknown) => handlers.handle(error, findFaultScope());
  const onRejection = (reason: unknown, promise: object) =>
    handlers.handle(reason, owners.find(promise) ?? findFaultScope());
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  installed += 1;
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
    installed -= 1;
  };
}

/**
 * Records which promises a tool creates, if the handlers that need this record are installed.
 * @returns a function that ends this, to be called once when the call has ended
 */
export function recordPromises(): () => void {
  return installed > 0 ? owners.record() : noRecord;
}

function noRecord(): void {}

class FaultHandlers {
  readonly #options: FaultHandlersOptions;
  #faults = 0;

  constructor(options: FaultHandlersOptions) {
    this.#options = options;
  }

  /** Never throws: Node would end the process at once. */
  handle(error: unknown, scope: FaultScope | undefined): void {
    try {
      if (scope) scope.report(error);
      else this.#onServerFault(error);
    } catch (failure) {
      this.#onServerFault(failure);
    }
  }

  #onServerFault(error: unknown): void {
    this.#faults += 1;
    if (this.#faults <= MAX_LOGGED) this.#log(error);
    if (this.#faults > 1) return;
    try {
      this.#options.onServerFault(error);
    } catch (failure) {
      this.#log(failure);
    }
  }

  #log(error: unknown): void {
    const err = toErrorDetails(error);
    try {
      this.#options.logger.error({ err }, 'an error that nobody caught belongs to no tool, run or store');
    } catch {
      console.error(err);
    }
  }
}
