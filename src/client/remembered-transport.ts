import type { RememberedTransport } from './ladder.ts';
import { RUNGS } from './observation.ts';

/** Storage for what a network needed: localStorage, or an object like it. */
export interface TransportStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Time for which the transport is remembered for an origin, in ms: people change networks. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** Assumption for a network that nothing is known of. */
export const UNKNOWN_NETWORK: RememberedTransport = { rung: 'stream', capMs: undefined, socket: 'untried' };

/** @param now ms since 1970 */
export function loadRememberedTransport(
  storage: TransportStorage | undefined,
  url: string,
  now: number,
): RememberedTransport {
  try {
    const text = storage?.getItem(buildKey(url));
    ignoreRejection(text);
    const stored: Record<string, unknown> = JSON.parse(text ?? '{}');
    const rung = RUNGS.find((name) => name === stored.rung);
    if (!rung || typeof stored.until !== 'number' || stored.until <= now) return UNKNOWN_NETWORK;
    return {
      rung,
      capMs: typeof stored.capMs === 'number' && stored.capMs > 0 ? stored.capMs : undefined,
      socket: stored.socket === 'refused' ? 'refused' : 'untried',
    };
  } catch {
    // Storage may be forbidden, and may hold anything.
    return UNKNOWN_NETWORK;
  }
}

/** @param now ms since 1970 */
export function storeRememberedTransport(
  storage: TransportStorage | undefined,
  url: string,
  transport: RememberedTransport,
  now: number,
): void {
  try {
    const value = JSON.stringify({ ...transport, until: now + REMEMBERED_MS });
    ignoreRejection(storage?.setItem(buildKey(url), value));
  } catch {
    // Storage is forbidden or full: the next client measures again.
  }
}

/** Handles the rejection of an asynchronous storage, which the types forbid: an unhandled rejection ends a Node process. */
function ignoreRejection(result: unknown): void {
  if (result instanceof Promise) result.catch(() => undefined);
}

function buildKey(url: string): string {
  // The `origin` of a URL throws in older versions of React Native.
  const [origin] = /^https?:\/\/[^/?#]+/i.exec(url) ?? [];
  // A relative address belongs to the origin of the page, as does its storage.
  return origin === undefined ? 'bidi-sse:network' : `bidi-sse:network:${origin.toLowerCase()}`;
}
