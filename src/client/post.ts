import type { ErrorBody } from '../wire/error-catalogue.ts';
import { readRetryAfter } from './exchange.ts';
import { encodeEnvelope, type Post, pcmOf } from './numbered-post.ts';
import { parseJson, readText } from './response-text.ts';
import type { Refusal } from './sent.ts';

/** What a POST was answered. */
export type PostOutcome =
  | {
      readonly kind: 'taken';
      readonly held: boolean;
      readonly next: number | undefined;
      /** The newest entry that was written to our stream or WebSocket; `null`: the server knows of none. */
      readonly written: number | null | undefined;
    }
  /** By our server, with an entry of its catalogue. */
  | { readonly kind: 'refused'; readonly failure: ErrorBody; readonly retryAfterMs: number }
  /** By something on the way, whatever the server would say. */
  | { readonly kind: 'barred'; readonly refusal: Refusal }
  /** No answer in time, or not from our server. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number };

/** Of an answer, bytes: ours are a line, a proxy's a page. */
const MOST_BYTES = 256 * 1024;
/** What a proxy says of a body that it will never let through: too large, a firewall's rule, a type it does not know. */
const BARRED = [400, 403, 405, 406, 411, 413, 414, 415, 431, 451, 501];

export interface PostOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** The address of `POST /send`, with a query. */
  readonly address: (query: Record<string, string>) => string;
}

/**
 * Sends a POST once, over HTTP. Never throws.
 * @param signal gives it up
 * @param patienceMs how long it may take until it is answered
 */
export async function sendPost(
  post: Post,
  options: PostOptions,
  signal: AbortSignal,
  patienceMs: number,
): Promise<PostOutcome> {
  const { url, contentType, body } = encodeRequest(post, options);
  const late = new AbortController();
  const giveUp = () => late.abort();
  const timer = setTimeout(giveUp, patienceMs);
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    const response = await options.fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': contentType, ...options.headers },
      body,
      cache: 'no-store',
      signal: late.signal,
    });
    const retryAfterMs = readRetryAfter(response.headers);
    // An answer that is cut off says nothing, whatever its status: this throws.
    const text = await readText(response, MOST_BYTES);
    const outcome = readAnswer(parseJson(text), retryAfterMs);
    if (outcome.kind !== 'failed' || !BARRED.includes(response.status)) return outcome;
    const { status } = response;
    const error = `Something between here and the server refused it: ${status} ${response.statusText}`.trim();
    return { kind: 'barred', refusal: { status, error } };
  } catch {
    return { kind: 'failed', retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** The JSON of an answer. */
export function readAnswer(answer: unknown, retryAfterMs: number): PostOutcome {
  if (isTaken(answer)) {
    const { status, next, written } = answer;
    return {
      kind: 'taken',
      held: status === 'held',
      next: count(next),
      written: written === null ? null : count(written),
    };
  }
  return isFailure(answer) ? { kind: 'refused', failure: answer, retryAfterMs } : { kind: 'failed', retryAfterMs };
}

/** Speech alone goes as it is: base64 in JSON is a third more. */
function encodeRequest(post: Post, { address }: PostOptions) {
  const { client, cseq, ack, payload } = post;
  const body = cseq === undefined ? undefined : pcmOf(payload);
  if (!body) return { url: address({}), contentType: 'application/json', body: encodeEnvelope(post) };
  return { url: address({ client, cseq: String(cseq), ack }), contentType: 'audio/pcm;rate=16000', body };
}

/** Whatever else stands there was not said by our server. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isTaken(answer: unknown): answer is { status: 'sent' | 'held'; next?: unknown; written?: unknown } {
  if (typeof answer !== 'object' || answer === null || !('status' in answer)) return false;
  return answer.status === 'sent' || answer.status === 'held';
}

function isFailure(answer: unknown): answer is ErrorBody {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'error' in answer && 'retry' in answer;
}
