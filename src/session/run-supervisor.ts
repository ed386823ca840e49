import { createEventFactory } from '../agent/event-factory.ts';
import { LiveRequestQueue } from '../agent/live-request-queue.ts';
import type { LiveRunner } from '../agent/runner.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { EventLog } from './event-log.ts';
import { type RunSettings, toRunConfig } from './run-settings.ts';

/** The part of a pino logger that sessions use. */
export interface SessionLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RunSupervisorOptions {
  readonly userId: string;
  readonly sessionId: string;
  readonly runner: LiveRunner;
  /** What the runs yield goes there, and how they fail. */
  readonly log: EventLog;
  readonly logger: SessionLogger;
  /** A run yielded something; how its connection fares is nothing. */
  readonly onSaid: () => void;
  /** Called once, when the last run is over after `finish()`. */
  readonly onFinished: () => void;
}

interface Run {
  readonly queue: LiveRequestQueue;
  readonly stop: AbortController;
  /** Settles when it is over and has told the store all it knows. */
  settled: Promise<void>;
}

/** After a failed run the next is tried at once; after two in a row we wait, ms, doubling up to the maximum. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** How long a run may take to settle after it was told to stop, or to finish, ms; then we go on without it. */
const SETTLE_MS = 5_000;

/**
 * Keeps a run going for one live session: one after the other, never two. A run that is replaced hands what it has not read to its
 * successor; one that fails is tried again when there is something to say.
 */
export class RunSupervisor {
  readonly #options: RunSupervisorOptions;
  readonly #stamp = createEventFactory();
  #settings: RunSettings;
  /** The run that is going on; not the one that failed. */
  #run: Run | undefined;
  /** What is sent: the queue of the run, or of the next one. */
  #queue = new LiveRequestQueue();
  /** Something was typed that no reply was completed since. */
  #asked = false;
  #finishing = false;
  #stopped = false;
  #failures = 0;
  #nextTry = 0;
  /** Of the next try, or of the end of a run that does not finish. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunSupervisorOptions, settings: RunSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#start();
  }

  /** A reply is being given, or was asked for. */
  get busy(): boolean {
    return this.#run !== undefined && (this.#asked || this.#options.log.midTurn);
  }

  /** The model does not keep up: a source that can wait should. */
  get congested(): boolean {
    return this.#queue.congested;
  }

