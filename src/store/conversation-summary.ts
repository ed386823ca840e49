import type { AgentEvent } from '../wire/agent-event.ts';
import { isRecord } from '../wire/record.ts';

/** Maximum length of a summary, in characters. */
export const MAX_SUMMARY_CHARACTERS = 8_000;

/** Summary of a conversation from its beginning up to one of its events. */
export interface ConversationSummary {
  /** At most 8,000 characters. */
  readonly text: string;
  /** Id of the newest event that the summary covers. */
  readonly lastEventId: string;
  /** Time of the oldest event that the summary covers, in seconds since 1970 (ADK: EventCompaction). */
  readonly startTimestamp: number;
  /** Time of the newest event that the summary covers, in seconds since 1970. */
  readonly endTimestamp: number;
}

/** Whether a value that a store returned is a summary. */
export function isConversationSummary(value: unknown): value is ConversationSummary {
  if (!isRecord(value)) return false;
  const { text, lastEventId, startTimestamp, endTimestamp } = value;
  const isText = typeof text === 'string' && text.length <= MAX_SUMMARY_CHARACTERS;
  return isText && typeof lastEventId === 'string' && Number.isFinite(startTimestamp) && Number.isFinite(endTimestamp);
}

/** Returns the events that a summary does not cover. Without the last covered event among them, all events are newer. */
export function omitSummarized(
  events: readonly AgentEvent[],
  summary: Pick<ConversationSummary, 'lastEventId'> | undefined,
): readonly AgentEvent[] {
  return summary ? events.slice(events.findLastIndex(({ id }) => id === summary.lastEventId) + 1) : events;
}

/** Converts a summary to the actions of ADK's event for it. */
export function toCompactionActions({ text, startTimestamp, endTimestamp }: ConversationSummary) {
  const compactedContent = { role: 'model', parts: [{ text }] };
  return { compaction: { startTimestamp, endTimestamp, compactedContent } };
}

/**
 * Converts a stored summary to the event with which ADK stores one: ADK tells a model the text in place of the events between the two times.
 * @see https://google.github.io/adk-docs/context/compaction/
 */
export function toCompactionEvent(summary: ConversationSummary): AgentEvent {
  return {
    id: `compaction-${summary.lastEventId}`,
    invocationId: 'compaction',
    author: 'user',
    timestamp: summary.endTimestamp,
    actions: toCompactionActions(summary),
  };
}
