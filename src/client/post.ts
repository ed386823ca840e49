import type { ErrorBody } from '../wire/error-catalogue.ts';
import { readRetryAfter } from './exchange.ts';

/** A POST, exactly as it goes out however often it has to. */
export interface Post {
  readonly url: string;
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** What a POST was answered. */
export type PostOutcome =
  | { readonly kind: 'taken'; readonly held: boolean; readonly next: number | undefined }
  /** By our server, with an entry of its catalogue. */
  | { readonly kind: 'refused'; readonly failure: ErrorBody; readonly retryAfterMs: number }
  /** No answer in time, or not from our server. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number };

/** How long an answer may take, ms. */
const TIME_OUT_MS = 8_000;

/** Sends a POST once. Never throws. @param signal gives it up */
export async function sendPost(
  { url, contentType, body }: Post,
  fetchIt: typeof fetch,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const late = new AbortController();
  const giveUp = () => late.abort();
  const timer = setTimeout(giveUp, TIME_OUT_MS);
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    const response = await fetchIt(url, {
      method: 'POST',
      headers: { 'Content-Type': contentType, ...headers },
      body,
      cache: 'no-store',
      signal: late.signal,
    });
    const retryAfterMs = readRetryAfter(response.headers);
    const answer: unknown = await response.json();
    if (isTaken(answer)) return { kind: 'taken', held: answer.status === 'held', next: answer.next };
    return isFailure(answer) ? { kind: 'refused', failure: answer, retryAfterMs } : { kind: 'failed', retryAfterMs };
  } catch {
    return { kind: 'failed', retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function isTaken(answer: unknown): answer is { status: 'sent' | 'held'; next?: number } {
  if (typeof answer !== 'object' || answer === null || !('status' in answer)) return false;
  return answer.status === 'sent' || answer.status === 'held';
}

function isFailure(answer: unknown): answer is ErrorBody {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'error' in answer && 'retry' in answer;
}
