import { createEventFactory } from '../agent/event-factory.ts';
import { LiveRequestQueue } from '../agent/live-request-queue.ts';
import type { LiveRunner } from '../agent/runner.ts';
import type { ConversationKey, ConversationStore } from '../store/conversation-store.ts';
import { turnsOf } from '../store/conversation-turns.ts';
import { parseCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { End } from '../wire/log-entry.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { EventLog, type EventLogLimits, type LogPosition } from './event-log.ts';

export type Modality = 'TEXT' | 'AUDIO';

/** The part of a pino logger that sessions use. */
export interface SessionLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface LiveSessionOptions {
  readonly userId: string;
  readonly sessionId: string;
  readonly runner: LiveRunner;
  readonly store: ConversationStore;
  readonly logLimits: EventLogLimits;
  /** How long it lives without a reader, ms. */
  readonly lingerMs: number;
  readonly logger: SessionLogger;
  /** Called once, when it is over. */
  readonly onEnd: (session: LiveSession) => void;
}

/** How a reader begins. */
export type Start = { position: LogPosition; reset?: ConnectionEvents['reset'] };

interface Run {
  readonly queue: LiveRequestQueue;
  readonly stop: AbortController;
}

/** Turns told in a `reset`: enough for a page to be filled again. */
const RESET_TURNS = 200;
/** After a failed run the next is tried at once; after two in a row we wait, ms, doubling up to the maximum. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/**
 * A conversation that is being spoken now: what is sent goes into its request queue, what its run yields into its log. It outlives
 * its connections: readers come and go, and only when none came back for `lingerMs` is it over.
 */
export class LiveSession {
  readonly userId: string;
  readonly sessionId: string;
  readonly log: EventLog;
  readonly #options: LiveSessionOptions;
  readonly #key: ConversationKey;
  readonly #stamp = createEventFactory();
  #modality: Modality;
  #run: Run | undefined;
  /** Settles when the newest run is over and has told the store all it knows. */
  #following: Promise<void> = Promise.resolve();
  #queue = new LiveRequestQueue();
  #end: End | undefined;
  /** A client asked for the end; the run is finishing. */
  #closing = false;
  #failures = 0;
  #nextTry = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #readers = 0;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Where the last reader that left stood. */
  #lastLeft: LogPosition = { seq: 1, frames: 0 };

  constructor(options: LiveSessionOptions, modality: Modality | undefined) {
    const { userId, sessionId, runner, logLimits } = options;
    this.#options = options;
    this.userId = userId;
    this.sessionId = sessionId;
    this.#key = { appName: runner.card.appName, userId, sessionId };
    this.#modality = this.#effective(modality ?? 'TEXT');
    this.log = new EventLog(logLimits);
    this.#startRun();
    this.#linger();
  }

  /** What the agent answers in. */
  get modality(): Modality {
    return this.#modality;
  }

  /** How it ended, if it has. */
  get ended(): End | undefined {
    return this.#end;
  }

  get readers(): number {
    return this.#readers;
  }

  /**
   * A reader comes. Each `attach` needs its `detach`.
   * @param cursor the id of the last frame it has, as it came; nothing for a reader that has none
   * @returns where it begins; with what it must be told first, if that is not where its cursor points
   */
  async attach(cursor: string | undefined): Promise<Start> {
    const alone = this.#readers === 0;
    this.#readers += 1;
    clearTimeout(this.#lingerTimer);
    if (cursor === undefined) {
      if (!alone) return { position: this.#head() };
      return this.#lastLeft.seq >= this.log.oldest ? { position: this.#lastLeft } : this.#reset('too_old');
    }
    const parsed = parseCursor(cursor);
    if (!parsed) return this.#reset('malformed');
    const lookup = this.log.locate(parsed);
    return 'found' in lookup ? { position: lookup.found } : this.#reset(lookup.reset);
  }

  /** A reader leaves. @param position where it stood */
  detach(position: LogPosition): void {
    this.#readers -= 1;
    this.#lastLeft = position;
    if (this.#readers === 0) this.#linger();
  }

  /** For a reader whose next entry is not held any more: what it must be told before it goes on from the head. */
  async behind(): Promise<Start> {
    return this.#reset('too_old');
  }

  /** Answers in `modality` from now on: another run, the same conversation. */
  changeModality(modality: Modality): void {
    const effective = this.#effective(modality);
    if (effective === this.#modality || this.#end || this.#closing) return;
    this.#modality = effective;
    this.#run?.stop.abort();
    this.#run = undefined;
    this.#endTurn();
    this.#failures = 0;
    this.#startRun();
  }

  /** Makes sure that somebody answers: tries again after a run that failed. */
  revive(): void {
    if (!this.#run && !this.#end) this.#retry();
  }

  /**
   * Takes what a client sends, all of it or nothing.
   * @throws {WireError} session_ended, request_queue_full
   */
  send(requests: readonly LiveRequest[]): void {
    if (this.#end || this.#closing) throw new WireError('session_ended');
    if (!this.#queue.hasRoomFor(requests)) throw new WireError('request_queue_full');
    for (const request of requests) {
      if (request.close) {
        this.finish();
        return;
      }
      this.#queue.send(request);
    }
    this.revive();
  }

  /** The model does not keep up: a source that can wait should. */
  get congested(): boolean {
    return this.#queue.congested;
  }

  /** The user is done: what was sent is passed on, then it is over. */
  finish(): void {
    if (this.#closing || this.#end) return;
    this.#closing = true;
    this.#queue.close();
    if (!this.#run) this.end({ reason: 'closed' });
  }

  /** Resolves when no reply is being given. */
  async betweenTurns(): Promise<void> {
    while (this.log.midTurn && this.#run) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = this.log.subscribe(resolve);
      await promise;
      stop();
    }
  }

  /** It is over, now, and its readers are told. */
  end(end: End): void {
    if (this.#end) return;
    this.#end = end;
    this.stop();
    this.#endTurn();
    this.log.append({ end });
    this.#options.logger.info({ ...this.#names(), reason: end.reason }, 'live session ended');
    this.#options.onEnd(this);
  }

  /** Lets go of the model and of all timers. */
  stop(): void {
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#retryTimer);
    this.#run?.stop.abort();
    this.#run = undefined;
    this.#queue.close();
  }

  #startRun(): void {
    const run: Run = { queue: new LiveRequestQueue(), stop: new AbortController() };
    for (const request of this.#queue.drain()) run.queue.send(request);
    this.#queue.close();
    this.#queue = run.queue;
    this.#run = run;
    this.#following = this.#follow(run, this.#following);
  }

  /** @param previous the run before, which must have stored its last words before this one reads the conversation */
  async #follow(run: Run, previous: Promise<void>): Promise<void> {
    await previous;
    let failure: WireError | undefined;
    try {
      const events = this.#options.runner.runLive({
        userId: this.userId,
        sessionId: this.sessionId,
        liveRequestQueue: run.queue,
        runConfig: { responseModalities: [this.#modality] },
        abortSignal: run.stop.signal,
      });
      for await (const event of events) {
        if (this.#run !== run) return;
        this.log.append({ event });
        if (event.turnComplete) this.#failures = 0;
      }
    } catch (error) {
      if (this.#run !== run) return;
      failure = error instanceof WireError ? error : new WireError('agent_failed');
      const { logger } = this.#options;
      if (error instanceof WireError)
        logger.warn({ ...this.#names(), code: error.code }, `run failed: ${error.message}`);
      else logger.error({ ...this.#names(), err: error }, 'run failed');
    }
    // It may have been replaced by another while it ended.
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#endTurn();
    if (this.#closing) return this.end({ reason: 'closed' });
    if (failure) this.#fail(failure);
  }

  #fail(failure: WireError): void {
    this.log.append({
      event: this.#stamp({ author: this.#options.runner.card.agent, status: { upstream: 'failed' } }),
    });
    this.log.append({ failure: failure.body() });
    // Speech from before the failure would be answered out of its time; what was typed is kept for the next run.
    const kept = this.#queue.drain().filter((request) => !request.blob);
    for (const request of kept) this.#queue.send(request);
    this.#nextTry =
      this.#failures === 0 ? 0 : Date.now() + Math.min(RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    this.#failures += 1;
  }

  /** A client that streams audio sends ten times a second: it must not make as many connections to a provider that refuses. */
  #retry(): void {
    if (this.#retryTimer) return;
    const waitMs = this.#nextTry - Date.now();
    if (waitMs <= 0) {
      this.#startRun();
      return;
    }
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (!this.#run && !this.#end) this.#startRun();
    }, waitMs).unref();
  }

  /** A run that ends in the middle of a reply leaves no client waiting for the rest of it. */
  #endTurn(): void {
    if (!this.log.midTurn) return;
    const author = this.#options.runner.card.agent;
    this.log.append({ event: this.#stamp({ author, interrupted: true }) });
    this.log.append({ event: this.#stamp({ author, turnComplete: true }) });
  }

  #linger(): void {
    if (this.#end) return;
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.end({ reason: 'idle' }), this.#options.lingerMs).unref();
  }

  #effective(modality: Modality): Modality {
    return this.#options.runner.card.audioOnly ? 'AUDIO' : modality;
  }

  #head(): LogPosition {
    return { seq: this.log.head + 1, frames: 0 };
  }

  async #reset(reason: ConnectionEvents['reset']['reason']): Promise<Start> {
    const position = this.#head();
    const { events, truncated } = await this.#options.store.get(this.#key);
    const turns = turnsOf(events);
    const reset = { reason, turns: turns.slice(-RESET_TURNS), truncated: truncated || turns.length > RESET_TURNS };
    return { position, reset };
  }

  #names(): { userId: string; sessionId: string } {
    return { userId: this.userId, sessionId: this.sessionId };
  }
}
