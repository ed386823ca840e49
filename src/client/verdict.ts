import { RUNGS, type Verdict } from './ladder.ts';

/** localStorage, or anything like it. */
export interface VerdictStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** How long it is remembered what an origin's network needs, ms: people change networks. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** Of a network that nothing is known of. */
export const NONE: Verdict = { rung: 'stream', capMs: undefined, socket: 'untried' };

/** @param now ms since 1970 */
export function recallVerdict(storage: VerdictStorage | undefined, base: string, now: number): Verdict {
  try {
    const kept: Record<string, unknown> = JSON.parse(storage?.getItem(keyOf(base)) ?? '{}');
    const rung = RUNGS.find((name) => name === kept.rung);
    if (!rung || typeof kept.until !== 'number' || kept.until <= now) return NONE;
    return {
      rung,
      capMs: typeof kept.capMs === 'number' && kept.capMs > 0 ? kept.capMs : undefined,
      socket: kept.socket === 'refused' ? 'refused' : 'untried',
    };
  } catch {
    // Storage may be forbidden, and anything may stand in it.
    return NONE;
  }
}

export function rememberVerdict(
  storage: VerdictStorage | undefined,
  base: string,
  verdict: Verdict,
  now: number,
): void {
  try {
    storage?.setItem(keyOf(base), JSON.stringify({ ...verdict, until: now + REMEMBERED_MS }));
  } catch {
    // Forbidden or full: it is measured again next time.
  }
}

function keyOf(base: string): string {
  try {
    return `bidi-sse:network:${new URL(base).origin}`;
  } catch {
    // Relative to the page: its storage is its origin's own.
    return 'bidi-sse:network';
  }
}
