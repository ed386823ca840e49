import { randomUUID } from 'node:crypto';
import type { LiveRunner } from '../agent/run/runner.ts';
import { type Artifact, isFilename, RECORDINGS_PREFIX } from '../store/artifact-store.ts';
import type { ConversationKey } from '../store/conversation-key.ts';
import { type ConversationSummary, toCompactionEvent } from '../store/conversation-summary.ts';
import type { LiveConversations } from '../store/live-conversations.ts';
import type { PageOptions, SessionPage, SessionSummary, StoredSession } from '../store/session-store.ts';
import { limitTime } from '../store/time-limit.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import { toSizedRequest } from '../wire/byte-size.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import { WireError } from '../wire/wire-error.ts';
import type { ActiveSessions } from './active-sessions.ts';

import { WavRecording } from './export/wav-recording.ts';
import { PageTurns } from './page-turns.ts';
import { RecordingSlots } from './recording-slots.ts';
import { findViolation } from './request-rules.ts';
import { checkStateChange } from './session-config-rules.ts';
import type { SessionLogger } from './session-logger.ts';

export interface StoredSessionsOptions {
  readonly runner: LiveRunner;
  readonly conversations: LiveConversations;
  readonly sessions: Pick<ActiveSessions, 'change'>;
  readonly logger: SessionLogger;
}

/** Conversation to be created. */
export interface NewConversation {
  /** Default: a random id. */
  readonly sessionId?: string | undefined;
  /** Initial state, with keys that a client may write. Default: none. */
  readonly state?: StateDelta | undefined;
}

/** A conversation without its events, and its events page by page. */
export interface ExportedSession {
  readonly session: StoredSession;
  /** Reads the events, oldest first, and an event with the summary, if there is one. @throws {WireError} session_not_found, store_unavailable */
  readonly pages: AsyncGenerator<readonly AgentEvent[], void, undefined>;
}

/** Row of a list of conversations. */
export interface ListedSession extends SessionSummary {
  /** Whether there are files with recorded audio; `undefined`: their store cannot tell. */
  readonly isRecorded: boolean | undefined;
}

/** Page of a list of conversations. */
export interface ListedPage extends Pick<SessionPage, 'next'> {
  readonly sessions: readonly ListedSession[];
  /** Whether the conversations end with the server. */
  readonly isVolatile: boolean;
}

/** Maximum wait for one answer of the store, in ms. */
const STORE_MS = 10_000;
/** Maximum time in which the store of files tells which conversations of a page are recorded, in ms. A list does not wait longer for that. */
const RECORDED_MS = 1_000;

/** The conversations of users beyond their live sessions: in the store, and in memory as far as the store does not have them yet. */
export class StoredSessions {
  readonly #options: StoredSessionsOptions;
  readonly #recordings = new RecordingSlots();
  readonly #turns = new PageTurns();

  constructor(options: StoredSessionsOptions) {
    this.#options = options;
  }

