import { isLateBy, LATE_FROM_MS } from '../client/ladder.ts';
import { choosePatience, type Opening, openConnection } from './opening.ts';
import { pollServer } from './poll-once.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Result of an event stream. Times are in ms since the request. */
export type StreamFinding = (
  | { readonly kind: 'good'; readonly sessionMs: number; readonly beatMs: number }
  /** In every attempt the first event came later than a whole response, by about `extraMs`. */
  | { readonly kind: 'late'; readonly extraMs: number }
  /** An event arrives only with the next one. `beatMs` is undefined if the heartbeat never arrived. */
  | { readonly kind: 'held'; readonly sessionMs: number | undefined; readonly beatMs: number | undefined }
  /** No byte of the stream arrived, while a later poll was answered. */
  | {
      readonly kind: 'buffered';
      readonly waitedMs: number;
      readonly pollMs: number;
      readonly headMs: number | undefined;
    }
  /** The stream did not open. `status` is that of a response that is not the server's. */
  | { readonly kind: 'unopened'; readonly status: number | undefined }
) & {
  /** `Content-Encoding`, if something on the way has added one. */
  readonly encoding: string | undefined;
  /** Names of the server's headers that were changed on the way. */
  readonly changed: readonly string[];
};

/** Number of attempts before a stream counts as one that does not open. */
const MAX_TRIES = 3;
/** Number of attempts before a stream counts as late. */
const LATE_TRIES = 6;

export async function examineStream(target: Target, reached: Reached): Promise<StreamFinding> {
  let extraMs = Number.POSITIVE_INFINITY;
  for (let attempt = 1; ; attempt += 1) {
    const finding = await tryStream(target, reached);
    if (finding.kind === 'unopened' && attempt < MAX_TRIES) continue;
    // Try once more: this program itself may have been busy.
    if (finding.kind === 'held' && attempt === 1) continue;
    if (finding.kind !== 'good') return finding;
    // The fastest attempt counts: a busy program is late too, but not in every attempt.
    extraMs = Math.min(extraMs, finding.sessionMs - reached.roundTripMs);
    if (extraMs < LATE_FROM_MS) return finding;
    if (attempt === LATE_TRIES) return isLateBy(extraMs) ? { ...finding, kind: 'late', extraMs } : finding;
  }
}

async function tryStream(target: Target, { cursor, roundTripMs, heartbeatMs }: Reached): Promise<StreamFinding> {
  const patienceMs = choosePatience(roundTripMs);
  const began = performance.now();
  // Wait twice as long as the SDK does: a stream that merely starts slowly is not buffered.
  let late: ReturnType<typeof pollServer> | undefined;
  const race = setTimeout(() => {
    late = pollServer(target, cursor, 0, 'doctor-stream');
  }, patienceMs);
  const { opening, line } = await openConnection(target, {
    rung: 'stream',
    client: 'doctor-stream',
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: 2 * patienceMs,
  });
  clearTimeout(race);
  const waitedMs = performance.now() - began;
  const polled = line.firstByteAt === undefined ? await late : undefined;
  line.close();
  const { sessionMs, beatMs, headMs, held, ending } = opening;
  const seen = { encoding: readEncoding(opening), changed: findChangedHeaders(opening) };
  if (held) return { kind: 'held', sessionMs, beatMs, ...seen };
  if (sessionMs !== undefined && beatMs !== undefined) return { kind: 'good', sessionMs, beatMs, ...seen };
  if (line.firstByteAt === undefined && !ending && polled?.answered) {
    return { kind: 'buffered', waitedMs, pollMs: polled.tookMs, headMs, ...seen };
  }
  const status = ending?.outcome.kind === 'refused' ? ending.outcome.status : undefined;
  return { kind: 'unopened', status, ...seen };
}

function readEncoding({ headers }: Opening): string | undefined {
  const encoding = headers?.get('Content-Encoding') ?? 'identity';
  return encoding === 'identity' ? undefined : encoding;
}

/** Lists the changed headers. Ignores `X-Accel-Buffering`, which a proxy removes when it obeys it. */
function findChangedHeaders({ headers }: Opening): string[] {
  if (!headers) return [];
  const isUnchanged = (name: string, words: readonly string[]) => {
    const value = headers.get(name)?.toLowerCase() ?? '';
    return words.every((word) => value.includes(word));
  };
  return [
    ...(isUnchanged('Content-Type', ['text/event-stream']) ? [] : ['Content-Type']),
    ...(isUnchanged('Cache-Control', ['no-store', 'no-transform']) ? [] : ['Cache-Control']),
  ];
}
