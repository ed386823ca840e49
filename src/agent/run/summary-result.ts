import { MAX_SUMMARY_CHARACTERS } from '../../store/conversation-summary.ts';
import type { UsageMetadata } from '../../wire/agent-event.ts';
import { isRecord } from '../../wire/record.ts';

/** A text that is longer by this factor is no summary: cutting it would leave an arbitrary part. */
const MAX_EXCESS = 4;
const ELLIPSIS = '…';
const COUNTS = [
  'promptTokenCount',
  'candidatesTokenCount',
  'totalTokenCount',
  'thoughtsTokenCount',
  'cachedContentTokenCount',
] as const satisfies readonly (keyof UsageMetadata)[];

export interface ReadSummary {
  readonly text: string;
  readonly usage: UsageMetadata | undefined;
}

/**
 * Reads what a summarizer has returned.
 * @throws {TypeError} if there is no text
 * @throws {RangeError} if the text is far too long
 */
export function readSummaryResult(result: unknown): ReadSummary {
  const { text, usageMetadata } = isRecord(result) ? result : { text: result };
  if (typeof text !== 'string') throw new TypeError('the summarizer returned something without a text');
  if (text.length > MAX_EXCESS * MAX_SUMMARY_CHARACTERS) {
    throw new RangeError(`the summarizer returned ${text.length} characters; the limit is ${MAX_SUMMARY_CHARACTERS}`);
  }
  const clean = text.toWellFormed().trim();
  if (clean === '') throw new TypeError('the summarizer returned an empty text');
  return { text: cutText(clean), usage: readUsage(usageMetadata) };
}

function cutText(text: string): string {
  if (text.length <= MAX_SUMMARY_CHARACTERS) return text;
  const room = text.slice(0, MAX_SUMMARY_CHARACTERS - 1);
  const space = room.lastIndexOf(' ');
  // Some languages have no spaces.
  const end = space > MAX_SUMMARY_CHARACTERS / 2 ? space : room.length;
  return room.slice(0, end).replace(/[\uD800-\uDBFF]$/, '') + ELLIPSIS;
}

/** Reads the counts that clients know. Code of an author may have made them. */
function readUsage(given: unknown): UsageMetadata | undefined {
  if (!isRecord(given)) return undefined;
  const usage: UsageMetadata = {};
  for (const name of COUNTS) {
    const count = given[name];
    if (typeof count === 'number' && Number.isFinite(count)) usage[name] = count;
  }
  return Object.keys(usage).length > 0 ? usage : undefined;
}
