import type { LiveRunner } from '../agent/runner.ts';
import type { ConversationKey, ConversationStore } from '../store/conversation-store.ts';
import { turnsOf } from '../store/conversation-turns.ts';
import { parseCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { End } from '../wire/log-entry.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { EventLog, type EventLogLimits, type LogPosition } from './event-log.ts';
import { type Modality, RunSupervisor, type SessionLogger } from './run-supervisor.ts';

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
export interface Start {
  readonly position: LogPosition;
  /** What it must be told first, if its cursor does not lead here. */
  readonly reset?: ConnectionEvents['reset'];
}

/** Turns told in a `reset`: enough for a page to be filled again. */
const RESET_TURNS = 200;

/**
 * A conversation that is being spoken now: what is sent goes to its run, what the run yields into its log. It outlives its connections:
 * readers come and go, and only when none came back for `lingerMs` is it over.
 */
export class LiveSession {
  readonly userId: string;
  readonly sessionId: string;
  readonly log: EventLog;
  readonly #options: LiveSessionOptions;
  readonly #key: ConversationKey;
  readonly #runs: RunSupervisor;
  #end: End | undefined;
  /** A client asked for the end; the run is finishing. */
  #closing = false;
  /** It has ended, or the server goes down. */
  #over = false;
  #readers = 0;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Where the last reader that left stood. */
  #lastLeft: LogPosition = { seq: 1, frames: 0 };

  constructor(options: LiveSessionOptions, modality: Modality | undefined) {
    const { userId, sessionId, runner, logLimits, logger } = options;
    this.#options = options;
    this.userId = userId;
    this.sessionId = sessionId;
    this.#key = { appName: runner.card.appName, userId, sessionId };
    this.log = new EventLog(logLimits);
    this.#runs = new RunSupervisor(
      { userId, sessionId, runner, log: this.log, logger, onFinished: () => this.end({ reason: 'closed' }) },
      this.#effective(modality ?? 'TEXT'),
    );
    this.#linger();
  }

  /** What the agent answers in. */
  get modality(): Modality {
    return this.#runs.modality;
  }

  /** How it ended, if it has. */
  get ended(): End | undefined {
    return this.#end;
  }

  /** Nothing that is sent is taken any more, now or later. */
  get over(): boolean {
    return this.#over || this.#closing;
  }

  /** The model does not keep up: a source that can wait should. */
  get congested(): boolean {
    return this.#runs.congested;
  }

  /**
   * A reader comes. Each `attach` needs its `detach`.
   * @param cursor the id of the last frame it has, as it came; nothing for a reader that has none
   */
  async attach(cursor: string | undefined): Promise<Start> {
    const alone = this.#readers === 0;
    this.#readers += 1;
    clearTimeout(this.#lingerTimer);
    if (cursor === undefined) {
      if (!alone) return { position: this.#head() };
      return this.#lastLeft.seq >= this.log.oldest ? { position: this.#lastLeft } : this.reset('too_old');
    }
    const parsed = parseCursor(cursor);
    if (!parsed) return this.reset('malformed');
    const lookup = this.log.locate(parsed);
    return 'found' in lookup ? { position: lookup.found } : this.reset(lookup.reset);
  }

  /** A reader leaves. @param position where it stood */
  detach(position: LogPosition): void {
    this.#readers -= 1;
    this.#lastLeft = position;
    if (this.#readers === 0) this.#linger();
  }

  /** Where a reader goes on whose place in the log is lost: at the head, told the conversation so far. */
  async reset(reason: ConnectionEvents['reset']['reason']): Promise<Start> {
    const { store, logger } = this.#options;
    const position = this.#head();
    // Not in the store before it is complete, and before the head for a reader.
    const soFar = this.log.replySoFar();
    try {
      const { events, truncated } = await store.get(this.#key);
      const turns = turnsOf(events);
      if (soFar) turns.push({ role: 'model', text: soFar });
      const reset = { reason, turns: turns.slice(-RESET_TURNS), truncated: truncated || turns.length > RESET_TURNS };
      return { position, reset };
    } catch (error) {
      logger.error({ userId: this.userId, sessionId: this.sessionId, err: error }, 'the conversation cannot be read');
      return { position, reset: { reason, turns: [], truncated: true } };
    }
  }

  /** Answers in `modality` from now on: another run, the same conversation. */
  changeModality(modality: Modality): void {
    const effective = this.#effective(modality);
    if (effective !== this.modality) this.#runs.replace(effective);
  }

  /** Makes sure that somebody answers: tries again after a run that failed. */
  revive(): void {
    this.#runs.revive();
  }

  /**
   * Takes what a client sends, all of it or nothing.
   * @throws {WireError} session_ended, draining, request_queue_full
   */
  send(requests: readonly LiveRequest[]): void {
    if (this.#end || this.#closing) throw new WireError('session_ended');
    if (this.#over) throw new WireError('draining');
    const close = requests.findIndex((request) => request.close);
    if (close !== -1 && close < requests.length - 1) throw new WireError('malformed_item', 'Nothing may follow close');
    const said = requests.filter((request) => Object.keys(request).some((field) => field !== 'close'));
    if (said.length > 0) this.#runs.send(said);
    if (close === -1) return;
    this.#closing = true;
    this.#runs.finish();
  }

  /** Resolves when no reply is being given, and none was asked for. */
  async betweenTurns(): Promise<void> {
    while (this.#runs.busy) {
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
    this.log.append({ end });
    const { logger, onEnd } = this.#options;
    logger.info({ userId: this.userId, sessionId: this.sessionId, reason: end.reason }, 'live session ended');
    onEnd(this);
  }

  /** Lets go of the model and of all timers. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#lingerTimer);
    this.#runs.stop();
  }

  #linger(): void {
    if (this.#over) return;
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.end({ reason: 'idle' }), this.#options.lingerMs).unref();
  }

  #effective(modality: Modality): Modality {
    return this.#options.runner.card.audioOnly ? 'AUDIO' : modality;
  }

  #head(): LogPosition {
    return { seq: this.log.head + 1, frames: 0 };
  }
}
