import { type ConversationTurn, extractTurn, listTurns } from '../../store/conversation-turns.ts';
import type { EventWindowLimits } from '../../store/event-window.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { DEFAULT_RETENTION } from '../events-compaction.ts';

/** Maximum size of what stays word for word, in characters of the JSON text of the events. */
const RETAINED_CHARACTERS = 128 * 1024;
/** Maximum length of what one summary adds, in characters. */
const MAX_BATCH_CHARACTERS = 64 * 1024;
/** Maximum length of one turn in a summary's request, in characters. */
const MAX_TURN_CHARACTERS = 8_000;
const ELLIPSIS = '…';

/**
 * Resolves how much of a conversation stays word for word.
 * @param retention `eventRetentionSize`
 * @param numRecentEvents limit of what a fresh connection is told. Default: none
 */
export function resolveRetention(retention = DEFAULT_RETENTION, numRecentEvents?: number): EventWindowLimits {
  const most = numRecentEvents === undefined ? retention : Math.floor(numRecentEvents / 2);
  return { events: Math.min(retention, most), characters: RETAINED_CHARACTERS };
}

/** Whether enough has fallen out for a summary: half as much as stays. */
export function isSummaryDue({ events, characters }: EventWindowLimits, retention: EventWindowLimits): boolean {
  return events > retention.events * 1.5 || characters > retention.characters * 1.5;
}

/**
 * Selects the events that the next summary covers: the oldest, up to the end of a turn.
 * @param events committed events that no summary covers, oldest first
 * @param unsummarized number and size of the events that no summary covers, with those that are not committed
 * @returns empty if no turn is complete in what falls out
 */
export function selectBatch(
  events: readonly AgentEvent[],
  unsummarized: EventWindowLimits,
  retention: EventWindowLimits,
): readonly AgentEvent[] {
  let excess = {
    events: unsummarized.events - retention.events,
    characters: unsummarized.characters - retention.characters,
  };
  let characters = 0;
  let end = 0;
  for (const [index, event] of events.entries()) {
    if (excess.events <= 0 && excess.characters <= 0) break;
    const length = Math.min(extractTurn(event)?.text.length ?? 0, MAX_TURN_CHARACTERS);
    characters += length;
    // A turn that is longer than a batch is divided.
    if (characters > MAX_BATCH_CHARACTERS) return events.slice(0, end || Math.max(1, index));
    excess = { events: excess.events - 1, characters: excess.characters - JSON.stringify(event).length };
    if (event.turnComplete) end = index + 1;
  }
  return events.slice(0, end);
}

/** Lists what was said in a batch. */
export function listBatchTurns(batch: readonly AgentEvent[]): ConversationTurn[] {
  return listTurns(batch).map((turn) =>
    turn.text.length > MAX_TURN_CHARACTERS
      ? { ...turn, text: turn.text.slice(0, MAX_TURN_CHARACTERS).toWellFormed() + ELLIPSIS }
      : turn,
  );
}
