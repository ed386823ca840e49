import { isLateBy, LATE_FROM_MS } from '../client/ladder.ts';
import { type Opening, open, patienceOf } from './opening.ts';
import { poll } from './poll-once.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** What becomes of an event stream on its way. Times are ms since it was asked for. */
export type StreamFinding = (
  | { readonly kind: 'good'; readonly sessionMs: number; readonly beatMs: number }
  /** Each time that it was opened its first event came about so much later than an answer that is no stream. */
  | { readonly kind: 'late'; readonly extraMs: number }
  /** An event comes only with the one after it; `beatMs` is missing where it never came. */
  | { readonly kind: 'held'; readonly sessionMs: number | undefined; readonly beatMs: number | undefined }
  /** Nothing of it came, while a poll that was asked later was answered. */
  | {
      readonly kind: 'buffered';
      readonly waitedMs: number;
      readonly pollMs: number;
      readonly headMs: number | undefined;
    }
  /** It did not begin, and neither did anything else; `status` of an answer that is not ours. */
  | { readonly kind: 'unopened'; readonly status: number | undefined }
) & {
  /** `Content-Encoding`, where something on the way has put one there. */
  readonly encoding: string | undefined;
  /** Names of headers that the server sends and that did not come as it sends them. */
  readonly changed: readonly string[];
};

/** So often it is opened, until it is taken for one that does not open, or for late. */
const MAX_TRIES = 3;
const LATE_TRIES = 6;

export async function examineStream(target: Target, reached: Reached): Promise<StreamFinding> {
  let extraMs = Number.POSITIVE_INFINITY;
  for (let attempt = 1; ; attempt += 1) {
    const finding = await once(target, reached);
    if (finding.kind === 'unopened' && attempt < MAX_TRIES) continue;
    // This program may have been busy for as long.
    if (finding.kind === 'held' && attempt === 1) continue;
    if (finding.kind !== 'good') return finding;
    // The quickest counts: a program that is busy is late, too, but not each time.
    extraMs = Math.min(extraMs, finding.sessionMs - reached.roundTripMs);
    if (extraMs < LATE_FROM_MS) return finding;
    if (attempt === LATE_TRIES) return isLateBy(extraMs) ? { ...finding, kind: 'late', extraMs } : finding;
  }
}

async function once(target: Target, { cursor, roundTripMs, heartbeatMs }: Reached): Promise<StreamFinding> {
  const patienceMs = patienceOf(roundTripMs);
  const began = performance.now();
  // As long again as the SDK waits: what merely begins slowly is not what is looked for.
  let late: ReturnType<typeof poll> | undefined;
  const race = setTimeout(() => {
    late = poll(target, cursor, 0, 'doctor-stream');
  }, patienceMs);
  const { opening, line } = await open(target, {
    rung: 'stream',
    client: 'doctor-stream',
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: 2 * patienceMs,
  });
  clearTimeout(race);
  const waitedMs = performance.now() - began;
  const polled = line.begunAt === undefined ? await late : undefined;
  line.drop();
  const { sessionMs, beatMs, headMs, held, ending } = opening;
  const seen = { encoding: encodingOf(opening), changed: changedHeaders(opening) };
  if (held) return { kind: 'held', sessionMs, beatMs, ...seen };
  if (sessionMs !== undefined && beatMs !== undefined) return { kind: 'good', sessionMs, beatMs, ...seen };
  if (line.begunAt === undefined && !ending && polled?.answered) {
    return { kind: 'buffered', waitedMs, pollMs: polled.tookMs, headMs, ...seen };
  }
  const status = ending?.outcome.kind === 'refused' ? ending.outcome.status : undefined;
  return { kind: 'unopened', status, ...seen };
}

function encodingOf({ headers }: Opening): string | undefined {
  const encoding = headers?.get('Content-Encoding') ?? 'identity';
  return encoding === 'identity' ? undefined : encoding;
}

/** `X-Accel-Buffering` is not among them: a proxy that heeds it takes it out. */
function changedHeaders({ headers }: Opening): string[] {
  if (!headers) return [];
  const asSent = (name: string, words: readonly string[]) => {
    const value = headers.get(name)?.toLowerCase() ?? '';
    return words.every((word) => value.includes(word));
  };
  return [
    ...(asSent('Content-Type', ['text/event-stream']) ? [] : ['Content-Type']),
    ...(asSent('Cache-Control', ['no-store', 'no-transform']) ? [] : ['Cache-Control']),
  ];
}
