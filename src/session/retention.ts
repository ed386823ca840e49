import { setTimeout as wait } from 'node:timers/promises';
import { type ConversationKey, formatKey } from '../store/conversation-key.ts';
import type { LiveConversations } from '../store/live-conversations.ts';
import type { OldestOptions, StoredSize, UserSize } from '../store/session-store.ts';
import { limitTime } from '../store/time-limit.ts';
import type { SessionLogger } from './session-logger.ts';
import type { StoredSessions } from './stored-sessions.ts';

/** How long conversations are stored, and how many. */
export interface RetentionLimits {
  /** Maximum age of the newest event, in days. 0: no limit. */
  readonly ageDays: number;
  /** Maximum number of conversations of one user. */
  readonly userConversations: number;
  /** Maximum size of the events of one user, in characters of their JSON text. */
  readonly userCharacters: number;
}

export interface RetentionOptions {
  readonly appName: string;
  readonly conversations: LiveConversations;
  /** Deletes conversations, as the route does. */
  readonly sessions: Pick<StoredSessions, 'deleteUnused'>;
  readonly limits: RetentionLimits;
  readonly logger: SessionLogger;
}

/** What is known of a user since the last measurement. */
interface Usage {
  conversations: number;
  characters: number;
  /** Sessions that were committed to. A commit to another one may have created it. */
  readonly sessionIds: Set<string>;
  /** Time from which commits to the same sessions may cause the next check, in ms of `performance.now()`. */
  notBefore: number;
}

/** Time from the start to the first sweep, and between two sweeps, in ms. */
const FIRST_SWEEP_MS = 30_000;
const SWEEP_MS = 3_600_000;
/** Number of conversations that are listed at a time. */
const BATCH = 50;
/** Pause after each conversation that is deleted, in ms: what is spoken comes first. */
const PAUSE_MS = 2;
/** Wait before a user is checked again whose conversations cannot be deleted, because they are live or the store fails, in ms. */
const RETRY_MS = 60_000;
/** Maximum number of users whose usage is remembered. At the limit all are forgotten, and measured again. */
const MAX_USERS = 10_000;
/** Maximum wait for one answer of the store, in ms. */
const STORE_MS = 10_000;
const DAY_S = 86_400;
/** Maximum number of conversations that one sweep passes over. */
const MAX_STAYING = 1_000;
/** Number of deletions in a row that fail, after which the sweep, or the check of a user, ends. */
const MAX_FAILURES = 10;
/** Maximum number of sessions of a user that are remembered. At the limit all are forgotten, and the user is measured more often. */
const MAX_SESSION_IDS = 10_000;

/**
 * Deletes conversations that are too old, and the oldest ones of a user who has too many or too large ones. Live conversations, and the newest one of a
 * user, stay. Ages are checked once an hour; a user is checked when a commit passes a limit. A sweep handles one conversation at a time, with pauses.
 */