  /**
   * Lists the conversations of a user, newest first.
   * @throws {WireError} invalid_query: the cursor is not that of a page; store_unavailable
   */
  async list(userId: string, page: PageOptions): Promise<ListedPage> {
    const { conversations, runner } = this.#options;
    const { sessions, ...rest } = await this.#ask(async () => {
      try {
        return await limitTime(() => conversations.operations.list(runner.card.appName, userId, page), STORE_MS);
      } catch (error) {
        if (page.cursor === undefined || !(error instanceof RangeError)) throw error;
        throw new WireError('invalid_query', 'cursor is not the next of a page', 'leave cursor out to start again');
      }
    });
    const isVolatile = conversations.store.isVolatile === true;
    return { ...rest, sessions: await this.#markRecorded(sessions), isVolatile };
  }

  /**
   * Creates a conversation in which nothing is said yet.
   * @returns when the store has it
   * @throws {WireError} session_exists, state_not_allowed, state_too_large, not_supported, store_unavailable: nothing was created
   */
  async create(userId: string, { sessionId = randomUUID(), state = {} }: NewConversation): Promise<StoredSession> {
    const { runner, sessions } = this.#options;
    if (Object.keys(state).length > 0) {
      const refusal = findViolation([toSizedRequest({ state_delta: state })], undefined, runner);
      if (refusal) throw WireError.fromBody(refusal);
    }
    const key = this.#toKey(userId, sessionId);
    return sessions.change(key, async (live) => {
      if (live || (await this.#find(key))) throw new WireError('session_exists');
      await this.#commitCreation(key, state);
      const created = await this.#find(key);
      if (created) return created;
      // The store must not get it later: the client is told that nothing was created.
      this.#options.conversations.discard(key);
      throw new WireError('store_unavailable');
    });
  }

  /**
   * Reads a conversation, with what was said up to the last complete turn.
   * @throws {WireError} session_not_found, store_unavailable
   */
  async read(userId: string, sessionId: string): Promise<ExportedSession> {
    const key = this.#toKey(userId, sessionId);
    await this.#options.conversations.settle(key);
    await this.#turns.wait();
    const session = await this.#find(key);
    if (!session) throw createNotStoredError();
    return { session, pages: this.#readPages(key, session.summary) };
  }

  /**
   * Changes the title of a conversation, which may be live. A live session in which nothing is said yet is stored with it.
   * @param title as `parseTitle` returns it
   * @throws {WireError} session_not_found, store_unavailable: the title is perhaps changed
   */
  async rename(userId: string, sessionId: string, title: string): Promise<ListedSession> {
    const { conversations, sessions } = this.#options;
    const key = this.#toKey(userId, sessionId);
    const summary = await sessions.change(key, async (live) => {
      await conversations.settle(key);
      let isRenamed = await this.#setTitle(key, title);
      if (!isRenamed && live) {
        await this.#commitCreation(key, {});
        await conversations.settle(key);
        isRenamed = await this.#setTitle(key, title);
      }
      const renamed = isRenamed ? await this.#find(key) : undefined;
      if (renamed) return { ...key, title, updatedAt: renamed.updatedAt };
      throw live ? new WireError('store_unavailable') : createNotStoredError();
    });
    const [isRecorded] = await this.#findRecorded([key]);
    return { ...summary, isRecorded };
  }

  /**
   * Reserves the memory of a recording that is read. Call it before `findRecording`.
   * @returns function that gives the memory back. Call it once
   * @throws {WireError} server_busy: the user, or all users together, read too many recordings at the same time
   */
  reserveRecording(userId: string): () => void {
    return this.#recordings.acquire(userId);
  }

  /**
   * Finds what was recorded of a conversation.
   * @param pages events of the conversation, as `read` returns them
   * @throws {WireError} no_recording: nothing was, or all of it is gone; session_not_found, store_unavailable
   */
  async findRecording(key: ConversationKey, pages: AsyncIterable<readonly AgentEvent[]>): Promise<WavRecording> {
    const { artifacts } = this.#options.conversations;
    const recording = await this.#ask(async () => artifacts && WavRecording.find(pages, key, artifacts));
    if (!recording) throw new WireError('no_recording');
    return recording;
  }

  /**
   * Loads a file of a conversation, in its newest revision.
   * @returns `undefined` if there is none
   * @throws {WireError} store_unavailable
   */
  loadArtifact(userId: string, sessionId: string, filename: string): Promise<Artifact | undefined> {
    const { artifacts } = this.#options.conversations;
    if (!isFilename(filename)) return Promise.resolve(undefined);
    return this.#ask(async () => artifacts?.load(this.#toKey(userId, sessionId), filename));
  }

  /**
   * Ends the live session of a conversation, if there is one, and deletes what is stored.
   * @throws {WireError} session_not_found: there is neither; store_unavailable: the live session has ended, and the conversation may still be stored
   */
  async delete(userId: string, sessionId: string): Promise<void> {
    const { conversations, sessions } = this.#options;
    const key = this.#toKey(userId, sessionId);
    const found = await sessions.change(key, async (live) => {
      live?.end({ reason: 'deleted' });
      const stored = await this.#ask(() => conversations.delete(key));
      return stored || live !== undefined;
    });
    if (!found) throw createNotStoredError();
  }

  /**
   * Deletes a conversation that nobody uses, because of a limit.
   * @param old what was found; a conversation that has changed since stays
   * @returns false if it stays
   * @throws {WireError} store_unavailable
   */
  deleteUnused({ updatedAt, ...key }: ConversationKey & { readonly updatedAt: number }): Promise<boolean> {
    const { conversations, sessions } = this.#options;
    return sessions.change(key, async (live) => {
      if (live || conversations.isUsed(key)) return false;
      if ((await this.#find(key))?.updatedAt !== updatedAt) return false;
      return this.#ask(() => conversations.delete(key));
    });
  }

  async #markRecorded(sessions: readonly SessionSummary[]): Promise<ListedSession[]> {
    const recorded = await this.#findRecorded(sessions);
    return sessions.map((session, index) => ({ ...session, isRecorded: recorded[index] }));
  }

  /** Finds out which conversations have recorded audio. Never rejects. @returns `undefined` in the place of what is not known */
  async #findRecorded(keys: readonly ConversationKey[]): Promise<(boolean | undefined)[]> {
    const { conversations, logger } = this.#options;
    const { artifacts } = conversations;
    if (!artifacts) return keys.map(() => false);
    const ask = () => Promise.all(keys.map((key) => artifacts.hasFiles?.(key, RECORDINGS_PREFIX)));
    try {
      return await limitTime(ask, RECORDED_MS);
    } catch (error) {
      logger.warn({ err: error }, 'the artifact store has not told which conversations are recorded');
      return keys.map(() => undefined);
    }
  }

  async *#readPages(
    key: ConversationKey,
    summary: ConversationSummary | undefined,
  ): AsyncGenerator<readonly AgentEvent[], void, undefined> {
    const { operations } = this.#options.conversations;
    let cursor: string | undefined;
    do {
      // A store in this process answers in the same turn of the event loop, and a reader may have nothing to write.
      await this.#turns.wait();
      const options = cursor === undefined ? {} : { cursor };
      const page = await this.#ask(() => limitTime(() => operations.readEvents(key, options), STORE_MS));
      if (!page) throw createNotStoredError();
      yield page.events;
      cursor = page.next;
    } while (cursor !== undefined);
    if (summary?.text) yield [toCompactionEvent(summary)];
  }

  /** Finds a conversation in the store, without its events. */
  #find(key: ConversationKey): Promise<StoredSession | undefined> {
    const { operations } = this.#options.conversations;
    return this.#ask(() => limitTime(() => operations.load(key, { recentEvents: 0 }), STORE_MS));
  }

  #setTitle(key: ConversationKey, title: string): Promise<boolean> {
    const { operations } = this.#options.conversations;
    return this.#ask(() => limitTime(() => operations.rename(key, title), STORE_MS));
  }

  /** @throws {WireError} state_too_large, store_unavailable */
  async #commitCreation(key: ConversationKey, state: StateDelta): Promise<void> {
    const conversation = this.#options.conversations.open(key);
    try {
      await conversation.loaded;
      if (!conversation.isLoaded) throw new WireError('store_unavailable');
      checkStateChange(conversation.state, state);
      conversation.commitCreation(conversation.state.apply(state));
    } finally {
      await conversation.release();
    }
  }

  #toKey(userId: string, sessionId: string): ConversationKey {
    return { appName: this.#options.runner.card.appName, userId, sessionId };
  }

  /** Asks the store. @throws {WireError} the refusal of `ask`, or store_unavailable */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (WireError.is(error)) throw error;
      this.#options.logger.warn({ err: error }, 'the session store has not answered a request for conversations');
      throw new WireError('store_unavailable');
    }
  }
}

function createNotStoredError(): WireError {
  return new WireError(
    'session_not_found',
    'There is no conversation with this id',
    'GET /sessions/:userId lists the conversations of the user',
  );
}
