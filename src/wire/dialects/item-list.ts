import type { LiveRequest } from '../live-request.ts';
import { WireError } from '../wire-error.ts';
import type { Dialect } from './dialect.ts';

/** Maximum number of items in one body. */
const MAX_ITEMS = 1000;
/** Maximum number of different sample rates in one body. */
const MAX_RATES = 8;

/**
 * Decodes the JSON body of a POST: one item or an array of items. The whole body is checked before any item is used, so that a body is
 * applied whole or rejected whole.
 * @param sessionId session of the client
 * @throws {WireError} for the first invalid item, with its index in an array; malformed_item for more than 1000 items or 8 sample
 * rates
 */
export function decodeItemList(dialect: Dialect, sessionId: string, body: unknown): LiveRequest[] {
  if (!Array.isArray(body)) return [dialect.decodeItem(body, sessionId)];
  if (body.length > MAX_ITEMS) throw new WireError('malformed_item', `A body holds at most ${MAX_ITEMS} items`);
  const requests = body.map((item, index) => {
    try {
      return dialect.decodeItem(item, sessionId);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new WireError(error.code, `Item ${index}: ${error.message}`, error.hint);
    }
  });
  checkRates(requests);
  return requests;
}

/** Checks how many sample rates a body has: each needs a filter, which takes time to make. */
function checkRates(requests: readonly LiveRequest[]): void {
  if (requests.length <= MAX_RATES) return;
  const types = new Set<string>();
  for (const { blob } of requests) if (blob?.mime_type.startsWith('audio/')) types.add(blob.mime_type);
  if (types.size <= MAX_RATES) return;
  throw new WireError('malformed_item', `The audio of a body has at most ${MAX_RATES} different sample rates`);
}