export class Retention {
  readonly #options: RetentionOptions;
  /** By user id. */
  readonly #usage = new Map<string, Usage>();
  /** Users to be checked. */
  readonly #due = new Set<string>();
  #checking: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #stopped = false;
  /** Number of deletions in a row that have failed. */
  #failures = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    const { conversations } = this.#options;
    this.#unwatch = conversations.watchCommits((key, characters) => this.#onCommitted(key, characters));
    this.#schedule(FIRST_SWEEP_MS);
  }

  /** Deletes nothing more. @returns when the deletion that is under way is complete */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch?.();
    clearTimeout(this.#timer);
    await Promise.all([this.#checking, this.#sweeping]);
  }

  /** Deletes the conversations that are too old. Never rejects: the next sweep deletes what is left. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#deleteExpired().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(async () => {
      await this.sweep();
      if (!this.#stopped) this.#schedule(SWEEP_MS);
    }, ms).unref();
  }

  async #deleteExpired(): Promise<void> {
    const { ageDays } = this.#options.limits;
    // Other processes may have added to the same users.
    this.#usage.clear();
    if (ageDays === 0) return;
    const before = Date.now() / 1000 - ageDays * DAY_S;
    let deleted = 0;
    /** Conversations that are used, or cannot be deleted: the sweep passes over them. */
    const staying = new Set<string>();
    try {
      while (staying.size < MAX_STAYING && !this.#stopped) {
        const oldest = await this.#listOldest({ before, limit: BATCH + staying.size });
        const due = oldest.filter((old) => !staying.has(formatKey(old)));
        if (due.length === 0) break;
        for (const old of due) {
          if (await this.#delete(old)) deleted += 1;
          else staying.add(formatKey(old));
        }
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'conversations that are too old could not be deleted');
    }
    if (deleted > 0) this.#options.logger.info({ deleted, olderThanDays: ageDays }, 'old conversations were deleted');
  }

  #onCommitted({ appName, userId, sessionId }: ConversationKey, characters: number): void {
    if (this.#stopped || appName !== this.#options.appName) return;
    const usage = this.#usage.get(userId);
    if (usage) {
      const isNew = !usage.sessionIds.has(sessionId);
      usage.sessionIds.add(sessionId);
      usage.characters += characters;
      if (isNew) usage.conversations += 1;
      // Of a user who could not be measured, a new conversation says nothing.
      const mayWait = !isNew || usage.conversations === Number.POSITIVE_INFINITY;
      if (!this.#isBeyond(usage) || (mayWait && performance.now() < usage.notBefore)) return;
    }
    if (this.#due.size < MAX_USERS) this.#due.add(userId);
    this.#checking ??= this.#checkUsers();
  }

  async #checkUsers(): Promise<void> {
    // Not in the turn of the event loop that a conversation needs.
    await wait(PAUSE_MS, undefined, { ref: false });
    for (const userId of this.#due) {
      if (this.#stopped) return;
      // First: a commit during the check may make it due again.
      this.#due.delete(userId);
      await this.#checkUser(userId);
    }
    this.#checking = undefined;
  }

  async #checkUser(userId: string): Promise<void> {
    const { logger } = this.#options;
    if (this.#usage.size >= MAX_USERS) this.#usage.clear();
    let deleted = 0;
    try {
      for (let found = 1; found > 0; deleted += found) found = await this.#deleteExcess(userId);
    } catch (error) {
      logger.warn({ userId, err: error }, 'the stored conversations of a user could not be limited');
      this.#usage.set(
        userId,
        createUsage({ conversations: Number.POSITIVE_INFINITY, characters: 0 }, this.#usage.get(userId)?.sessionIds),
      );
    }
    const usage = this.#usage.get(userId);
    if (usage && this.#isBeyond(usage)) usage.notBefore = performance.now() + RETRY_MS;
    if (deleted > 0)
      logger.info({ userId, deleted }, 'the oldest conversations of a user were deleted: there were too many');
  }

  /** Deletes from a batch of the oldest conversations of a user, until the rest is within the limits. @returns how many */
  async #deleteExcess(userId: string): Promise<number> {
    const { conversations, appName } = this.#options;
    const size = await limitTime(() => conversations.operations.measureUser(appName, userId), STORE_MS);
    const left = createUsage(size, this.#usage.get(userId)?.sessionIds);
    this.#usage.set(userId, left);
    if (!this.#isBeyond(left)) return 0;
    const oldest = await this.#listOldest({ userId, limit: BATCH });
    // The newest one stays, whatever its size.
    const deletable = oldest.slice(0, Math.max(0, size.conversations - 1));
    let deleted = 0;
    for (const old of deletable) {
      if (!this.#isBeyond(left)) break;
      if (!(await this.#delete(old))) continue;
      left.conversations -= 1;
      left.characters -= old.characters;
      deleted += 1;
    }
    return deleted;
  }

  #isBeyond({ conversations, characters }: UserSize): boolean {
    const { userConversations, userCharacters } = this.#options.limits;
    return conversations > userConversations || characters > userCharacters;
  }

  #listOldest(options: OldestOptions): Promise<readonly StoredSize[]> {
    const { conversations, appName } = this.#options;
    return limitTime(() => conversations.operations.listOldest(appName, options), STORE_MS);
  }

  /**
   * Deletes a conversation. One that cannot be deleted, because of a damaged file for example, keeps no other from being deleted.
   * @returns false if the conversation stays, because it is used or cannot be deleted, or because of `stop`
   * @throws what the deletion throws, after several failures in a row: the store does not work
   */
  async #delete(old: StoredSize): Promise<boolean> {
    if (this.#stopped) return false;
    const isDeleted = await this.#tryDelete(old);
    await wait(PAUSE_MS, undefined, { ref: false });
    return isDeleted;
  }

  async #tryDelete(old: StoredSize): Promise<boolean> {
    const { sessions, logger } = this.#options;
    try {
      const isDeleted = await sessions.deleteUnused(old);
      this.#failures = 0;
      return isDeleted;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES) {
        this.#failures = 0;
        throw error;
      }
      const { userId, sessionId } = old;
      logger.warn({ userId, sessionId, err: error }, 'a conversation beyond a limit could not be deleted');
      return false;
    }
  }
}

function createUsage({ conversations, characters }: UserSize, sessionIds: ReadonlySet<string> = new Set()): Usage {
  const remembered = sessionIds.size > MAX_SESSION_IDS ? [] : sessionIds;
  return { conversations, characters, sessionIds: new Set(remembered), notBefore: 0 };
}
