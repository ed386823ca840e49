import { toErrorDetails } from '../wire/error-text.ts';

/** Status of a process that ends because of an error of the server itself: EX_SOFTWARE of sysexits.h. */
export const FAULT_STATUS = 70;
/** Time that closing may take beyond the grace period of replies, in ms. Then the process ends without it. */
const CLOSE_MS = 5_000;

export interface ShutdownOptions {
  readonly close: () => Promise<void>;
  /** Maximum time that replies have to finish, in ms. */
  readonly graceMs: number;
  readonly logger: { info(details: object, message: string): void; error(details: object, message: string): void };
}

/** The end of a server: begins once, whatever asks for it first, and decides the exit status of the process. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #ended = Promise.withResolvers<void>();
  #hasBegun = false;
  #status = 0;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Resolves with the exit status when the server has closed, at the latest 5 s after the grace period. */
  async waitForEnd(): Promise<number> {
    await this.#ended.promise;
    return this.#status;
  }

  /** The process was asked to end. @param cause what has asked, for the log */
  onTermination(cause: string): void {
    this.#begin(cause);
  }

  /** The server itself has failed. An end that has begun already then has status 70. */
  onServerFault(): void {
    this.#status = FAULT_STATUS;
    this.#begin('server fault');
  }

  #begin(cause: string): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { graceMs, logger } = this.#options;
    logger.info({}, `${cause}: finishing replies, then closing`);
    setTimeout(() => this.#ended.resolve(), graceMs + CLOSE_MS);
    void this.#close().then(this.#ended.resolve);
  }

  async #close(): Promise<void> {
    try {
      await this.#options.close();
    } catch (error) {
      this.#status = FAULT_STATUS;
      this.#options.logger.error({ err: toErrorDetails(error) }, 'the server could not be closed');
    }
  }
}
