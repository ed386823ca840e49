import { present } from '../agent/run-config.ts';
import type { LiveRunner } from '../agent/runner.ts';
import type { ConversationKey, ConversationStore } from '../store/conversation-store.ts';
import { turnsOf } from '../store/conversation-turns.ts';
import { parseCursor } from '../wire/cursor.ts';
import type { Envelope } from '../wire/envelope.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { End } from '../wire/log-entry.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { EventLog, type EventLogLimits, type LogPosition } from './event-log.ts';
import { Inbox, type InboxAnswer } from './inbox.ts';
import { checkRequests } from './request-rules.ts';
import { isSame, type Modality, type RunSettings, type Settled, settle } from './run-settings.ts';
import { RunSupervisor, type SessionLogger } from './run-supervisor.ts';
import { type Limits, lower, SessionLimits } from './session-limits.ts';

export interface LiveSessionOptions {
  readonly userId: string;
  readonly sessionId: string;
  readonly runner: LiveRunner;
  readonly store: ConversationStore;
  readonly logLimits: EventLogLimits;
  /** How long it lives without a reader, ms. */
  readonly lingerMs: number;
  /** Of every live session, whatever the agent says. */
  readonly limits: Limits;
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

/** Who reads. */
export interface Reader {
  /** As in the query; `undefined`: anonymous. */
  readonly client: string | undefined;
}

/** A connection of a client that has a name: one at a time, it gives way to a newer one. */
export interface ClientConnection {
  supersede(): void;
  /** The newest entry of the log that was written to it; the client came with everything up to there, if it is none. */
  readonly written: number;
}

/** What a POST in an envelope is answered. */
export interface PostAnswer extends InboxAnswer {
  /**
   * The newest entry that was written to the client's stream or WebSocket, or that its poll waits behind; `null`: it has none of them. One
   * that lacks it, and hears nothing, has a dead connection, and need not wait for the heartbeats to fail to appear.
   */
  readonly written: number | null;
}

/** How long a reply may take to finish when a live session has lasted as long as it may, ms. */
const LAST_REPLY_MS = 10_000;
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
  readonly #limits: SessionLimits;
  #settings: Settled['settings'];
  readonly #manualActivity: boolean | undefined;
  #end: End | undefined;
  /** A client asked for the end; the run is finishing. */
  #closing = false;
  /** It has ended, or the server goes down. */
  #over = false;
  readonly #inbox: Inbox;
  readonly #acks = new Acknowledgements();
  /** The newest connection of each client that has one. */
  readonly #connections = new Map<string, ClientConnection>();
  /** The readers that there are, and where each began. */
  readonly #attached = new Map<Reader, LogPosition>();
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Where the last reader that left stood. */
  #lastLeft: LogPosition = { seq: 1, frames: 0 };

