import type { AgentEvent } from '../wire/agent-event.ts';
import { type ConversationKey, formatKey } from './conversation-key.ts';
import type { ConversationSummary } from './conversation-summary.ts';
import { findTitle } from './conversation-title.ts';
import { EventWindow, type EventWindowLimits, measureEvent, type SizedEvent } from './event-window.ts';
import { compareForList, formatListCursor, parseListCursor } from './list-cursor.ts';
import { SessionIndex } from './session-index.ts';
import {
  DEFAULT_PAGE_LIMIT,
  EVENT_PAGE_LIMITS,
  type EventPage,
  type EventPageOptions,
  type LoadOptions,
  type OldestOptions,
  type PageOptions,
  type SessionPage,
  type SessionState,
  type SessionStore,
  type StateValues,
  type StoredResumption,
  type StoredSession,
  type StoredSize,
  type TurnCommit,
  type UserSize,
} from './session-store.ts';
import { SharedSpace } from './shared-space.ts';

/** Limits of one conversation: at `events` and `characters` its oldest events are dropped, and it counts as truncated. */
export interface MemoryStoreLimits extends EventWindowLimits {
  /**
   * Maximum number of conversations, and of users and applications with state. Beyond it the least recently used are deleted, those of users who
   * have more than an equal share first.
   */
  readonly conversations: number;
  /** Maximum size of one scope of state, in characters of its JSON text. A commit beyond it is rejected. */
  readonly stateCharacters: number;
  /** Maximum size of the conversations of one user, in characters of JSON text. Beyond it the least recently used of that user are deleted. */
  readonly userCharacters: number;
  /**
   * Maximum size of everything, in characters of JSON text. Beyond it the least recently used conversations are deleted, those of users who have
   * more than an equal share first, then state.
   */
  readonly totalCharacters: number;
}

const DEFAULT_LIMITS: MemoryStoreLimits = {
  conversations: 10_000,
  events: 2_000,
  characters: 1024 * 1024,
  stateCharacters: 64 * 1024,
  userCharacters: 16 * 1024 * 1024,
  totalCharacters: 256 * 1024 * 1024,
};

/** A scope of state, or a conversation's share of one. */
interface Scope {
  readonly values: StateValues;
  readonly characters: number;
}

const EMPTY_SCOPE: Scope = { values: {}, characters: 0 };

interface Conversation {
  /** Differs from that of an earlier conversation with the same key. */
  readonly number: number;
  readonly key: ConversationKey;
  readonly window: EventWindow;
  /** Number of events that were ever added. */
  added: number;
  /** Ids of the events in the window, and `droppedIds`. */
  readonly ids: Set<string>;
  /** Ids of events that the newest commit pushed out of the window: its retry may bring them again. */
  droppedIds: readonly string[];
  state: Scope;
  resumption: StoredResumption | undefined;
  summary: ConversationSummary | undefined;
  title: string;
  /** Changed only while the conversation is in no index. */
  updatedAt: number;
  readonly sessionId: string;
}

/**
 * Creates a store in the memory of this process; conversations end with it.
 * @param limits default: 10,000 conversations of 2,000 events and 1 Mi characters each, 16 Mi characters for each user, 256 Mi characters in total
 */
export function createMemoryStore(limits: Partial<MemoryStoreLimits> = {}): SessionStore {
  return new MemoryStore({ ...DEFAULT_LIMITS, ...limits });
}

class MemoryStore implements SessionStore {
  readonly isVolatile = true;
  readonly #limits: MemoryStoreLimits;
  readonly #conversations = new SharedSpace<Conversation>((deleted) => this.#removeFromIndex(deleted));
  /** The conversations of each user (`app/user`) in the order of the list. */
  readonly #indexes = new Map<string, SessionIndex<Conversation>>();
  /** State of applications (`app`) and users (`app/user`), least recently changed first. */
  readonly #scopes = new Map<string, Scope>();
  /** Number of conversations that were ever created. */
  #created = 0;
  /** Size of all scopes of applications and users. */
  #scopeCharacters = 0;

  constructor(limits: MemoryStoreLimits) {
    this.#limits = limits;
  }

