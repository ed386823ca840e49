import { GuardedLogger } from '../isolation/guarded-logger.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { type CommitLimits, CommitQueue, type CommitQueueOwner } from './commit-queue.ts';
import { type ConversationKey, formatKey } from './conversation-key.ts';
import { GuardedArtifacts } from './guarded-artifacts.ts';
import { GuardedStore, type StoreOperations } from './guarded-store.ts';
import {
  BYTES_PER_CHARACTER,
  type ConversationOwner,
  LiveConversation,
  type LiveConversationLimits,
} from './live-conversation.ts';
import type { LiveState } from './live-state.ts';
import type { SessionStore } from './session-store.ts';
import { SharedScopes } from './shared-scopes.ts';
import { StoreHealth, type StoreLogger } from './store-health.ts';
import { limitTime } from './time-limit.ts';

export interface LiveConversationsLimits extends LiveConversationLimits, CommitLimits {
  /** Maximum size of the events in memory, in characters of JSON text. Beyond it a conversation that grows keeps only its share of them. */
  readonly totalCharacters: number;
  /** Maximum memory for all uncommitted turns, in bytes. Beyond it the oldest of the conversation that needs most is dropped. */
  readonly totalPendingBytes: number;
  /** Maximum wait of the last `release` of a conversation for the store, in ms. */
  readonly releaseMs: number;
}

export interface LiveConversationsOptions {
  /** Files of the conversations, which are deleted with them. Default: none. */
  readonly artifacts?: ArtifactStore;
  /** Default: nothing is logged. */
  readonly logger?: StoreLogger;
  readonly limits?: Partial<LiveConversationsLimits>;
}

const DEFAULT_LIMITS: LiveConversationsLimits = {
  events: 2_000,
  characters: 1024 * 1024,
  totalCharacters: 256 * 1024 * 1024,
  turnEvents: 1_000,
  turnCharacters: 1024 * 1024,
  loadMs: 3_000,
  attemptMs: 10_000,
  firstRetryMs: 250,
  maxRetryMs: 30_000,
  maxAgeMs: 15 * 60_000,
  pendingBytes: 8 * 1024 * 1024,
  totalPendingBytes: 64 * 1024 * 1024,
  releaseMs: 5_000,
};

/** Maximum wait of `close` for runs that are ending, in ms. */
const RUN_END_MS = 1_000;

/** Called when the store has a turn. @param characters size of the turn in characters of JSON text, rounded up */
export type CommitWatcher = (key: ConversationKey, characters: number) => void;

interface Entry {
  readonly commits: CommitQueue;
  readonly state: LiveState;
  /** Missing when only uncommitted turns are left. */
  conversation: LiveConversation | undefined;
  holders: number;
}

/**
 * The conversations that are being spoken in this process. Whoever opens the same key gets the same conversation: successive runs, and the live
 * session that they belong to. A store that fails or never answers delays the start of a conversation by at most `loadMs`, and nothing after
 * that: turns wait in memory within limits, and are committed later.
 */
export class LiveConversations {
  readonly store: SessionStore;
  /** The store, whose code is not trusted to be right. */
  readonly operations: StoreOperations;
  /** The files of the conversations, whose store is not trusted to be right either. `undefined`: there are none. */
  readonly artifacts: ArtifactStore | undefined;
  readonly #logger: StoreLogger | undefined;
  readonly #limits: LiveConversationsLimits;
  readonly #health: StoreHealth;
  readonly #entries = new Map<string, Entry>();
  readonly #scopes = new SharedScopes();
  #characters = 0;
  #pendingBytes = 0;
  #emptyWaiters: (() => void)[] = [];
  readonly #commitWatchers = new Set<CommitWatcher>();
  readonly #owner: ConversationOwner & CommitQueueOwner = {
    onResized: (conversation, characters) => this.#resize(conversation, characters),
    onReleased: (conversation) => this.#release(conversation),
    onPendingResized: (bytes) => this.#resizePending(bytes),
    onStorageChanged: (key) => this.#entries.get(formatKey(key))?.conversation?.reportStorage(),
    onCommitted: (key, bytes) => {
      for (const onCommitted of this.#commitWatchers) onCommitted(key, bytes / BYTES_PER_CHARACTER);
    },
    onDrained: (key) => this.#removeIfUnused(key),
  };