  /** @param settled how it talks: what its first reader asked for */
  constructor(options: LiveSessionOptions, { settings, limits, manualActivity }: Settled) {
    const { userId, sessionId, runner, logLimits, logger } = options;
    this.#options = options;
    this.userId = userId;
    this.sessionId = sessionId;
    this.#key = { appName: runner.card.appName, userId, sessionId };
    this.log = new EventLog(logLimits);
    this.#settings = settings;
    this.#manualActivity = manualActivity;
    this.#limits = new SessionLimits({
      ...present({
        maxDurationMs: lower(limits.maxDurationMs, options.limits.maxDurationMs),
        idleTimeoutMs: lower(limits.idleTimeoutMs, options.limits.idleTimeoutMs),
      }),
      isTalking: () => this.log.midTurn,
      onReached: (reason) => void this.#endAtLimit(reason),
    });
    const onSaid = () => this.#limits.said();
    const onFinished = () => this.end({ reason: 'closed' });
    this.#runs = new RunSupervisor(
      { userId, sessionId, runner, log: this.log, logger, onSaid, onFinished },
      this.#settings,
    );
    this.#inbox = new Inbox((requests) => this.#deliver(requests));
    this.#linger();
  }

  /** What the agent answers in. */
  get modality(): Modality {
    return this.#settings.modality;
  }

  /** How it ended, if it has. */
  get ended(): End | undefined {
    return this.#end;
  }

  /** It has a reader. */
  get isRead(): boolean {
    return this.#attached.size > 0;
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
   * A reader comes. Each `attach` needs its `detach`, with the same reader.
   * @param cursor the id of the last frame it has, as it came; nothing for a reader that has none
   * @param races it may be there because another of its client gets nothing: without a cursor it begins where that one did
   */
  async attach(cursor: string | undefined, reader: Reader, races = false): Promise<Start> {
    const start = this.#startOf(cursor, races ? reader.client : undefined);
    this.#attached.set(reader, typeof start === 'string' ? this.#head() : start);
    clearTimeout(this.#lingerTimer);
    return typeof start === 'string' ? this.reset(start) : { position: start };
  }

  /** A reader leaves. @param position where it stood */
  detach(reader: Reader, position: LogPosition): void {
    if (!this.#attached.delete(reader)) return;
    this.#lastLeft = position;
    this.#acks.left(reader.client, Date.now());
    if (this.#attached.size === 0) this.#linger();
  }

  #startOf(cursor: string | undefined, rival: string | undefined): LogPosition | ConnectionEvents['reset']['reason'] {
    if (cursor !== undefined) {
      const parsed = parseCursor(cursor);
      if (!parsed) return 'malformed';
      const lookup = this.log.locate(parsed);
      return 'found' in lookup ? lookup.found : lookup.reset;
    }
    const readers = [...this.#attached];
    // What was written to its other connection hangs in a buffer on the way.
    const own = rival === undefined ? undefined : readers.find(([reader]) => reader.client === rival);
    if (!own && readers.length > 0) return this.#head();
    const start = own?.[1] ?? this.#lastLeft;
    return start.seq >= this.log.oldest ? start : 'too_old';
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

  /**
   * Talks as is asked for from now on: another run, the same conversation.
   * @returns whether it did not before
   * @throws {WireError} invalid_run_config: nothing has changed
   */
  change(asked: RunSettings): boolean {
    if (Object.keys(asked).length === 0) return false;
    const { settings } = settle(this.#options.runner, { ...this.#settings, ...asked });
    if (isSame(settings, this.#settings) || !this.#runs.replace(settings)) return false;
    this.#settings = settings;
    return true;
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
    this.#refuseIfOver();
    checkRequests(requests, this.#manualActivity);
    this.#runs.admit(requests);
    this.#deliver(requests);
  }

  /**
   * Takes one POST of a client that numbers its POSTs, or acknowledges events, or both. The body is decoded only if its number is due.
   * @throws {WireError} session_ended, draining, epoch_changed, outside_window, request_queue_full, or what `decode` throws
   */
  post(envelope: Envelope, decode: () => LiveRequest[]): PostAnswer {
    const { status, next } = this.#take(envelope, decode);
    return { status, next, written: this.#written(envelope.client) };
  }

  #take({ client, cseq, ack }: Envelope, decode: () => LiveRequest[]): InboxAnswer {
    this.#refuseIfOver();
    const next = this.#inbox.next(client);
    if (ack && ack.epoch !== this.log.epoch) {
      throw new WireError('epoch_changed', undefined, undefined, { epoch: this.log.epoch, next });
    }
    if (ack) this.#acknowledge(client, ack.seq);
    if (cseq !== undefined) {
      const decodeWhole = () => checkRequests(decode(), this.#manualActivity);
      return this.#inbox.take(client, cseq, decodeWhole, (requests) => this.#runs.admit(requests));
    }
    const requests = decode();
    if (requests.length > 0) this.send(requests);
    return { status: 'sent', next };
  }

  /** The number of a client's next POST. */
  next(client: string | undefined): number {
    return client === undefined ? 1 : this.#inbox.next(client);
  }

  /** The newest entry that a client has processed; `undefined` for one that never says so. */
  acked(client: string | undefined): number | undefined {
    return this.#acks.of(client);
  }

  /** A client's connection takes over from the one before; the return value gives it up again. */
  takeOver(client: string, connection: ClientConnection): () => void {
    const older = this.#connections.get(client);
    this.#connections.set(client, connection);
    older?.supersede();
    return () => {
      if (this.#connections.get(client) === connection) this.#connections.delete(client);
    };
  }

  #written(client: string): number | null {
    const connection = this.#connections.get(client);
    if (connection) return connection.written;
    for (const [reader, { seq }] of this.#attached) if (reader.client === client) return seq - 1;
    return null;
  }

  #refuseIfOver(): void {
    if (this.#end || this.#closing) throw new WireError('session_ended');
    if (this.#over) throw new WireError('draining');
  }

  #deliver(requests: readonly LiveRequest[]): void {
    // What was held behind a close.
    if (this.#closing || this.#over) return;
    const close = requests.findIndex((request) => request.close);
    const said = requests.filter((request) => Object.keys(request).some((field) => field !== 'close'));
    if (said.some((request) => !request.blob)) this.#limits.said();
    if (said.length > 0) this.#runs.send(said);
    if (close === -1) return;
    this.#closing = true;
    this.#runs.finish();
  }

  /** An acknowledgement of what was never sent is taken for one of all there is. */
  #acknowledge(client: string, seq: number): void {
    this.#acks.take(client, Math.min(seq, this.log.head));
    const attached = [...this.#attached.keys()].map((reader) => reader.client);
    this.log.release(this.#acks.releasable(attached, Date.now()));
    this.log.wakeReaders();
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
    this.#limits.stop();
    this.#runs.stop();
    // A poll that is held need not be any longer.
    this.log.wakeReaders();
  }

  /** What is sent meanwhile is taken, and in the conversation. */
  async #endAtLimit(reason: 'max_duration' | 'idle'): Promise<void> {
    if (reason === 'max_duration') await this.#lastReply();
    if (!this.#over) this.end({ reason });
  }

  async #lastReply(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LAST_REPLY_MS).unref();
    await Promise.race([this.betweenTurns(), late]);
    clearTimeout(timer);
  }

  #linger(): void {
    if (this.#over) return;
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.end({ reason: 'idle' }), this.#options.lingerMs).unref();
  }

  #head(): LogPosition {
    return { seq: this.log.head + 1, frames: 0 };
  }
}
