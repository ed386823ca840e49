import type { QueuedInput } from '../client/backlog.ts';
import { byteSize } from '../client/numbered-post.ts';
import { type PostOutcome, sendPost } from '../client/post.ts';
import { defaultTimeoutMs } from '../client/post-timeouts.ts';
import type { ErrorCode } from '../wire/error-catalogue.ts';
import type { Reached } from './reach.ts';
import { buildAddress, type Target } from './target.ts';

/** Result of a POST. */
export type PostResult =
  /** The server answered. */
  | { readonly kind: 'through'; readonly ms: number }
  /** Something on the way refused the POST permanently. */
  | { readonly kind: 'barred'; readonly status: number }
  /** A bidi-sse server answered that does not know the live session. */
  | { readonly kind: 'astray' }
  /** The POST got no response in `ms`, or one with a temporary status. */
  | { readonly kind: 'lost'; readonly ms: number; readonly status: number | undefined };

export interface PostFinding {
  /** Result of a POST of a hundred bytes, in JSON. */
  readonly small: PostResult;
  /** Result of a POST of audio. Undefined if the small POST did not get through. */
  readonly audio: PostResult | undefined;
  /** Results of larger POSTs. The list ends at the first that did not get through. */
  readonly bodies: readonly { readonly bytes: number; readonly result: PostResult }[];
}

/** Sizes of the tested bodies, in bytes: a script of a page, and a photo. */
const BODY_BYTES = [64 * 1024, 2 * 1024 * 1024] as const;
/** Duration of a POST above which larger ones are skipped, in ms. */
const SLOW_MS = 1_500;
/** Minimum size whose duration says something about the bandwidth, in bytes. */
const MIN_BYTES = 16 * 1024;
/** Audio of half a sample, which the server reads and refuses. */
const HALF_A_SAMPLE = new Uint8Array(1);
/** Codes with which a server answers if it does not have the session that was opened a moment ago. */
const ASTRAY: readonly ErrorCode[] = ['session_not_found', 'epoch_changed'];

/**
 * Sends POSTs that reach the session but not the model: without items, or with items that the server refuses after it has read
 * them.
 */
export async function examinePost(target: Target, reached: Reached): Promise<PostFinding> {
  let cseq = 0;
  const send = (payload: readonly QueuedInput[]) => {
    cseq += 1;
    return sendOnce(target, reached, 'doctor-post', cseq, payload);
  };
  let small = await send([]);
  // Repeat a lost POST once, as the SDK does, because a single loss may be chance.
  if (small.kind === 'lost') small = await sendOnce(target, reached, 'doctor-post', cseq, []);
  if (small.kind !== 'through') return { small, audio: undefined, bodies: [] };

  const audio = await send([{ pcm: HALF_A_SAMPLE, size: HALF_A_SAMPLE.length }]);
  const bodies: { bytes: number; result: PostResult }[] = [];
  for (const size of BODY_BYTES) {
    // Leave room for the envelope.
    const bytes = Math.min(size, reached.bodyBytes - 1_024);
    if (bytes < MIN_BYTES) break;
    // Use a client id for each size: a lost POST may still be on its way, and later numbers of its client would wait for it.
    const result = await sendOnce(target, reached, `doctor-post-${size}`, 1, [createFiller(bytes)]);
    bodies.push({ bytes, result });
    if (result.kind !== 'through' || result.ms > SLOW_MS) break;
  }
  return { small, audio, bodies };
}

/** Returns whether a POST got no response until its time limit. */
export function isUnanswered(result: PostResult): boolean {
  return result.kind === 'lost' && result.status === undefined && result.ms >= defaultTimeoutMs(0);
}

/** Sends a POST as the SDK does, but without retries. Never throws. */
export async function sendOnce(
  target: Target,
  { cursor: ack }: Reached,
  client: string,
  cseq: number,
  payload: readonly QueuedInput[],
): Promise<PostResult & { readonly outcome: PostOutcome }> {
  const sentAt = performance.now();
  let status: number | undefined;
  const options = {
    headers: target.headers,
    address: (query: Record<string, string>) => buildAddress(target, 'send', query),
    fetch: async (...args: Parameters<typeof fetch>) => {
      const response = await target.fetch(...args);
      status = response.status;
      return response;
    },
  };
  const { signal } = new AbortController();
  const outcome = await sendPost({ client, cseq, ack, payload }, options, signal, defaultTimeoutMs(byteSize(payload)));
  const ms = performance.now() - sentAt;
  if (outcome.kind === 'blocked') return { kind: 'barred', status: status ?? 0, outcome };
  if (outcome.kind === 'failed') return { kind: 'lost', ms, status, outcome };
  if (outcome.kind === 'refused' && ASTRAY.includes(outcome.failure.code)) return { kind: 'astray', outcome };
  return { kind: 'through', ms, outcome };
}

/** Creates an item of a given size and of an unknown type. */
function createFiller(size: number): QueuedInput {
  const item = { mime_type: 'application/x-doctor', data: ' '.repeat(size) };
  return { item, size, settle: () => undefined };
}
