import type { ConversationKey } from './conversation-key.ts';
import type { StoreOperations } from './guarded-store.ts';
import type { SessionState, StoredSession } from './session-store.ts';
import type { StoreHealth } from './store-health.ts';
import { limitTime } from './time-limit.ts';

/** Names that end in Ms: in ms. */
export interface SessionLoadLimits {
  /** Maximum number of events that are loaded, the newest ones. */
  readonly events: number;
  /** Maximum size of these events, in characters of their JSON text. */
  readonly characters: number;
  /** Maximum wait for one answer of the store. */
  readonly attemptMs: number;
  /** Wait before the first retry. It doubles with each retry. */
  readonly firstRetryMs: number;
  /** Maximum wait between two attempts. */
  readonly maxRetryMs: number;
}

export interface SessionLoadOptions {
  readonly key: ConversationKey;
  readonly store: StoreOperations;
  readonly health: StoreHealth;
  readonly limits: SessionLoadLimits;
  /**
   * Called with what the store has; a conversation that was never stored begins with the state of its user.
   * @throws if that is no conversation: the store is asked again
   */
  readonly onLoaded: (stored: StoredSession | undefined, state: Pick<SessionState, 'app' | 'user'>) => void;
  /** Called after each attempt. */
  readonly onAttempt: () => void;
}

/** Maximum number of bytes of one character in UTF-8. */
const MAX_CHARACTER_BYTES = 3;

/** Loads one conversation, as often as the store fails. */
export class SessionLoad {
  readonly #options: SessionLoadOptions;
  #isDone = false;
  #isStopped = false;
  #failures = 0;
  /** Ends the wait before the next attempt. */
  #endPause: (() => void) | undefined;

  constructor(options: SessionLoadOptions) {
    this.#options = options;
  }

  /** Whether the store has answered. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Number of attempts in a row that have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Retries until the store answers or the load is stopped. */
  async run(): Promise<void> {
    const { health, limits, onAttempt } = this.#options;
    for (let waitMs = limits.firstRetryMs; !this.#isStopped; waitMs = Math.min(waitMs * 2, limits.maxRetryMs)) {
      try {
        await this.#attempt();
        if (this.#isStopped) return;
        this.#failures = 0;
        health.onSuccess(this);
        onAttempt();
        return;
      } catch (error) {
        if (this.#isStopped) return;
        this.#failures += 1;
        health.onFailure(this, error);
        onAttempt();
      }
      await this.#pause(waitMs);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.health.onGivenUp(this);
    this.#endPause?.();
  }

  async #attempt(): Promise<void> {
    const { key, store, limits, onLoaded } = this.#options;
    const { events: recentEvents, characters, attemptMs } = limits;
    // A store may count bytes.
    const newest = { recentEvents, recentCharacters: MAX_CHARACTER_BYTES * characters };
    const stored = await limitTime(() => store.load(key, newest), attemptMs);
    const state = stored?.state ?? (await limitTime(() => store.loadState(key.appName, key.userId), attemptMs));
    if (this.#isStopped) return;
    onLoaded(stored, state);
    this.#isDone = true;
  }

  /** Ends early when the load is stopped. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
    this.#endPause = undefined;
  }
}
