import type { Transaction } from 'kysely';
import { type ConversationSummary, isConversationSummary } from '../conversation-summary.ts';
import type { Tables } from './schema.ts';

/** Replaces the summary of a conversation. */
export async function writeSummary(
  db: Transaction<Tables>,
  pk: number,
  { text, lastEventId, startTimestamp, endTimestamp }: ConversationSummary,
): Promise<void> {
  const summary = JSON.stringify({ text, lastEventId, startTimestamp, endTimestamp });
  await db.updateTable('bidi_sessions').set({ summary }).where('pk', '=', pk).execute();
}

/** @returns `undefined` if the column has none */
export function readSummary(column: string | null): ConversationSummary | undefined {
  const summary: unknown = column === null ? undefined : JSON.parse(column);
  return isConversationSummary(summary) ? summary : undefined;
}
