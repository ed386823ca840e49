import type { LiveRunner } from '../agent/run/runner.ts';
import type { RunConfig } from '../agent/run-config.ts';
import { type ConversationKey, formatKey } from '../store/conversation-key.ts';
import type { LiveConversations } from '../store/live-conversations.ts';
import { parseCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Admission } from './admission.ts';
import type { Backplane } from './backplane.ts';
import { EndedSessions } from './ended-sessions.ts';
import { LiveSession, type LiveSessionOptions } from './live-session.ts';
import { LiveLog, type LogLimits } from './log/live-log.ts';
import { createEpoch } from './log/log-writer.ts';
import { MemoryBackplane } from './memory-backplane.ts';
import { createServerBusyError, type MemoryBudget } from './memory-budget.ts';
import { type ResolvedRunSettings, resolveRunSettings } from './run-settings.ts';
import { RunStarts } from './run-starts.ts';
import type { SessionAccount } from './session-account.ts';
import type { Opened, OpenParams, SessionOpener } from './session-handle.ts';
import type { Limits } from './session-limits.ts';
import type { SessionLogger } from './session-logger.ts';
import { settleWithin } from './settle-within.ts';

export interface ActiveSessionsOptions {
  readonly runner: LiveRunner;
  /** The conversations that the runner records. */
  readonly conversations: LiveConversations;
  /** Connects this process to others that serve the same sessions. Default: no other process does. */
  readonly backplane?: Backplane;
  readonly logLimits: LogLimits;
  /** How long a session lives without a connection, in ms. */
  readonly lingerMs: number;
  /** Limits of every live session, in addition to those of the agent. The lower limit applies. */
  readonly limits: Limits;
  /** Maximum number of live sessions at a time. Another one is refused with `too_many_sessions`. */
  readonly maxSessions: number;
  /** Limits of each user and each network address. */
  readonly admission: Admission;
  /** Memory that is held for all clients of this process. */
  readonly memory: MemoryBudget;
  readonly logger: SessionLogger;
}

interface NewSession extends Pick<LiveSessionOptions, 'settings' | 'firstRunDelayMs'> {
  readonly key: ConversationKey;
}

/** Wait that a client is told when the process has no room for its session, in ms. */
const RETRY_AFTER_MS = 1_000;
/** Time after which a session without a connection gives way to a new one, in ms: longer than the pause between two polls, or a reconnection. */
const UNREAD_MS = 10_000;
/** Interval at which logs without new entries are trimmed, in ms. */
const TRIM_MS = 10_000;

