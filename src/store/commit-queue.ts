import type { AgentEvent } from '../wire/agent-event.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import type { ConversationKey } from './conversation-key.ts';
import type { ConversationSummary } from './conversation-summary.ts';
import type { StoreOperations } from './guarded-store.ts';
import type { LiveState } from './live-state.ts';
import type { StoredResumption } from './session-store.ts';
import type { StoreHealth } from './store-health.ts';
import { limitTime } from './time-limit.ts';

export interface CommitLimits {
  /** Maximum wait for one answer of the store, in ms. */
  readonly attemptMs: number;
  /** Wait before the first retry, in ms. It doubles with each retry. */
  readonly firstRetryMs: number;
  /** Maximum wait between two attempts, in ms. */
  readonly maxRetryMs: number;
  /** Maximum age of a turn that the store refuses, in ms. Then it is dropped. */
  readonly maxAgeMs: number;
  /** Maximum memory for the uncommitted turns of one conversation, in bytes. Beyond it the oldest are dropped. */
  readonly pendingBytes: number;
}

/** A turn as a conversation commits it. */
export interface ConversationTurnCommit {
  readonly events: readonly AgentEvent[];
  /** Changes of state that belong to the events. */
  readonly stateDelta?: StateDelta;
  readonly summary?: ConversationSummary;
  readonly resumption?: StoredResumption;
}

export interface CommitQueueOptions {
  readonly key: ConversationKey;
  readonly state: Pick<LiveState, 'toCommit'>;
  readonly store: StoreOperations;
  readonly health: StoreHealth;
  readonly limits: CommitLimits;
  readonly owner: CommitQueueOwner;
}

/** Owner of the queues of all conversations. One object for all of them: an idle conversation needs little memory. */
export interface CommitQueueOwner {
  /** Called when the memory of the uncommitted turns changes. @param bytes difference */
  onPendingResized(bytes: number): void;
  /** Called when `isFailing` or `lostTurns` of a queue has changed. */
  onStorageChanged(key: ConversationKey): void;
  /** Called when the store has a turn. @param bytes memory that the turn needed */
  onCommitted(key: ConversationKey, bytes: number): void;
  /** Called when no uncommitted turn is left. */
  onDrained(key: ConversationKey): void;
}

/** Number of failed attempts in a row that make an outage. */
export const MIN_FAILURES = 2;

interface PendingTurn {
  readonly turn: ConversationTurnCommit;
  readonly bytes: number;
  /** As `performance.now()`: the clock of the system may be set. */
  readonly since: number;
}

