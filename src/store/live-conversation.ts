import type { AgentEvent } from '../wire/agent-event.ts';
import type { StorageState } from '../wire/log-entry.ts';
import type { ShownTurn } from '../wire/named-events.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import { type CommitQueue, MIN_FAILURES } from './commit-queue.ts';
import type { ConversationKey } from './conversation-key.ts';
import { type ConversationSummary, isConversationSummary } from './conversation-summary.ts';
import { type ConversationTurn, listTurns } from './conversation-turns.ts';
import { EventWindow, type EventWindowLimits, measureEvent } from './event-window.ts';
import type { StoreOperations } from './guarded-store.ts';
import type { LiveState } from './live-state.ts';
import { omitLargeResults } from './omit-results.ts';
import { SessionLoad, type SessionLoadLimits } from './session-load.ts';
import type { StoredResumption, StoredSession } from './session-store.ts';
import { listShownTurns } from './shown-turns.ts';
import { StorageReporter } from './storage-reporter.ts';
import type { StoreHealth } from './store-health.ts';
import { limitTime } from './time-limit.ts';

/** Limits of the events in memory: at `events` and `characters` the oldest are dropped from memory, not from the store. */
export interface LiveConversationLimits extends EventWindowLimits, Omit<SessionLoadLimits, 'events'> {
  /** Maximum number of events, and of characters of their JSON text, that wait for the end of a turn. Beyond it they are committed before. */
  readonly turnEvents: number;
  readonly turnCharacters: number;
  /** Maximum wait of `loaded`, in ms. */
  readonly loadMs: number;
}

export interface LiveConversationOptions {
  readonly key: ConversationKey;
  readonly state: LiveState;
  readonly store: StoreOperations;
  readonly commits: CommitQueue;
  readonly health: StoreHealth;
  readonly limits: LiveConversationLimits;
  readonly owner: ConversationOwner;
}

/** Owner of all conversations in memory. One object for all of them: an idle conversation needs little memory. */
export interface ConversationOwner {
  /** Called when the events in memory change. @param characters difference */
  onResized(conversation: LiveConversation, characters: number): void;
  /** Called when a holder gives the conversation up. @returns when the store has it, if that was the last holder */
  onReleased(conversation: LiveConversation): Promise<void>;
}

/** Memory of one character of JSON text, in bytes (measured: up to 1.6). */
export const BYTES_PER_CHARACTER = 2;
/** Memory of an event besides its text, in bytes. */
const EVENT_BYTES = 200;

/**
 * The conversation that is being spoken, in memory: the truth for everyone who takes part. The store only follows it, a turn at a time. It is
 * loaded once, when it is opened; what is said before the store answers is kept behind the stored events.
 */
export class LiveConversation {
  readonly key: ConversationKey;
  /** State of the conversation, of its user and of the application. What is changed here must be committed with an event: see `append`. */
  readonly state: LiveState;
  /** Resolves when the stored events are there, or after `loadMs`. Never rejects. */
  readonly loaded: Promise<void>;
  readonly #options: LiveConversationOptions;
  #window: EventWindow;
  #summary: ConversationSummary | undefined;
  /** Events of the running turn, which are in the window and not yet committed. */
  #turn: AgentEvent[] = [];
  /** Messages that the user typed during the current reply. At the end of the turn they go behind the reply. */
  #typedDuringReply: AgentEvent[] = [];
  /** Changes of state that belong to the events of the running turn. */
  #turnDelta: StateDelta | undefined;
  /** Size of both. */
  #turnCharacters = 0;
  /** Number of `holdTurn` calls without a `releaseTurn`. */
  #holds = 0;
  /** Whether the turn was to be committed while it was held. */
  #isCommitDue = false;
  #resumption: StoredResumption | undefined;
  #isClosed = false;
  readonly #load: SessionLoad;
  readonly #storage: StorageReporter;

