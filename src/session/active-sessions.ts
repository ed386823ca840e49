import { parseCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { LiveSession, type LiveSessionOptions } from './live-session.ts';
import { type RunSettings, type Settled, settle } from './run-settings.ts';

export interface ActiveSessionsOptions extends Omit<LiveSessionOptions, 'userId' | 'sessionId' | 'onEnd'> {
  /** Live sessions at once; one more is refused with too_many_sessions. */
  readonly maxSessions: number;
}

export interface OpenParams {
  readonly userId: string;
  readonly sessionId: string;
  /** What the client asks for. */
  readonly settings: RunSettings;
  /** As it came. */
  readonly cursor: string | undefined;
  /** An EventSource that comes back by itself: it repeats the URL of its first request, which says nothing new to a live session. */
  readonly reconnect: boolean;
}

export interface Opened {
  readonly session: LiveSession;
  /** It talks in another way than before. */
  readonly replaced: boolean;
}

/** How long an ended session is answered with 410, ms. */
const ENDED_MS = 10 * 60_000;
const MAX_ENDED = 1_000;
/** How often logs that nothing is appended to are trimmed, ms. */
const TRIM_MS = 10_000;

interface EndedSession {
  readonly epoch: string;
  readonly at: number;
  /** The number of the entry that told it. */
  readonly toldBy: number;
  /** A client asked for it. After any other end a client may simply come back. */
  readonly asked: boolean;
}

/** The live sessions of this process, by user and session id (the samples' active_sessions). */
export class ActiveSessions {
  readonly #options: ActiveSessionsOptions;
  readonly #sessions = new Map<string, LiveSession>();
  /** Sessions that have ended, oldest first. */
  readonly #ended = new Map<string, EndedSession>();
  readonly #trimTimer: NodeJS.Timeout;

  constructor(options: ActiveSessionsOptions) {
    this.#options = options;
    this.#trimTimer = setInterval(() => {
      for (const session of this.#sessions.values()) session.log.trim();
    }, TRIM_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The session that a reader wants: the live one, or a new one.
   * @returns `ended` to a reader of a session that a client has ended, and to one that was told of another end: an EventSource comes back by
   * itself, and a limit would be none
   * @throws {WireError} invalid_run_config, too_many_sessions: there is nothing new then
   */
  open({ userId, sessionId, settings, cursor, reconnect }: OpenParams): Opened | 'ended' {
    const name = `${userId}/${sessionId}`;
    if (this.#hasEnded(name, cursor)) return 'ended';
    const live = this.#sessions.get(name);
    if (live) {
      const replaced = !reconnect && live.change(settings);
      if (!reconnect) live.revive();
      return { session: live, replaced };
    }
    const settled = this.#settle(settings, reconnect);
    if (this.#sessions.size >= this.#options.maxSessions) throw new WireError('too_many_sessions');
    const session = new LiveSession(
      { ...this.#options, userId, sessionId, onEnd: (ended) => this.#forget(name, ended) },
      settled,
    );
    this.#sessions.set(name, session);
    this.#options.logger.info({ userId, sessionId, modality: session.modality }, 'live session opened');
    return { session, replaced: false };
  }

  /** An EventSource that comes back by itself is never refused for what it says: that was good for another agent, before. */
  #settle(settings: RunSettings, reconnect: boolean): Settled {
    const { runner } = this.#options;
    try {
      return settle(runner, settings);
    } catch (error) {
      if (!reconnect) throw error;
      const { modality } = settings;
      return settle(runner, modality ? { modality } : {});
    }
  }

  /** @throws {WireError} session_ended, session_not_found */
  get(userId: string, sessionId: string): LiveSession {
    const name = `${userId}/${sessionId}`;
    const session = this.#sessions.get(name);
    if (session) return session;
    throw new WireError(this.#endOf(name)?.asked ? 'session_ended' : 'session_not_found');
  }

  /** Resolves when no session is giving a reply, or after `graceMs`. */
  async finishTurns(graceMs: number): Promise<void> {
    const { promise: graceOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([Promise.all([...this.#sessions.values()].map((session) => session.betweenTurns())), graceOver]);
    clearTimeout(timer);
  }

  /** Lets go of all sessions. */
  stop(): void {
    clearInterval(this.#trimTimer);
    for (const session of this.#sessions.values()) session.stop();
    this.#sessions.clear();
  }

  #forget(name: string, session: LiveSession): void {
    // A successor may have taken its place.
    if (this.#sessions.get(name) === session) this.#sessions.delete(name);
    this.#ended.delete(name);
    const { log, ended, isRead } = session;
    const asked = ended?.reason === 'closed';
    // Where nobody was told, nobody needs to be told again.
    if (!asked && !isRead) return;
    this.#ended.set(name, { epoch: log.epoch, at: Date.now(), toldBy: log.head, asked });
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(oldest);
    }
  }

  #hasEnded(name: string, cursor: string | undefined): boolean {
    const end = this.#endOf(name);
    const at = cursor === undefined ? undefined : parseCursor(cursor);
    return end !== undefined && end.epoch === at?.epoch && (end.asked || at.seq === end.toldBy);
  }

  #endOf(name: string): EndedSession | undefined {
    const ended = this.#ended.get(name);
    if (ended && Date.now() - ended.at > ENDED_MS) {
      this.#ended.delete(name);
      return undefined;
    }
    return ended;
  }
}
