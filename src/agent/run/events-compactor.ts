import { setTimeout as delay } from 'node:timers/promises';
import { callAuthor } from '../../isolation/author-call.ts';
import {
  type ConversationSummary,
  MAX_SUMMARY_CHARACTERS,
  toCompactionActions,
} from '../../store/conversation-summary.ts';
import type { EventWindowLimits } from '../../store/event-window.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { toErrorDetails } from '../../wire/error-text.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Summarizer, SummaryRequest } from '../events-compaction.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import { isSummaryDue, listBatchTurns, selectBatch } from './compaction-batch.ts';
import type { EmitEvent } from './event-factory.ts';
import type { SummaryBudget } from './summary-budget.ts';
import { type ReadSummary, readSummaryResult } from './summary-result.ts';

/** Limits of the summaries of one run. Names that end in Ms: in ms. */
export interface CompactorLimits {
  /** Maximum duration of one call. */
  readonly callMs: number;
  /** Maximum number of calls for one summary. */
  readonly attempts: number;
  /** Maximum wait before the second call. It is four times as long before each further one. */
  readonly firstRetryMs: number;
  /** Wait after a summary that was given up. It doubles with each further one, up to `maxPauseMs`. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

const LIMITS: CompactorLimits = {
  callMs: 60_000,
  attempts: 3,
  firstRetryMs: 1_000,
  pauseMs: 60_000,
  maxPauseMs: 15 * 60_000,
};

export interface EventsCompactorOptions {
  readonly conversation: LiveConversation;
  readonly summarizer: Summarizer;
  /** How much of the conversation stays word for word. */
  readonly retention: EventWindowLimits;
  readonly budget: SummaryBudget;
  readonly emit: EmitEvent;
  readonly logger: ToolLogger | undefined;
  readonly limits?: Partial<CompactorLimits>;
}

/**
 * Replaces the oldest events of the conversation of a run by a summary, beside the conversation: nothing waits for it. As long as there is no summary of
 * an event, fresh connections are told the event itself.
 */
export class EventsCompactor {
  readonly #options: EventsCompactorOptions;
  readonly #limits: CompactorLimits;
  readonly #abort = new AbortController();
  /** Number of summaries in a row that were given up. */
  #failures = 0;
  /** Time before which no summary is begun, as `performance.now()`. */
  #pausedUntil = 0;

  constructor(options: EventsCompactorOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Begins with what an earlier run has left, as soon as the conversation is loaded. */
  start(): void {
    void this.#options.conversation.loaded.then(() => this.check());
  }

  /** Begins a summary if one is due. Call it after each turn. */
  check(): void {
    const { conversation, retention, budget } = this.#options;
    if (!isSummaryDue(conversation.unsummarized, retention)) return;
    if (this.#isOver || !conversation.isLoaded || performance.now() < this.#pausedUntil) return;
    if (!budget.reserve(conversation)) return;
    this.#summarizeAll()
      .catch((error) => this.#log(error, 'failed'))
      .finally(() => budget.release(conversation));
  }

  /** Cancels what is under way. */
  close(): void {
    this.#abort.abort();
  }

  get #isOver(): boolean {
    return this.#abort.signal.aborted || this.#options.conversation.isClosed;
  }

  /** Makes summaries until none is due. */
  async #summarizeAll(): Promise<void> {
    const { conversation, retention } = this.#options;
    // The turn that has just ended goes first.
    await delay(0, undefined, { ref: false });
    while (!this.#isOver && isSummaryDue(conversation.unsummarized, retention)) {
      const batch = selectBatch(conversation.listUnsummarized(), conversation.unsummarized, retention);
      if (batch.length === 0 || !(await this.#summarize(batch))) return;
    }
  }

  /** @returns whether the batch has a summary now */
  async #summarize(batch: readonly AgentEvent[]): Promise<boolean> {
    const { conversation, emit } = this.#options;
    const { summary: previous } = conversation;
    const turns = listBatchTurns(batch);
    const [first, last] = [batch[0], batch.at(-1)];
    if (!first || !last) return false;
    // Calls of tools alone are no reason to ask a model.
    const made = turns.length === 0 ? { text: previous?.text ?? '', usage: undefined } : await this.#attempt(turns);
    if (!made || this.#isOver) return false;
    const summary: ConversationSummary = {
      text: made.text,
      lastEventId: last.id,
      startTimestamp: previous?.startTimestamp ?? first.timestamp,
      endTimestamp: last.timestamp,
    };
    conversation.commitSummary(summary);
    if (made.usage) emit({ author: 'user', usageMetadata: made.usage, actions: toCompactionActions(summary) });
    return true;
  }

  /** @returns `undefined` if the summary is given up */
  async #attempt(turns: SummaryRequest['turns']): Promise<ReadSummary | undefined> {
    const { budget, conversation } = this.#options;
    const { attempts, firstRetryMs, callMs } = this.#limits;
    for (let attempt = 1; budget.begin(conversation.key); attempt += 1) {
      const { made, error } = await this.#settle(turns).finally(() => budget.end());
      if (made || this.#isOver) return made;
      const canRetry = attempt < attempts && (!WireError.is(error) || error.retry);
      const waitMs = readWait(error) ?? Math.random() * firstRetryMs * 4 ** (attempt - 1);
      if (!canRetry || waitMs > callMs) {
        this.#giveUp(error, waitMs);
        return undefined;
      }
      await delay(waitMs, undefined, { ref: false, signal: this.#abort.signal }).catch(() => {});
      if (this.#isOver) return undefined;
    }
    return undefined;
  }

  async #settle(turns: SummaryRequest['turns']): Promise<{ made?: ReadSummary; error?: unknown }> {
    try {
      const made = await this.#call(turns);
      this.#failures = 0;
      return { made };
    } catch (error) {
      return { error };
    }
  }

  async #call(turns: SummaryRequest['turns']): Promise<ReadSummary> {
    const { conversation, summarizer } = this.#options;
    const { callMs: ms } = this.#limits;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, stop.signal]);
    const previousSummary = conversation.summary?.text;
    const request: SummaryRequest = {
      ...(previousSummary ? { previousSummary } : {}),
      turns,
      maxCharacters: MAX_SUMMARY_CHARACTERS,
      signal,
    };
    try {
      const { promise, reject } = Promise.withResolvers<never>();
      promise.catch(() => {});
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const onLateFault = (error: unknown) => this.#log(error, 'failed after its end');
      const result = callAuthor(() => summarizer.summarize(request), { ms, onLateFault });
      return readSummaryResult(await Promise.race([result, promise]));
    } finally {
      stop.abort();
    }
  }

  #giveUp(error: unknown, waitMs: number): void {
    const { pauseMs, maxPauseMs } = this.#limits;
    const pause = Math.max(waitMs, pauseMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#pausedUntil = performance.now() + Math.min(pause, maxPauseMs);
    this.#log(error, 'failed');
  }

  #log(error: unknown, what: string): void {
    const { conversation, logger } = this.#options;
    const { userId, sessionId } = conversation.key;
    logger?.warn({ userId, sessionId, err: toErrorDetails(error) }, `the summary of a conversation ${what}`);
  }
}

/** Reads how long a provider asks to wait, in ms. */
function readWait(error: unknown): number | undefined {
  return WireError.is(error) ? error.details.retry_after_ms : undefined;
}
