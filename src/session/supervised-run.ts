import type { LiveRunner, RunLiveParams } from '../agent/run/runner.ts';
import { FaultScope } from '../isolation/fault-scope.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import type { SessionLogger } from './session-logger.ts';
import { settleWithin } from './settle-within.ts';

export interface SupervisedRunOptions {
  readonly runner: LiveRunner;
  readonly params: Omit<RunLiveParams, 'abortSignal'>;
  readonly logger: SessionLogger;
  /** Called with each event. An error that it throws ends the run. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Called once, unless the run is aborted before. @param failure why the run has failed; `undefined` if it has ended */
  readonly onEnd: (failure: { readonly error: unknown } | undefined) => void;
}

/** Maximum time for the run before to end after it was told to stop, in ms. */
const SETTLE_MS = 5_000;

/**
 * One run, whose code is not trusted to be right: whatever the runner throws, now or later in a timer, fails this run, and only this run.
 * After the end of a run its late errors are logged once.
 */
export class SupervisedRun {
  readonly #logger: SessionLogger;
  readonly #ids: { readonly userId: string; readonly sessionId: string };
  readonly #stop = new AbortController();
  readonly #scope = new FaultScope((error) => this.#onFault(error));
  /** Released at the end of the run: a connection that its code has left open must not keep the session in memory. */
  #options: SupervisedRunOptions | undefined;
  #isLateLogged = false;
  /** Resolves when the runner has ended, and the store has all of its events. */
  #settled: Promise<void> = Promise.resolve();

  constructor(options: SupervisedRunOptions) {
    const { logger, params } = options;
    this.#options = options;
    this.#logger = logger;
    this.#ids = { userId: params.userId, sessionId: params.sessionId };
  }

  /** @param previous run that this one replaces. It stores its last events before this one reads the conversation */
  start(previous?: SupervisedRun): void {
    this.#settled = this.#scope.run(() => this.#follow(previous));
  }

  /** Ends the run at once. */
  abort(): void {
    this.#options = undefined;
    // Node reports what a listener throws to the scope in which the signal is aborted.
    this.#scope.run(() => this.#stop.abort());
  }

  async #follow(previous: SupervisedRun | undefined): Promise<void> {
    // A run that does not end must not keep the user from the next one.
    if (previous) await settleWithin(previous.#settled, SETTLE_MS);
    try {
      await this.#passEvents();
      this.#end(undefined);
    } catch (error) {
      if (this.#options) this.#end({ error });
    }
  }

  async #passEvents(): Promise<void> {
    if (!this.#options) return;
    const { runner, params } = this.#options;
    const events = runner.runLive({ ...params, abortSignal: this.#stop.signal });
    for await (const event of events) {
      if (!this.#options) return;
      this.#options.onEvent(event);
    }
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    const onEnd = this.#options?.onEnd;
    this.#options = undefined;
    try {
      onEnd?.(failure);
    } catch (error) {
      this.#logger.error({ ...this.#ids, err: error }, 'the end of a run could not be reported');
    }
  }

  /** The code of the runner has thrown where nobody catches, or has left a rejection. */
  #onFault(error: unknown): void {
    if (this.#options) {
      this.#end({ error });
      this.abort();
    } else if (!this.#isLateLogged) {
      this.#isLateLogged = true;
      this.#logger.warn({ ...this.#ids, err: error }, 'a run failed after its end');
    }
  }
}
