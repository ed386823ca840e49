import { RUNGS, type Rung } from './ladder.ts';

/** localStorage, or anything like it. */
export interface VerdictStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** How long it is remembered which rung an origin needs, ms: people change networks. */
const REMEMBERED_MS = 24 * 60 * 60_000;

/** @param now ms since 1970 */
export function recallRung(storage: VerdictStorage | undefined, base: string, now: number): Rung {
  try {
    const { rung, until }: { rung?: unknown; until?: unknown } = JSON.parse(storage?.getItem(keyOf(base)) ?? '{}');
    const known = RUNGS.find((name) => name === rung);
    return known && typeof until === 'number' && until > now ? known : 'stream';
  } catch {
    // Storage may be forbidden, and anything may stand in it.
    return 'stream';
  }
}

export function rememberRung(storage: VerdictStorage | undefined, base: string, rung: Rung, now: number): void {
  try {
    storage?.setItem(keyOf(base), JSON.stringify({ rung, until: now + REMEMBERED_MS }));
  } catch {
    // Forbidden or full: it is measured again next time.
  }
}

function keyOf(base: string): string {
  try {
    return `bidi-sse:rung:${new URL(base).origin}`;
  } catch {
    // Relative to the page: its storage is its origin's own.
    return 'bidi-sse:rung';
  }
}
