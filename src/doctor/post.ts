import type { Waiting } from '../client/backlog.ts';
import { sizeOf } from '../client/numbered-post.ts';
import { patienceFor } from '../client/patience.ts';
import { type PostOutcome, sendPost } from '../client/post.ts';
import type { ErrorCode } from '../wire/error-catalogue.ts';
import type { Reached } from './reach.ts';
import { addressOf, type Target } from './target.ts';

/** What became of a POST. */
export type Carried =
  /** Our server has answered. */
  | { readonly kind: 'through'; readonly ms: number }
  /** Something on the way has, for good. */
  | { readonly kind: 'barred'; readonly status: number }
  /** A server of ours that does not know the live session has. */
  | { readonly kind: 'astray' }
  /** Nobody has, or with a status that passes; `ms`: after so long. */
  | { readonly kind: 'lost'; readonly ms: number; readonly status: number | undefined };

export interface PostFinding {
  /** A POST of a hundred bytes, in JSON. */
  readonly small: Carried;
  /** One of audio; each of these is missing if what came before it was not through. */
  readonly audio: Carried | undefined;
  readonly bodies: readonly { readonly bytes: number; readonly carried: Carried }[];
}

/** A page's script, a photo. The larger is left out where the smaller took long. */
const BODY_BYTES = [64 * 1024, 2 * 1024 * 1024] as const;
const SLOW_MS = 1_500;
const LEAST_BYTES = 16 * 1024;
/** Half a sample: refused by us, once it is here. */
const HALF_A_SAMPLE = new Uint8Array(1);
/** Codes by which a server says that it does not have the session that was opened a moment ago. */
const ASTRAY: readonly ErrorCode[] = ['session_not_found', 'epoch_changed'];

/** Sends POSTs that reach the session and say nothing to the model: no items, or ones that are refused once they have been read. */
export async function examinePost(target: Target, reached: Reached): Promise<PostFinding> {
  let cseq = 0;
  const send = (payload: readonly Waiting[]) => {
    cseq += 1;
    return carry(target, reached, 'doctor-post', cseq, payload);
  };
  let small = await send([]);
  // A single one may be bad luck: the same again, as the SDK would.
  if (small.kind === 'lost') small = await carry(target, reached, 'doctor-post', cseq, []);
  if (small.kind !== 'through') return { small, audio: undefined, bodies: [] };

  const audio = await send([{ pcm: HALF_A_SAMPLE, size: HALF_A_SAMPLE.length }]);
  const bodies: { bytes: number; carried: Carried }[] = [];
  for (const most of BODY_BYTES) {
    // The envelope takes some, too.
    const bytes = Math.min(most, reached.bodyBytes - 1_024);
    // Of so little no time says anything.
    if (bytes < LEAST_BYTES) break;
    // One that was lost may still be there, and the numbers after it would wait for it: each has its own name.
    const carried = await carry(target, reached, `doctor-post-${most}`, 1, [filler(bytes)]);
    bodies.push({ bytes, carried });
    if (carried.kind !== 'through' || carried.ms > SLOW_MS) break;
  }
  return { small, audio, bodies };
}

/** Nobody has answered it until it was given up. */
export function isUnanswered(carried: Carried): boolean {
  return carried.kind === 'lost' && carried.status === undefined && carried.ms >= patienceFor(0);
}

/** One POST, as the SDK sends it, but once. Never throws. */
export async function carry(
  target: Target,
  { cursor: ack }: Reached,
  client: string,
  cseq: number,
  payload: readonly Waiting[],
): Promise<Carried & { readonly outcome: PostOutcome }> {
  const askedAt = performance.now();
  let status: number | undefined;
  const options = {
    headers: target.headers,
    address: (query: Record<string, string>) => addressOf(target, 'send', query),
    fetch: async (...args: Parameters<typeof fetch>) => {
      const response = await target.fetch(...args);
      status = response.status;
      return response;
    },
  };
  const { signal } = new AbortController();
  const outcome = await sendPost({ client, cseq, ack, payload }, options, signal, patienceFor(sizeOf(payload)));
  const ms = performance.now() - askedAt;
  if (outcome.kind === 'barred') return { kind: 'barred', status: status ?? 0, outcome };
  if (outcome.kind === 'failed') return { kind: 'lost', ms, status, outcome };
  if (outcome.kind === 'refused' && ASTRAY.includes(outcome.failure.code)) return { kind: 'astray', outcome };
  return { kind: 'through', ms, outcome };
}

/** An item of that size, of a kind that there is not. */
function filler(size: number): Waiting {
  const item = { mime_type: 'application/x-doctor', data: ' '.repeat(size) };
  return { item, size, settle: () => undefined };
}