  async load(
    key: ConversationKey,
    { recentEvents, recentCharacters }: LoadOptions = {},
  ): Promise<StoredSession | undefined> {
    const conversation = this.#conversations.get(formatKey(key));
    if (!conversation) return undefined;
    const { window, state, resumption, summary, title, updatedAt } = conversation;
    const events = window.list(recentEvents, recentCharacters);
    return {
      ...conversation.key,
      title,
      events,
      truncated: window.truncated || events.length < window.length,
      state: {
        ...(await this.loadState(key.appName, key.userId)),
        session: state.values,
      },
      ...(resumption ? { resumption } : {}),
      ...(summary ? { summary } : {}),
      updatedAt,
    };
  }

  async readEvents(key: ConversationKey, { cursor }: EventPageOptions = {}): Promise<EventPage | undefined> {
    const conversation = this.#conversations.get(formatKey(key));
    if (!conversation) return undefined;
    const { number, added, window } = conversation;
    const events = window.list();
    const oldest = added - events.length;
    // Events that were dropped since the page before are left out.
    const start = cursor === undefined ? 0 : Math.max(0, parseEventCursor(cursor, number) - oldest);
    let end = start;
    let characters = 0;
    while (end < events.length && end - start < EVENT_PAGE_LIMITS.events) {
      const event = events[end];
      characters += event ? measureEvent(event) : 0;
      if (characters > EVENT_PAGE_LIMITS.characters && end > start) break;
      end += 1;
    }
    const page = events.slice(start, end);
    return end < events.length ? { events: page, next: `${number}:${oldest + end}` } : { events: page };
  }

  async loadState(appName: string, userId: string): Promise<Pick<SessionState, 'app' | 'user'>> {
    return {
      app: this.#getScope(appName).values,
      user: this.#getScope(formatUserName({ appName, userId })).values,
    };
  }

  async commit(key: ConversationKey, { events, state = {}, resumption, summary }: TurnCommit): Promise<void> {
    const name = formatKey(key);
    const conversation = this.#conversations.get(name) ?? this.#createConversation(key);
    // Computed before anything changes: a rejected commit stores nothing.
    const session = this.#mergeState(conversation.state, state.session);
    const app = this.#mergeState(this.#getScope(key.appName), state.app);
    const user = this.#mergeState(this.#getScope(formatUserName(key)), state.user);
    const sized = events.map((event) => ({ event, characters: measureEvent(event) }));

    this.#setScope(key.appName, app);
    this.#setScope(formatUserName(key), user);
    conversation.state = session;
    conversation.resumption = resumption ?? conversation.resumption;
    conversation.summary = summary ?? conversation.summary;
    this.#removeFromIndex(conversation);
    this.#appendEvents(conversation, sized);
    this.#addToIndex(conversation);
    const summaryCharacters = conversation.summary?.text.length ?? 0;
    const characters = conversation.window.characters + session.characters + summaryCharacters;
    this.#conversations.put(name, formatUserName(key), conversation, characters);
    this.#evict(name);
  }

  async list(appName: string, userId: string, page: PageOptions = {}): Promise<SessionPage> {
    const { limit = DEFAULT_PAGE_LIMIT, cursor } = page;
    const after = cursor === undefined ? undefined : parseListCursor(cursor);
    const found = this.#indexes.get(formatUserName({ appName, userId }))?.listNewest(limit + 1, after) ?? [];
    const sessions = found.slice(0, limit).map(({ key, title, updatedAt }) => ({ ...key, title, updatedAt }));
    const last = sessions.at(-1);
    return last && found.length > limit ? { sessions, next: formatListCursor(last) } : { sessions };
  }

