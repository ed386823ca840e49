import { toErrorDetails } from '../wire/error-text.ts';
import { FaultScope } from './fault-scope.ts';

/** The methods of a pino logger that this project uses. */
export interface BasicLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  child(bindings: object): BasicLogger;
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Whatever a logger leaves behind has no place where it could be reported. */
const scope = new FaultScope(() => {});

/**
 * Protects the server from a logger of its user, and a logger from the errors that it is given: whatever the logger does, the caller continues,
 * and an error under `err` is plain data.
 */
export class GuardedLogger implements BasicLogger {
  readonly #logger: Partial<BasicLogger>;

  /** @param logger a level that it does not have is not logged */
  constructor(logger: Partial<BasicLogger>) {
    // Guarded twice, an error would be converted twice and lose its type.
    this.#logger = logger instanceof GuardedLogger ? logger.#logger : logger;
  }

  debug(details: object, message: string): void {
    this.#log('debug', details, message);
  }

  info(details: object, message: string): void {
    this.#log('info', details, message);
  }

  warn(details: object, message: string): void {
    this.#log('warn', details, message);
  }

  error(details: object, message: string): void {
    this.#log('error', details, message);
  }

  child(bindings: object): BasicLogger {
    try {
      return new GuardedLogger(scope.run(() => this.#logger.child?.(bindings) ?? this.#logger));
    } catch {
      return this;
    }
  }

  #log(level: Level, details: object, message: string): void {
    try {
      const safe = 'err' in details ? { ...details, err: toErrorDetails(details.err) } : details;
      const result: unknown = scope.run(() => this.#logger[level]?.(safe, message));
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A line of the log is lost. The conversation is not.
    }
  }
}