/** Live sessions of this process, by user and session id (ADK's samples: active_sessions). */
export class ActiveSessions implements SessionOpener {
  readonly #options: ActiveSessionsOptions;
  readonly #backplane: Backplane;
  readonly #sessions = new Map<string, LiveSession>();
  /** Sessions that are being opened. */
  readonly #opening = new Map<string, Promise<LiveSession>>();
  /** Changes of conversations, during which their sessions are not opened. */
  readonly #changing = new Map<string, Promise<unknown>>();
  /** Sessions that are over and still have connections. */
  readonly #leaving = new Set<LiveSession>();
  readonly #ended = new EndedSessions();
  readonly #starts = new RunStarts();
  #trimTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: ActiveSessionsOptions) {
    this.#options = options;
    this.#backplane = options.backplane ?? new MemoryBackplane();
  }

  get size(): number {
    return this.#sessions.size;
  }

  async open(params: OpenParams): Promise<(Opened & { readonly session: LiveSession }) | 'ended'> {
    const { userId, sessionId, runConfig, cursor, reconnect, address, firstRunDelayMs } = params;
    const key: ConversationKey = { appName: this.#options.runner.card.appName, userId, sessionId };
    const name = formatKey(key);
    // Another reader may be opening the session. Afterwards this one applies its own settings.
    while (this.#isBusy(name)) await (this.#opening.get(name) ?? this.#changing.get(name));
    if (this.#stopped) throw new WireError('draining');
    if (this.#ended.hasEnded(name, cursor === undefined ? undefined : parseCursor(cursor))) return 'ended';
    const { admission, maxSessions, memory } = this.#options;
    admission.checkReader(userId, address);
    const live = this.#sessions.get(name);
    if (live) {
      const replaced = !reconnect && live.reconfigure(runConfig);
      if (!reconnect) live.revive();
      return { session: live, replaced };
    }
    const settings = this.#resolveSettings(runConfig, reconnect);
    if (this.#sessions.size + this.#opening.size >= maxSessions) throw createFullError();
    if (!memory.admitsWork) throw createServerBusyError();
    const opening = this.#openAccounted({ key, settings, firstRunDelayMs }, this.#admit(userId, address));
    this.#opening.set(name, opening);
    try {
      return { session: await opening, replaced: false };
    } finally {
      this.#opening.delete(name);
    }
  }

  async get(userId: string, sessionId: string): Promise<LiveSession> {
    const name = formatKey({ appName: this.#options.runner.card.appName, userId, sessionId });
    // A client may POST before its reader is answered: on one connection the two requests can arrive together.
    while (this.#isBusy(name)) await this.#waitForOther(name);
    const session = this.#sessions.get(name);
    if (session) return session;
    throw new WireError(this.#ended.isClosedByClient(name) ? 'session_ended' : 'session_not_found');
  }

  /**
   * Changes a conversation while no session of it is opened. Changes of one conversation follow each other.
   * @param change gets the live session, if there is one
   */
  async change<T>(key: ConversationKey, change: (live: LiveSession | undefined) => Promise<T>): Promise<T> {
    const name = formatKey(key);
    while (this.#isBusy(name)) await this.#waitForOther(name);
    const changed = change(this.#sessions.get(name));
    const changing = changed.catch(() => {});
    this.#changing.set(name, changing);
    try {
      return await changed;
    } finally {
      this.#changing.delete(name);
    }
  }

  #isBusy(name: string): boolean {
    return this.#opening.has(name) || this.#changing.has(name);
  }

  /** Waits for what is being done to a session. Afterwards another waiter may be the first to do something: check again. */
  async #waitForOther(name: string): Promise<void> {
    await (this.#opening.get(name)?.catch(() => {}) ?? this.#changing.get(name));
  }

  /** Resolves when no session is giving a reply, at the latest after `graceMs`. */
  async finishTurns(graceMs: number): Promise<void> {
    const sessions = [...this.#sessions.values()];
    await settleWithin(Promise.all(sessions.map((session) => session.waitForTurnEnd())), graceMs);
  }

  /**
   * Stops all sessions for good, then ends their connections. What replies in progress end with still reaches the readers.
   * @param chooseRetryMs returns the wait before one client may reconnect, in ms
   */
  stop(chooseRetryMs: () => number): void {
    this.#stopped = true;
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.stop();
    for (const { connections } of [...sessions, ...this.#leaving]) connections.drain(chooseRetryMs);
    this.#sessions.clear();
    this.#leaving.clear();
    this.#stopTrimming();
  }

  /**
   * Counts a new session. A user who has no room for another one loses the session that nobody has read for the longest time, as of a conversation that the
   * user has only looked at.
   * @throws {WireError} too_many_user_sessions, too_many_model_connections, server_busy
   */
  #admit(userId: string, address: string | undefined): SessionAccount {
    const { admission, memory } = this.#options;
    try {
      return admission.openSession(userId, address, memory);
    } catch (error) {
      const unread =
        WireError.is(error) && error.code === 'too_many_user_sessions' ? this.#findUnread(userId) : undefined;
      if (!unread) throw error;
      unread.end({ reason: 'idle' });
      return admission.openSession(userId, address, memory);
    }
  }

  #findUnread(userId: string): LiveSession | undefined {
    const sessions = [...this.#sessions.values()].filter(
      ({ info, unreadMs }) => info.userId === userId && unreadMs >= UNREAD_MS,
    );
    return sessions.sort((one, other) => other.unreadMs - one.unreadMs)[0];
  }

  /** Opens a session that its user and address pay for. A session that does not open costs them no more than its run. */
  async #openAccounted(session: NewSession, account: SessionAccount): Promise<LiveSession> {
    try {
      return await this.#start(session, account);
    } catch (error) {
      account.close();
      throw error;
    }
  }

  /** @throws {WireError} draining */
  async #start({ key, settings, firstRunDelayMs }: NewSession, account: SessionAccount): Promise<LiveSession> {
    const { runner, conversations, logLimits, lingerMs, limits, logger } = this.#options;
    const { memory } = account;
    const { userId, sessionId } = key;
    const name = formatKey(key);
    const log = new LiveLog({ epoch: createEpoch(), limits: logLimits, memory });
    const lease = await this.#backplane.claim(key, log);
    if (!lease) throw new Error(`another process serves the session ${name}`);
    const session = new LiveSession({
      userId,
      sessionId,
      runner,
      settings,
      firstRunDelayMs,
      starts: this.#starts,
      conversation: conversations.open(key),
      log,
      lease,
      memory,
      account,
      lingerMs,
      limits,
      logger,
      onOver: (over) => this.#remove(name, over),
      onLeft: (left) => this.#leaving.delete(left),
    });
    await this.#startSession(session);
    this.#sessions.set(name, session);
    this.#trimTimer ??= setInterval(() => this.#trimLogs(), TRIM_MS).unref();
    logger.info({ userId, sessionId, modality: settings.modality }, 'live session opened');
    return session;
  }

  async #startSession(session: LiveSession): Promise<void> {
    try {
      await session.start();
      if (this.#stopped) throw new WireError('draining');
    } catch (error) {
      session.stop();
      throw error;
    }
  }

  /**
   * Resolves the settings of a new session. An EventSource that reconnects by itself is never refused because of its settings: the agent that
   * allowed them may have been replaced.
   */
  #resolveSettings(requested: RunConfig, reconnect: boolean): ResolvedRunSettings {
    const { runner } = this.#options;
    try {
      return resolveRunSettings(runner, requested);
    } catch (error) {
      if (!reconnect) throw error;
      const { responseModalities } = requested;
      return resolveRunSettings(runner, responseModalities ? { responseModalities } : {});
    }
  }

  #remove(name: string, session: LiveSession): void {
    // A newer session may have the same name.
    if (this.#sessions.get(name) === session) this.#sessions.delete(name);
    if (this.#sessions.size === 0) this.#stopTrimming();
    const { log, ended, connections } = session;
    const isRead = connections.size > 0;
    if (isRead) this.#leaving.add(session);
    this.#ended.delete(name);
    if (!ended) return;
    const closedByClient = ended.reason === 'closed' || ended.reason === 'deleted';
    // Without a connection no reader received the end, so that no reader must be kept from a new session.
    if (closedByClient || isRead) this.#ended.add(name, { epoch: log.epoch, endSeq: log.head, closedByClient });
  }

  #trimLogs(): void {
    for (const { log } of this.#sessions.values()) log.trim();
  }

  #stopTrimming(): void {
    clearInterval(this.#trimTimer);
    this.#trimTimer = undefined;
  }
}

function createFullError(): WireError {
  return new WireError('too_many_sessions', undefined, undefined, { retry_after_ms: RETRY_AFTER_MS });
}
