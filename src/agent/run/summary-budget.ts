import { type ConversationKey, formatKey } from '../../store/conversation-key.ts';

/** Limits of the summaries of one runner, over all of its conversations. */
export interface SummaryLimits {
  /** Maximum number of calls at the same time. */
  readonly concurrent: number;
  /** Maximum number of calls in a minute. */
  readonly perMinute: number;
  /** Maximum number of calls for one conversation in a minute, so that nobody uses up the calls of others. */
  readonly conversationPerMinute: number;
  /** Maximum number of calls for all conversations of one user in a minute. */
  readonly userPerMinute: number;
}

export const SUMMARY_LIMITS: SummaryLimits = {
  concurrent: 8,
  perMinute: 60,
  conversationPerMinute: 10,
  userPerMinute: 20,
};

const MINUTE_MS = 60_000;

/** Counts the calls of a summarizer. What it refuses is due again after the next turn of the conversation. */
export class SummaryBudget {
  readonly #limits: SummaryLimits;
  /** Calls of the last minute, oldest first. Times in ms. */
  #calls: { readonly conversation: string; readonly user: string; readonly time: number }[] = [];
  #running = 0;
  /** Conversations that have a call, or wait between two. */
  readonly #busy = new WeakSet<object>();

  constructor(limits: SummaryLimits = SUMMARY_LIMITS) {
    this.#limits = limits;
  }

  /** Reserves a conversation, in which there is one call at a time. @returns false if it is reserved */
  reserve(conversation: object): boolean {
    if (this.#busy.has(conversation)) return false;
    this.#busy.add(conversation);
    return true;
  }

  release(conversation: object): void {
    this.#busy.delete(conversation);
  }

  /** Begins a call. Call `end` once for each call that has begun. @returns false at a limit */
  begin(key: ConversationKey): boolean {
    const now = performance.now();
    this.#calls = this.#calls.filter(({ time }) => now - time < MINUTE_MS);
    const { concurrent, perMinute, conversationPerMinute, userPerMinute } = this.#limits;
    if (this.#running >= concurrent || this.#calls.length >= perMinute) return false;
    const conversation = formatKey(key);
    const user = formatKey({ ...key, sessionId: '' });
    const ofUser = this.#calls.filter((call) => call.user === user);
    const own = ofUser.filter((call) => call.conversation === conversation);
    if (own.length >= conversationPerMinute || ofUser.length >= userPerMinute) return false;
    this.#calls.push({ conversation, user, time: now });
    this.#running += 1;
    return true;
  }

  end(): void {
    this.#running -= 1;
  }
}