  async listOldest(
    appName: string,
    { userId, before = Number.POSITIVE_INFINITY, limit = DEFAULT_PAGE_LIMIT }: OldestOptions = {},
  ): Promise<readonly StoredSize[]> {
    const found: Conversation[] = [];
    for (const [name, index] of this.#indexes) {
      const isMeant =
        userId === undefined ? name.startsWith(`${appName}/`) : name === formatUserName({ appName, userId });
      if (isMeant) found.push(...index.listOldest(limit));
    }
    return found
      .filter(({ updatedAt }) => updatedAt < before)
      .toSorted((one, other) => compareForList(other, one))
      .slice(0, limit)
      .map(({ key, updatedAt }) => ({ ...key, updatedAt, characters: this.#conversations.measure(formatKey(key)) }));
  }

  async measureUser(appName: string, userId: string): Promise<UserSize> {
    const { items, size } = this.#conversations.measureOwner(formatUserName({ appName, userId }));
    return { conversations: items, characters: size };
  }

  async rename(key: ConversationKey, title: string): Promise<boolean> {
    const conversation = this.#conversations.get(formatKey(key));
    if (conversation) conversation.title = title;
    return conversation !== undefined;
  }

  async delete(key: ConversationKey): Promise<boolean> {
    const name = formatKey(key);
    const conversation = this.#conversations.get(name);
    if (conversation) this.#removeFromIndex(conversation);
    return this.#conversations.delete(name);
  }

  async close(): Promise<void> {}

  #createConversation({ appName, userId, sessionId }: ConversationKey): Conversation {
    this.#created += 1;
    return {
      number: this.#created,
      key: { appName, userId, sessionId },
      sessionId,
      window: new EventWindow(this.#limits),
      added: 0,
      ids: new Set(),
      droppedIds: [],
      state: EMPTY_SCOPE,
      resumption: undefined,
      summary: undefined,
      title: '',
      updatedAt: Date.now() / 1000,
    };
  }

  #appendEvents(conversation: Conversation, events: readonly SizedEvent[]): void {
    const { window, ids } = conversation;
    const offered = new Set<string>();
    // A commit may have the same event twice, too.
    const added = events.filter(({ event: { id } }) => !ids.has(id) && !offered.has(id) && offered.add(id));
    const [first] = added;
    if (!first) return;
    for (const id of conversation.droppedIds) ids.delete(id);
    if (window.length === 0) conversation.updatedAt = first.event.timestamp;
    if (conversation.title === '') conversation.title = findTitle(added.map(({ event }) => event));
    conversation.added += added.length;
    const dropped: AgentEvent[] = [];
    for (const { event, characters } of added) {
      ids.add(event.id);
      dropped.push(...window.append(event, characters));
      conversation.updatedAt = Math.max(conversation.updatedAt, event.timestamp);
    }
    conversation.droppedIds = dropped.map(({ id }) => id);
  }

  #addToIndex(conversation: Conversation): void {
    const user = formatUserName(conversation.key);
    const index = this.#indexes.get(user) ?? new SessionIndex<Conversation>();
    index.add(conversation);
    this.#indexes.set(user, index);
  }

  #removeFromIndex(conversation: Conversation): void {
    const user = formatUserName(conversation.key);
    const index = this.#indexes.get(user);
    index?.remove(conversation);
    if (index?.length === 0) this.#indexes.delete(user);
  }

  #getScope(name: string): Scope {
    return this.#scopes.get(name) ?? EMPTY_SCOPE;
  }

  #setScope(name: string, scope: Scope): void {
    const previous = this.#getScope(name);
    if (scope === previous) return;
    this.#scopeCharacters += scope.characters - previous.characters;
    this.#scopes.delete(name);
    if (scope.characters > 0) this.#scopes.set(name, scope);
  }

  /** @returns the scope itself if nothing changes @throws {RangeError} if the result is over the limit */
  #mergeState(scope: Scope, changes: StateValues | undefined): Scope {
    if (!changes || Object.keys(changes).length === 0) return scope;
    const kept = Object.entries({ ...scope.values, ...changes }).filter(([, value]) => value !== null);
    if (kept.length === 0) return EMPTY_SCOPE;
    const values = Object.fromEntries(kept);
    const characters = JSON.stringify(values).length;
    if (characters > this.#limits.stateCharacters) {
      throw new RangeError(`the state has ${characters} characters; the limit is ${this.#limits.stateCharacters}`);
    }
    return { values, characters };
  }

  /** Deletes the least recently used until everything is within the limits. The conversation just committed to stays, with its state. */
  #evict(current: string): void {
    const { conversations: items, totalCharacters, userCharacters: ownerSize } = this.#limits;
    const size = totalCharacters - this.#scopeCharacters;
    this.#conversations.evict({ items, size, ownerSize }, current);
    for (const [name, { characters }] of this.#scopes) {
      const total = this.#conversations.size + this.#scopeCharacters;
      if (this.#scopes.size <= items && total <= totalCharacters) break;
      if (current.startsWith(`${name}/`)) continue;
      this.#scopes.delete(name);
      this.#scopeCharacters -= characters;
    }
  }
}

function formatUserName({ appName, userId }: Pick<ConversationKey, 'appName' | 'userId'>): string {
  return `${appName}/${userId}`;
}

function parseEventCursor(cursor: string, number: number): number {
  const [conversation, position] = cursor.split(':').map(Number);
  if (conversation === number && Number.isSafeInteger(position)) return Number(position);
  throw new RangeError('The cursor does not lead into this conversation');
}
