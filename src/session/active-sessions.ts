import { parseCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { LiveSession, type LiveSessionOptions } from './live-session.ts';
import type { Modality } from './run-supervisor.ts';

export interface ActiveSessionsOptions extends Omit<LiveSessionOptions, 'userId' | 'sessionId' | 'onEnd'> {
  /** Live sessions at once; one more is refused with too_many_sessions. */
  readonly maxSessions: number;
}

export interface OpenParams {
  readonly userId: string;
  readonly sessionId: string;
  /** What the client asks for; nothing: as it is. */
  readonly modality: Modality | undefined;
  /** As it came. */
  readonly cursor: string | undefined;
  /** An EventSource that comes back by itself: it repeats the URL of its first request, which says nothing new to a live session. */
  readonly reconnect: boolean;
}

export interface Opened {
  readonly session: LiveSession;
  /** It answers in another modality than before. */
  readonly replaced: boolean;
}

/** How long an ended session is answered with 410, ms. */
const ENDED_MS = 10 * 60_000;
const MAX_ENDED = 1_000;
/** How often logs that nothing is appended to are trimmed, ms. */
const TRIM_MS = 10_000;

/** The live sessions of this process, by user and session id (the samples' active_sessions). */
export class ActiveSessions {
  readonly #options: ActiveSessionsOptions;
  readonly #sessions = new Map<string, LiveSession>();
  /** Sessions that a client ended, oldest first. */
  readonly #ended = new Map<string, { epoch: string; at: number }>();
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
   * @returns `ended` to a reader of a session that a client has ended
   * @throws {WireError} too_many_sessions
   */
  open({ userId, sessionId, modality, cursor, reconnect }: OpenParams): Opened | 'ended' {
    const name = `${userId}/${sessionId}`;
    const epoch = cursor === undefined ? undefined : parseCursor(cursor)?.epoch;
    if (epoch !== undefined && this.#endedEpoch(name) === epoch) return 'ended';
    const live = this.#sessions.get(name);
    if (live) {
      const replaced = !reconnect && modality !== undefined && live.changeModality(modality);
      if (!reconnect) live.revive();
      return { session: live, replaced };
    }
    if (this.#sessions.size >= this.#options.maxSessions) throw new WireError('too_many_sessions');
    const session = new LiveSession(
      { ...this.#options, userId, sessionId, onEnd: (ended) => this.#forget(name, ended) },
      modality,
    );
    this.#sessions.set(name, session);
    this.#options.logger.info({ userId, sessionId, modality: session.modality }, 'live session opened');
    return { session, replaced: false };
  }

  /** @throws {WireError} session_ended, session_not_found */
  get(userId: string, sessionId: string): LiveSession {
    const name = `${userId}/${sessionId}`;
    const session = this.#sessions.get(name);
    if (session) return session;
    throw new WireError(this.#endedEpoch(name) === undefined ? 'session_not_found' : 'session_ended');
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
    // Only an end that was asked for is remembered: after any other a client may simply come back.
    if (session.ended?.reason !== 'closed') return;
    this.#ended.set(name, { epoch: session.log.epoch, at: Date.now() });
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(oldest);
    }
  }

  #endedEpoch(name: string): string | undefined {
    const ended = this.#ended.get(name);
    if (ended && Date.now() - ended.at > ENDED_MS) {
      this.#ended.delete(name);
      return undefined;
    }
    return ended?.epoch;
  }
}
