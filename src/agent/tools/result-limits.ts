import type { FunctionResponse } from '../../wire/agent-event.ts';
import { omitResultImages } from '../../wire/result-images.ts';

/** Maximum number of results that are kept to be repeated, for the open exchange and for earlier ones. The oldest are discarded. */
const MAX_RESULTS = 64;
/** Maximum length of the pictures of these results, in characters of base64. The oldest are replaced by their number. */
const MAX_PICTURES = 4 * 1024 * 1024;

/** A call whose result may have to be repeated. */
interface AnsweredCall {
  readonly isExchangeOpen: boolean;
  response?: FunctionResponse;
}

/** Discards the oldest results beyond the limit. @param calls in the order in which their results arrived */
export function discardOldestResults<Call extends AnsweredCall>(calls: Set<Call>, isExchangeOpen: boolean): void {
  const results = [...calls].filter((record) => record.response && record.isExchangeOpen === isExchangeOpen);
  for (const oldest of results.slice(0, -MAX_RESULTS)) calls.delete(oldest);
}

/** Keeps the pictures of the newest results up to the limit. @returns their length, in characters of base64 */
export function discardOldestPictures(calls: ReadonlySet<AnsweredCall>): number {
  let length = 0;
  for (const record of [...calls].reverse()) {
    if (!record.response?.parts) continue;
    length += picturesLength(record.response);
    if (length <= MAX_PICTURES) continue;
    length -= picturesLength(record.response);
    record.response = omitResultImages(record.response);
  }
  return length;
}

function picturesLength({ parts = [] }: FunctionResponse): number {
  return parts.reduce((length, { inlineData }) => length + inlineData.data.length, 0);
}