  constructor(options: LiveConversationOptions) {
    const { key, state, store, commits, health, limits } = options;
    this.#options = options;
    this.key = key;
    this.state = state;
    this.#window = new EventWindow(limits);
    this.#storage = new StorageReporter(() => ({
      isFailing: this.#load.failures >= MIN_FAILURES || commits.isFailing,
      lostTurns: commits.lostTurns,
    }));
    // Turns of an earlier live session that the store does not have yet.
    for (const { events, summary } of commits.turns) {
      for (const event of events) this.#appendToWindow(event);
      this.#summary = summary ?? this.#summary;
    }
    if (this.#summary) this.#window.markSummarized(this.#summary.lastEventId);
    this.#load = new SessionLoad({
      ...{ key, store, health, limits },
      onLoaded: (stored, shared) => {
        if (stored) this.#putBefore(stored);
        this.#resumption = stored?.resumption;
        this.state.load(shared);
      },
      onAttempt: () => this.reportStorage(),
    });
    this.loaded = limitTime(() => this.#load.run(), limits.loadMs).catch(() => {});
  }

  /** A copy of all events in memory, oldest first, with those of the running turn. */
  get events(): readonly AgentEvent[] {
    return [...this.#window.list(), ...this.#typedDuringReply];
  }

  /** True if there are, or may be, older events than `events`. */
  get truncated(): boolean {
    return !this.#load.isDone || this.#window.truncated;
  }

  /** Whether the stored events and the stored state are there. */
  get isLoaded(): boolean {
    return this.#load.isDone;
  }

  /** Whether the conversation was deleted, or given up by all its holders. Who still holds it must not store anything for it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Summary of the oldest events; `undefined` if there is none. */
  get summary(): ConversationSummary | undefined {
    return this.#summary;
  }

  /** Number and size of the events in memory that no summary covers. */
  get unsummarized(): EventWindowLimits {
    return this.#window.unsummarized;
  }

  /** Lists the events in memory that are committed and that no summary covers, oldest first. */
  listUnsummarized(): readonly AgentEvent[] {
    const events = this.#window.list(this.#window.unsummarized.events);
    return events.slice(0, Math.max(0, events.length - this.#turn.length));
  }

  /** Replaces the summary and commits it. Does not wait for the store. Has no effect on a closed conversation. */
  commitSummary(summary: ConversationSummary): void {
    if (this.#isClosed) return;
    this.#summary = summary;
    this.#window.markSummarized(summary.lastEventId);
    this.#options.commits.push({ events: [], summary }, BYTES_PER_CHARACTER * summary.text.length + EVENT_BYTES);
  }

  /**
   * Watches whether the conversation is stored. Takes the place of the watcher before.
   * @param onChange called when the store fails, works again or has lost turns; soon after this call, if one of these is so already
   * @returns ends the watching
   */
  watchStorage(onChange: (state: StorageState) => void): () => void {
    return this.#storage.watch(onChange);
  }

  /** Reports to the watcher, if there is one, what has changed for it. */
  reportStorage(): void {
    this.#storage.report();
  }

  /** Commits the conversation without an event, so that the store has it. @param stateDelta changes that were applied to `state` */
  commitCreation(stateDelta: StateDelta): void {
    this.#options.commits.push({ events: [], stateDelta }, BYTES_PER_CHARACTER * JSON.stringify(stateDelta).length);
  }

  /** How a provider continues the conversation, as the store had it when the conversation was loaded. `undefined`: not known. */
  get resumption(): StoredResumption | undefined {
    return this.#resumption;
  }

  /** Commits how a provider continues the conversation, as of the turns that were committed before. */
  commitResumption(resumption: StoredResumption): void {
    this.#options.commits.push({ events: [], resumption }, BYTES_PER_CHARACTER * resumption.handle.length);
  }

  /** Lists the turns in memory. */
  listTurns(): ConversationTurn[] {
    return listTurns(this.events);
  }

  /**
   * Lists the turns in memory as people see them.
   * @param repliesSoFar text of each reply being given, as far as it is not yet an event. The first one continues what its events say
   * @param confirming ids of the calls that wait for a confirmation
   */
  listShownTurns(repliesSoFar: readonly string[], confirming?: ReadonlySet<string>): ShownTurn[] {
    const turns = listShownTurns(this.#window.list(), confirming, repliesSoFar);
    return [...turns, ...listShownTurns(this.#typedDuringReply)];
  }

  /**
   * Adds a complete event to the running turn.
   * @param stateDelta changes that were applied to `state` and are committed with the event. Default: none
   */
  append(event: AgentEvent, stateDelta?: StateDelta): void {
    if (stateDelta) this.#turnDelta = { ...this.#turnDelta, ...stateDelta };
    const characters = measureEvent(event);
    this.#appendToWindow(event, characters);
    this.#turn.push(event);
    this.#growTurn(characters);
  }

  /** Adds what the user typed. @param duringReply a reply is being given, whose text comes later and belongs before it */
  appendTyped(event: AgentEvent, duringReply: boolean): void {
    if (!duringReply && this.#typedDuringReply.length === 0) {
      this.append(event);
      return;
    }
    this.#typedDuringReply.push(event);
    this.#growTurn(measureEvent(event));
  }

  /** Whether events, or changes of state, wait for the end of a turn. */
  get hasUncommitted(): boolean {
    return this.#turn.length > 0 || this.#typedDuringReply.length > 0 || this.#turnDelta !== undefined;
  }

  /** Removes events, as far as they are not committed yet. What they have changed in the state stays. */
  discard(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return;
    this.#turn = this.#turn.filter(({ id }) => !ids.has(id));
    const before = this.#window.characters;
    this.#window.remove(ids);
    this.#reportResize(this.#window.characters - before);
  }

  /** Keeps the running turn from being committed, because some of its events may have to be removed. Call `releaseTurn` once for it. */
  holdTurn(): void {
    this.#holds += 1;
  }

  releaseTurn(): void {
    this.#holds -= 1;
    if (this.#holds === 0 && this.#isCommitDue) this.#commit();
  }

  /** Commits the events of the running turn, unless it is held: then later. Does not wait for the store. */
  commitTurn(): void {
    // The turn is over in any case: what comes now stands behind the messages that were typed in it.
    this.#placeTyped();
    if (this.#holds > 0) this.#isCommitDue = true;
    else this.#commit();
  }

  #placeTyped(): void {
    for (const event of this.#typedDuringReply) {
      this.#appendToWindow(event);
      this.#turn.push(event);
    }
    this.#typedDuringReply = [];
  }

  #commit(): void {
    this.#isCommitDue = false;
    this.#placeTyped();
    const events = this.#turn;
    const bytes = BYTES_PER_CHARACTER * this.#turnCharacters + EVENT_BYTES * events.length;
    this.#turn = [];
    this.#turnCharacters = 0;
    const stateDelta = this.#turnDelta;
    this.#turnDelta = undefined;
    if (events.length > 0 || stateDelta)
      this.#options.commits.push({ events, ...(stateDelta ? { stateDelta } : {}) }, bytes);
  }

  /**
   * Gives the conversation up; call it once for each `LiveConversations.open`. After the last call the running turn is committed.
   * @returns when the store has everything, or after `releaseMs`, if this was the last holder; at once if not. Never rejects
   */
  release(): Promise<void> {
    return this.#options.owner.onReleased(this);
  }

  /** Commits what is left and stops loading. */
  close(): void {
    this.#commit();
    this.#load.stop();
    this.#reportResize(-this.#window.characters);
    this.#isClosed = true;
  }

  /** Drops the oldest events from memory until the rest has at most `characters`. */
  trim(characters: number): void {
    const before = this.#window.characters;
    this.#window.trim(characters);
    this.#reportResize(this.#window.characters - before);
  }

  #growTurn(characters: number): void {
    const { turnEvents, turnCharacters } = this.#options.limits;
    this.#turnCharacters += characters;
    const count = this.#turn.length + this.#typedDuringReply.length;
    if (count >= turnEvents || this.#turnCharacters > turnCharacters) this.#commit();
  }

  #appendToWindow(event: AgentEvent, characters = measureEvent(event)): void {
    const before = this.#window.characters;
    // Results are never told again: a few large ones would push what was said out of memory. The store has them whole.
    const kept = omitLargeResults(event, characters);
    this.#window.append(kept, kept === event ? characters : measureEvent(kept));
    this.#reportResize(this.#window.characters - before);
  }

  /** A run that ends slowly may still add to a conversation that was deleted. */
  #reportResize(characters: number): void {
    if (!this.#isClosed) this.#options.owner.onResized(this, characters);
  }

  /** Puts the stored events before those that were said since. @throws if the store returned something other than events; nothing changes */
  #putBefore({ events, truncated, summary }: StoredSession): void {
    const said = this.#window;
    const saidEvents = said.list();
    const ids = new Set(saidEvents.map(({ id }) => id));
    const merged = new EventWindow(this.#options.limits);
    for (const event of events) if (!ids.has(event.id)) merged.append(event);
    for (const event of saidEvents) merged.append(event);
    // Readers and the model are given the turns. Events that cannot be listed must fail here, not there.
    listShownTurns(merged.list());
    merged.truncated ||= truncated || said.truncated;
    // A summary that waits for its commit is newer than the stored one.
    if (isConversationSummary(summary)) this.#summary ??= summary;
    if (this.#summary) merged.markSummarized(this.#summary.lastEventId);
    this.#window = merged;
    this.#reportResize(merged.characters - said.characters);
  }
}
