import type { ErrorBody } from '../wire/wire-error.ts';
import { readRetryAfter } from './event-request.ts';
import { encodeEnvelope, extractPcm, type Post } from './numbered-post.ts';
import { parseJson, readText } from './response-text.ts';
import type { Refusal } from './send-result.ts';

/** Result of one attempt to send a POST. */
export type PostOutcome =
  | {
      readonly kind: 'accepted';
      /** Whether the server holds the POST until the POSTs before it have arrived. */
      readonly held: boolean;
      /** Number of the next POST that the server lacks. */
      readonly next: number | undefined;
      /** Number of the newest entry that was written to our stream or WebSocket; `null`: the server knows neither. */
      readonly written: number | null | undefined;
    }
  /** The server refused with an entry of its catalogue. */
  | { readonly kind: 'refused'; readonly failure: ErrorBody; readonly retryAfterMs: number }
  /** A proxy refused, with a status that repeats for the same body. */
  | { readonly kind: 'blocked'; readonly refusal: Refusal }
  /** No answer arrived in time, or one that no bidi-sse server sends. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number };

/** Sends a POST once. Never throws. @param timeoutMs maximum time until the answer */
export type PostSender = (post: Post, signal: AbortSignal, timeoutMs: number) => Promise<PostOutcome>;

/** Maximum length of an answer, in bytes: the server's are a line, a proxy's a page. */
const MAX_BYTES = 256 * 1024;
/** Statuses by which a proxy refuses a body for good: the body is too large, a firewall forbids it, its type is unknown. */
const BLOCKED = [400, 403, 405, 406, 411, 413, 414, 415, 431, 451, 501];

export interface PostOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Builds the address of `POST /send` with a query. */
  readonly address: (query: Record<string, string>) => string;
}

/**
 * Sends a POST once over HTTP. Never throws.
 * @param signal gives the attempt up
 * @param timeoutMs maximum time until the answer
 */
export async function sendPost(
  post: Post,
  options: PostOptions,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<PostOutcome> {
  const late = new AbortController();
  const giveUp = () => late.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    const { url, contentType, body } = encodeRequest(post, options);
    const response = await options.fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': contentType, ...options.headers },
      body,
      cache: 'no-store',
      signal: late.signal,
    });
    // A truncated answer is no answer, whatever its status: `readText` throws.
    const text = await readText(response, MAX_BYTES);
    const outcome = readAnswer(parseJson(text), response.headers);
    if (outcome.kind !== 'failed' || !BLOCKED.includes(response.status)) return outcome;
    const { status } = response;
    const error = `Something between here and the server refused it: ${status} ${response.statusText}`.trim();
    return { kind: 'blocked', refusal: { status, error } };
  } catch {
    return { kind: 'failed', retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Reads the JSON of an answer. @param headers absent where the answer is a frame of a WebSocket */
export function readAnswer(answer: unknown, headers?: Headers): PostOutcome {
  if (isAccepted(answer)) {
    const { status, next, written } = answer;
    return {
      kind: 'accepted',
      held: status === 'held',
      next: readCount(next),
      written: written === null ? null : readCount(written),
    };
  }
  const retryAfterMs = readRetryAfter(answer, headers);
  return isFailure(answer) ? { kind: 'refused', failure: answer, retryAfterMs } : { kind: 'failed', retryAfterMs };
}

/** Sends a payload that holds only audio as raw PCM: base64 in JSON is a third larger. */
function encodeRequest(post: Post, { address }: PostOptions) {
  const { client, cseq, ack, payload } = post;
  const body = cseq === undefined ? undefined : extractPcm(payload);
  if (!body) return { url: address({}), contentType: 'application/json', body: encodeEnvelope(post) };
  return { url: address({ client, cseq: String(cseq), ack }), contentType: 'audio/pcm;rate=16000', body };
}

/** Reads a count; `undefined` for any other value, which no bidi-sse server sends. */
function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isAccepted(answer: unknown): answer is { status: 'sent' | 'held'; next?: unknown; written?: unknown } {
  if (typeof answer !== 'object' || answer === null || !('status' in answer)) return false;
  return answer.status === 'sent' || answer.status === 'held';
}

function isFailure(answer: unknown): answer is ErrorBody {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'error' in answer && 'retry' in answer;
}