  /** @throws {WireError} request_queue_full: there is no room for these */
  admit(requests: readonly LiveRequest[]): void {
    if (!this.#queue.hasRoomFor(requests)) throw new WireError('request_queue_full');
  }

  /** Puts a run with these settings in the place of the one that is going on; the conversation is kept. @returns whether it did: not at the end */
  replace(settings: RunSettings): boolean {
    if (this.#stopped || this.#finishing) return false;
    this.#settings = settings;
    const previous = this.#run;
    this.#abandonRun();
    this.#failures = 0;
    this.#start(previous);
    return true;
  }

  /** Makes sure that somebody answers: tries again after a run that failed. */
  revive(): void {
    if (this.#run || this.#stopped || this.#finishing || this.#timer) return;
    // A client that streams audio sends ten times a second: it must not make as many connections to a provider that refuses.
    const waitMs = this.#nextTry - Date.now();
    if (waitMs <= 0) this.#start();
    else this.#timer = setTimeout(() => this.#start(), waitMs).unref();
  }

  /** Takes requests for the model; ask `admit` first. */
  send(requests: readonly LiveRequest[]): void {
    for (const request of requests) {
      this.#queue.send(request);
      if (request.content && !request.partial) this.#asked = true;
    }
    this.revive();
  }

  /** No more will be sent: what waits is passed on, then `onFinished` is called. */
  finish(): void {
    if (this.#finishing || this.#stopped) return;
    this.#finishing = true;
    this.#queue.close();
    clearTimeout(this.#timer);
    if (!this.#run) this.#options.onFinished();
    else this.#timer = setTimeout(() => this.#options.onFinished(), SETTLE_MS).unref();
  }

  /** Lets go of the model, at once and for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#abandonRun();
    this.#queue.close();
  }

  #abandonRun(): void {
    this.#run?.stop.abort();
    this.#run = undefined;
    this.#endTurn();
  }

  /** @param previous the run that this one replaces: it stores its last words before this one reads the conversation */
  #start(previous?: Run): void {
    // The timer of a next try ends here, or was overtaken.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const run: Run = { queue: new LiveRequestQueue(), stop: new AbortController(), settled: Promise.resolve() };
    for (const request of this.#takeWaiting()) run.queue.send(request);
    this.#queue.close();
    this.#queue = run.queue;
    this.#run = run;
    run.settled = this.#follow(run, previous);
  }

  /** What waits for the next run. Speech from before a failure would be answered out of its time: only what was typed is kept. */
  #takeWaiting(): LiveRequest[] {
    const waiting = this.#queue.drain();
    if (this.#failures === 0) return waiting;
    return waiting.flatMap(({ content, partial }) => (content ? [{ content, ...(partial ? { partial } : {}) }] : []));
  }

  async #follow(run: Run, previous: Run | undefined): Promise<void> {
    if (previous) await this.#untilSettled(previous);
    if (this.#run !== run) return;
    let failure: WireError | undefined;
    try {
      const { runner, log, userId, sessionId, onSaid } = this.#options;
      const events = runner.runLive({
        userId,
        sessionId,
        liveRequestQueue: run.queue,
        runConfig: toRunConfig(this.#settings),
        abortSignal: run.stop.signal,
      });
      for await (const event of events) {
        if (this.#run !== run) return;
        if (event.turnComplete) {
          this.#failures = 0;
          this.#asked = false;
        }
        const told = withoutHandle(event);
        if (!told) continue;
        if (!told.status) onSaid();
        log.append({ event: told });
      }
    } catch (error) {
      if (this.#run !== run) return;
      failure = error instanceof WireError ? error : new WireError('agent_failed');
      const { logger, userId, sessionId } = this.#options;
      if (error instanceof WireError)
        logger.warn({ userId, sessionId, code: error.code }, `run failed: ${error.message}`);
      else logger.error({ userId, sessionId, err: error }, 'run failed');
    }
    // It may have been replaced by another while it ended.
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#endTurn();
    if (failure && !this.#finishing) this.#fail(failure);
    if (this.#finishing) this.#options.onFinished();
  }

  /** A run that does not end when it is told to must not keep the user from the next one. */
  async #untilSettled({ settled }: Run): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SETTLE_MS).unref();
    await Promise.race([settled, late]);
    clearTimeout(timer);
  }

  #fail(failure: WireError): void {
    const { runner, log } = this.#options;
    log.append({ event: this.#stamp({ author: runner.card.agent, status: { upstream: 'failed' } }) });
    log.append({ failure: failure.body() });
    this.#nextTry =
      this.#failures === 0 ? 0 : Date.now() + Math.min(RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    this.#failures += 1;
    // At once, not when the next run begins: what is left of a flood would keep new text out.
    for (const request of this.#takeWaiting()) this.#queue.send(request);
  }

  /** A run that ends in the middle of a reply leaves no client waiting for the rest of it. */
  #endTurn(): void {
    const { runner, log } = this.#options;
    if (!log.midTurn) return;
    const author = runner.card.agent;
    log.append({ event: this.#stamp({ author, interrupted: true }) });
    log.append({ event: this.#stamp({ author, turnComplete: true }) });
  }
}

/**
 * A resumption handle is as good as the conversation itself: it does not come where clients read, whatever dialect they read in.
 * @returns `undefined` if there is nothing else in it
 */
function withoutHandle(event: AgentEvent): AgentEvent | undefined {
  if (!event.liveSessionResumptionUpdate) return event;
  const { liveSessionResumptionUpdate: _, ...told } = event;
  const { id, invocationId, author, timestamp, customMetadata, ...rest } = told;
  return Object.keys(rest).length > 0 ? told : undefined;
}