/** Commits the turns of one conversation in order, one at a time, behind the conversation: nobody waits for it. Failed commits are retried. */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  /** Oldest first. */
  readonly #pending: PendingTurn[] = [];
  #isCommitting = false;
  #isClosed = false;
  /** The store has not yet answered for the oldest turn. */
  #isWaitingForStore = false;
  /** Number of attempts in a row that have failed. */
  #failures = 0;
  #isFailing = false;
  /** Number of waits in a row, each twice as long as the one before. */
  #backoffs = 0;
  #lostTurns = 0;
  #bytes = 0;
  #retryNow: (() => void) | undefined;
  #drainWaiters: (() => void)[] = [];

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** Uncommitted turns, oldest first. */
  get turns(): readonly ConversationTurnCommit[] {
    return this.#pending.map(({ turn }) => turn);
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Memory of all uncommitted turns, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is a turn that `dropOldest` can drop. */
  get canDrop(): boolean {
    return this.#pending.length > this.#firstDroppable;
  }

  /** Whether the store has refused a turn at least twice, and does not have all turns since: one refusal may be a moment in which another process writes. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Number of turns that were dropped without being stored. */
  get lostTurns(): number {
    return this.#lostTurns;
  }

  /** Adds a turn, unless the queue is closed. @param bytes memory that the turn needs */
  push(turn: ConversationTurnCommit, bytes: number): void {
    if (this.#isClosed) return;
    this.#pending.push({ turn, bytes, since: performance.now() });
    this.#resize(bytes);
    const { pendingBytes } = this.#options.limits;
    while (this.#bytes > pendingBytes && this.#pending.length > this.#firstDroppable + 1) this.dropOldest();
    if (!this.#isCommitting) void this.#commitAll();
  }

  /** Drops the oldest turn, except one that the store has not answered for. */
  dropOldest(): void {
    const dropped = this.#removeOldest();
    if (!dropped) return;
    this.#lostTurns += 1;
    this.#options.owner.onStorageChanged(this.#options.key);
    this.#options.health.onTurnDropped({ ...this.#options.key, events: dropped.turn.events.length });
    if (this.isEmpty) this.retryNow();
  }

  /**
   * Removes all turns and accepts no others: the conversation is deleted. A turn that the store has not answered for is not tried again; the store
   * keeps its commit before the delete.
   */
  close(): void {
    this.#isClosed = true;
    while (this.#removeOldest());
    this.retryNow();
  }

  #removeOldest(): PendingTurn | undefined {
    const [removed] = this.#pending.splice(this.#firstDroppable, 1);
    if (removed) this.#resize(-removed.bytes);
    return removed;
  }

  /** Ends the wait before the next attempt, if there is one. */
  retryNow(): void {
    this.#backoffs = 0;
    this.#retryNow?.();
  }

  /** Resolves when no uncommitted turn is left. */
  async drain(): Promise<void> {
    if (this.isEmpty) return;
    await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
  }

  get #firstDroppable(): number {
    return this.#isWaitingForStore ? 1 : 0;
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    for (let oldest = this.#pending[0]; oldest; oldest = this.#pending[0]) await this.#tryCommit(oldest);
    this.#isCommitting = false;
    this.#failures = 0;
    this.#backoffs = 0;
    this.#setFailing(false);
    this.#options.health.onGivenUp(this);
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
    this.#options.owner.onDrained(this.#options.key);
  }

  /** Removes the turn if the store takes it. Otherwise drops what is too old, and waits before the next attempt. */
  async #tryCommit(oldest: PendingTurn): Promise<void> {
    const { key, state, store, health, limits } = this.#options;
    this.#isWaitingForStore = true;
    try {
      const { stateDelta, ...others } = oldest.turn;
      const turn = stateDelta ? { ...others, state: state.toCommit(stateDelta) } : others;
      await limitTime(() => store.commit(key, turn), limits.attemptMs);
      this.#pending.shift();
      this.#resize(-oldest.bytes);
      this.#failures = 0;
      this.#backoffs = 0;
      health.onSuccess(this);
      this.#options.owner.onCommitted(key, oldest.bytes);
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= MIN_FAILURES) this.#setFailing(true);
      health.onFailure(this, error);
    } finally {
      this.#isWaitingForStore = false;
    }
    if (this.#pending[0] !== oldest) return;
    if (this.#isClosed) {
      this.#removeOldest();
      return;
    }
    const earliest = performance.now() - limits.maxAgeMs;
    while ((this.#pending[0]?.since ?? earliest) < earliest) this.dropOldest();
    if (!this.isEmpty) await this.#backOff();
  }

  /** Half of the wait is random, so that the conversations of a store that recovers do not all retry at once. */
  async #backOff(): Promise<void> {
    const { firstRetryMs, maxRetryMs } = this.#options.limits;
    const ms = Math.min(firstRetryMs * 2 ** this.#backoffs, maxRetryMs);
    this.#backoffs += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms * (0.5 + Math.random() / 2)).unref();
    this.#retryNow = resolve;
    await promise;
    clearTimeout(timer);
    this.#retryNow = undefined;
  }

  #setFailing(isFailing: boolean): void {
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    this.#options.owner.onStorageChanged(this.#options.key);
  }

  #resize(bytes: number): void {
    this.#bytes += bytes;
    this.#options.owner.onPendingResized(bytes);
  }
}