  constructor(store: SessionStore, { artifacts, logger, limits }: LiveConversationsOptions = {}) {
    this.store = store;
    this.#logger = logger && new GuardedLogger(logger);
    this.artifacts = artifacts && new GuardedArtifacts(artifacts, this.#logger);
    this.operations = new GuardedStore(store, this.#logger);
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#health = new StoreHealth(this.#logger);
  }

  /** `failing` from the first operation of the store that fails until it works again. */
  get storeStatus(): 'ok' | 'failing' {
    return this.#health.status;
  }

  /** Memory that uncommitted turns need, in bytes. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Opens a conversation and begins to load it. Call `release` on it once for each `open`. */
  open(key: ConversationKey): LiveConversation {
    const name = formatKey(key);
    const entry = this.#entries.get(name) ?? this.#createEntry(name, key);
    entry.conversation ??= new LiveConversation({
      key,
      state: entry.state,
      store: this.operations,
      commits: entry.commits,
      health: this.#health,
      limits: this.#limits,
      owner: this.#owner,
    });
    entry.holders += 1;
    return entry.conversation;
  }

  /** Asks the store something, so that an outage is in the log before somebody speaks, and tables are created or upgraded. Never rejects. */
  async checkStore(appName: string): Promise<void> {
    try {
      await limitTime(() => this.operations.list(appName, '', { limit: 1 }), this.#limits.attemptMs);
    } catch (error) {
      this.#health.onFailure(this, error);
      // Nobody repeats this: the next operation that succeeds ends the outage.
      this.#health.onGivenUp(this);
    }
  }

  /** Whether somebody holds a conversation, or the store does not have all of it yet. */
  isUsed(key: ConversationKey): boolean {
    return this.#entries.has(formatKey(key));
  }

  /** Watches the commits of all conversations. @returns ends the watching */
  watchCommits(onCommitted: CommitWatcher): () => void {
    this.#commitWatchers.add(onCommitted);
    return () => this.#commitWatchers.delete(onCommitted);
  }

  /** Waits until the store has the turns of a conversation that are complete, but not longer than `releaseMs`. */
  async settle(key: ConversationKey): Promise<void> {
    const entry = this.#entries.get(formatKey(key));
    if (!entry || entry.commits.isEmpty) return;
    entry.commits.retryNow();
    await waitAtMost(entry.commits.drain(), this.#limits.releaseMs);
  }

  /**
   * Deletes a conversation with its files. Whoever still holds it, such as a run that is ending, changes nothing in the store any more. The running turn is committed
   * before, because it may have changes of the state of the user, which stays.
   * @returns false if the store had none
   * @throws what one of the stores throws. The turns that the store did not have are lost then. What is left is deleted by another call
   */
  async delete(key: ConversationKey): Promise<boolean> {
    const entry = this.#entries.get(formatKey(key));
    entry?.conversation?.commitTurn();
    await this.settle(key);
    this.discard(key);
    // A commit under way belongs to what is deleted.
    if (entry) await waitAtMost(entry.commits.drain(), this.#limits.attemptMs);
    // Files first: without their conversation nobody would find and delete them.
    await this.artifacts?.delete(key);
    return limitTime(() => this.operations.delete(key), this.#limits.attemptMs);
  }

  /** Forgets a conversation with the turns that the store does not have. The next `open` begins another one, which knows what the store knows. */
  discard(key: ConversationKey): void {
    const entry = this.#entries.get(formatKey(key));
    if (!entry) return;
    entry.commits.close();
    entry.conversation?.close();
    this.#remove(key);
  }

  /**
   * Commits all running turns and waits until the store has them, but not longer than `graceMs`. What is left then is lost, and logged. Call it
   * when all runs were told to end: for a second it also waits for what they say last. The store stays open.
   */
  async close(graceMs: number): Promise<void> {
    for (const { conversation, commits } of this.#entries.values()) {
      conversation?.commitTurn();
      commits.retryNow();
    }
    const deadline = performance.now() + graceMs;
    if (this.#entries.size > 0) {
      const empty = new Promise<void>((resolve) => this.#emptyWaiters.push(resolve));
      await waitAtMost(empty, Math.min(graceMs, RUN_END_MS));
    }
    for (const { conversation } of this.#entries.values()) conversation?.commitTurn();
    const drained = [...this.#entries.values()].map(({ commits }) => commits.drain());
    await waitAtMost(Promise.all(drained), Math.max(0, deadline - performance.now()));
    const lost = [...this.#entries.values()].reduce((sum, { commits }) => sum + commits.turns.length, 0);
    if (lost > 0)
      this.#logger?.error({ turns: lost }, 'the server ends with turns that the session store has not stored');
  }

  #createEntry(name: string, key: ConversationKey): Entry {
    const state = this.#scopes.open(key);
    const entry: Entry = {
      state,
      commits: new CommitQueue({
        key,
        state,
        store: this.operations,
        health: this.#health,
        limits: this.#limits,
        owner: this.#owner,
      }),
      conversation: undefined,
      holders: 0,
    };
    this.#entries.set(name, entry);
    return entry;
  }

  async #release(conversation: LiveConversation): Promise<void> {
    const name = formatKey(conversation.key);
    const entry = this.#entries.get(name);
    // A conversation that was deleted, or released too often, may have a successor by now.
    if (entry?.conversation !== conversation) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    conversation.close();
    entry.conversation = undefined;
    this.#removeIfUnused(conversation.key);
    await waitAtMost(entry.commits.drain(), this.#limits.releaseMs);
  }

  #removeIfUnused(key: ConversationKey): void {
    const entry = this.#entries.get(formatKey(key));
    if (entry && !entry.conversation && entry.commits.isEmpty) this.#remove(key);
  }

  #remove(key: ConversationKey): void {
    this.#entries.delete(formatKey(key));
    this.#scopes.release(key);
    if (this.#entries.size > 0) return;
    const waiters = this.#emptyWaiters;
    this.#emptyWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #resize(conversation: LiveConversation, characters: number): void {
    this.#characters += characters;
    if (characters <= 0 || this.#characters <= this.#limits.totalCharacters) return;
    conversation.trim(Math.floor(this.#limits.totalCharacters / this.#entries.size));
  }

  #resizePending(bytes: number): void {
    this.#pendingBytes += bytes;
    if (bytes <= 0) return;
    while (this.#pendingBytes > this.#limits.totalPendingBytes) {
      const largest = this.#findLargestPending();
      if (!largest) return;
      largest.dropOldest();
    }
  }

  /** Finds the conversation whose uncommitted turns need most memory, so that nobody loses turns because of somebody else's. */
  #findLargestPending(): CommitQueue | undefined {
    let largest: CommitQueue | undefined;
    for (const { commits } of this.#entries.values()) {
      if (commits.canDrop && commits.bytes > (largest?.bytes ?? 0)) largest = commits;
    }
    return largest;
  }
}

/** The timer keeps the process alive: an uncommitted turn is worth the wait. */
async function waitAtMost(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
