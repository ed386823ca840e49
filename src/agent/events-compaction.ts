import type { ConversationTurn } from '../store/conversation-turns.ts';
import type { UsageMetadata } from '../wire/agent-event.ts';
import { isRecord } from '../wire/record.ts';
import { checkOptionNames } from './check-option-names.ts';

/**
 * Long memory of an agent: the oldest events of a conversation are replaced by a summary where the model is told the conversation anew. The name and
 * `eventRetentionSize` are those of ADK.
 * @see https://google.github.io/adk-docs/context/compaction/
 */
export interface EventsCompactionConfig {
  /** Makes the summaries: the name of a text model of the same provider as the live model, such as `gemini-3.5-flash-lite`, or an object of your own. */
  readonly summarizer: string | Summarizer;
  /**
   * Number of newest events that stay word for word when a summary is made, from 0 to 1,000. A summary is made when there are half as many more.
   * `getSessionConfig.numRecentEvents` halves it where it is less than twice this number, so that no event falls between the two. Default: 200, which
   * is about 40 questions and their answers.
   */
  readonly eventRetentionSize?: number;
}

/** Makes the summaries of conversations (ADK: BaseSummarizer). Its calls run beside the conversation: nobody waits for them. */
export interface Summarizer {
  /**
   * Summarizes the oldest part of a conversation.
   * @returns the text of the whole summary: what matters of the previous one and of the turns. A text of more than `maxCharacters` is cut at the end
   * of a word, one of more than four times as much is refused. A call that rejects, or takes more than 60 s, is repeated twice
   */
  summarize(request: SummaryRequest): string | SummaryResult | Promise<string | SummaryResult>;
}

export interface SummaryRequest {
  /** The summary so far. Default: there is none yet. */
  readonly previousSummary?: string;
  /** What was said since, oldest first: at most 65,536 characters. A turn of more than 8,000 characters is cut. */
  readonly turns: readonly ConversationTurn[];
  /** Maximum length of the summary, in characters. */
  readonly maxCharacters: number;
  /** Aborted when nobody needs the summary any more: the session has ended, or the call took too long. */
  readonly signal: AbortSignal;
}

export interface SummaryResult {
  readonly text: string;
  /** Tokens that the summary has cost. Reported to clients as those of replies are. Default: not counted. */
  readonly usageMetadata?: UsageMetadata;
}

/** Default of `EventsCompactionConfig.eventRetentionSize`. */
export const DEFAULT_RETENTION = 200;
const MAX_RETENTION = 1_000;
const OPTIONS: readonly (keyof EventsCompactionConfig)[] = ['summarizer', 'eventRetentionSize'];

/** @throws {TypeError} names the agent and the option */
export function checkEventsCompaction(agent: string, config: unknown): void {
  const subject = `Agent "${agent}": eventsCompactionConfig`;
  if (!isRecord(config))
    throw new TypeError(`${subject} must be an object, such as { summarizer: 'gemini-3.5-flash-lite' }`);
  checkOptionNames(subject, config, OPTIONS);
  const { summarizer, eventRetentionSize = 0 } = config;
  const isName = typeof summarizer === 'string' && summarizer !== '';
  if (!isName && typeof Object(summarizer).summarize !== 'function') {
    throw new TypeError(`${subject}.summarizer must be the name of a text model, or an object with a method summarize`);
  }
  const size = Number(eventRetentionSize);
  if (typeof eventRetentionSize !== 'number' || !Number.isInteger(size) || size < 0 || size > MAX_RETENTION) {
    throw new TypeError(`${subject}.eventRetentionSize must be a whole number from 0 to ${MAX_RETENTION}`);
  }
}
