import { type Batch, isBatch } from '../client/poll-transport.ts';
import { isErrorBody } from '../client/rejection.ts';
import { parseJson, readText } from '../client/response-text.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { isRecord } from '../wire/record.ts';
import type { ErrorBody } from '../wire/wire-error.ts';
import { pollServer } from './poll-once.ts';
import { buildAddress, type Target } from './target.ts';
import { sanitizeText } from './untrusted-text.ts';

/** A server that was reached. */
export interface Reached {
  /** Name and version of the server. */
  readonly server: string;
  /** Cursor at the head of the log, after which nothing arrives unprompted. */
  readonly cursor: string;
  /** Duration of the fastest response, in ms. */
  readonly roundTripMs: number;
  readonly heartbeatMs: number;
  readonly bodyBytes: number;
  /** State of the model. Undefined if it was not reported in time. */
  readonly model: 'ready' | 'failed' | undefined;
  /** Response headers, which may name programs on the way. */
  readonly headers: Headers;
  /** Whether `Last-Event-ID` arrived at the server. */
  readonly lastEventId: boolean;
  /** Whether `Host` arrived unchanged, so that a page of this address is accepted. */
  readonly host: boolean;
}

/** Reason why nothing can be examined. */
export type Trouble =
  /** `fetch` failed. `code` is Node's or OpenSSL's, or ''. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'redirected'; readonly status: number; readonly to: string }
  /** The bidi-sse server refused the request. */
  | { readonly kind: 'refused'; readonly status: number; readonly failure: ErrorBody }
  /** The server answered at first and stopped answering. */
  | { readonly kind: 'gone' }
  /** Something other than a bidi-sse server answered. */
  | { readonly kind: 'foreign'; readonly status: number; readonly type: string };

/** Maximum wait for the first response, in ms. */
const ANSWER_MS = 15_000;
/** Maximum wait for the last response, of a server that has answered before, in ms. */
const STILL_MS = 3_000;
/** Number of attempts with a server whose connections break. */
const TRIES = 3;
/** Maximum size of a poll's response, in bytes. The server sends at most 256 KiB and one entry. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
/** Codes with which Node reports a broken connection. */
const BROKEN = ['', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
/** Maximum wait for the model, in ms. Its messages would disturb the measurements. */
const MODEL_MS = 3_000;
/** Number of responses that are timed. */
const TIMED = 5;

/** Opens a live session with a poll, because a whole response gets through wherever anything does. */
export async function reachServer(target: Target): Promise<Reached | Trouble> {
  const client = 'doctor-reach';
  const answer = await requestBatch(target, client);
  if (!('batch' in answer)) return answer;
  const { batch, headers } = answer;
  const { server, limits } = answer.session;

  let { cursor } = batch;
  let model = findModelState(batch.events.map(({ event, data }) => ({ name: event, data })));
  const deadline = performance.now() + MODEL_MS;
  while (!model && performance.now() < deadline) {
    const polled = await pollServer(target, cursor, 1_000, client);
    if (!polled.answered) break;
    cursor = polled.cursor ?? cursor;
    model = findModelState(polled.events);
  }

  const times: number[] = [];
  while (times.length < TIMED) {
    const polled = await pollServer(target, cursor, 0, client);
    times.push(polled.tookMs);
    if (polled.answered) cursor = polled.cursor ?? cursor;
  }
  const withId = await requestBatch(target, client, { 'Last-Event-ID': 'doctor' });
  const lastEventId = 'batch' in withId && withId.batch.events.some(({ event }) => event === 'reset');
  // Send the Origin that a browser sends with a page's POSTs and WebSockets.
  const asPage = await requestBatch(target, client, { Origin: new URL(target.url).origin });
  const host = !('failure' in asPage && asPage.failure.code === 'origin_not_allowed');
  const { heartbeat_ms: heartbeatMs, body_bytes: bodyBytes } = limits;
  return {
    server,
    cursor,
    roundTripMs: Math.min(...times),
    heartbeatMs,
    bodyBytes,
    model,
    headers,
    // Assume that the header arrives if the poll itself failed.
    lastEventId: lastEventId || !('batch' in withId),
    host,
  };
}

/**
 * Returns whether the server still runs and does not shut down. A missing or broken response does not count as absence: the
 * network may be the cause.
 */
export async function isAvailable(target: Target): Promise<boolean> {
  const answer = await requestBatchOnce(target, 'doctor-reach', {}, STILL_MS);
  if (!('kind' in answer)) return true;
  if (answer.kind === 'refused') return answer.failure.code !== 'draining';
  return answer.kind !== 'failed' || answer.code !== 'ECONNREFUSED';
}

/** Requests a batch, again if the connection breaks: a network that breaks connections is not a missing server. */
async function requestBatch(
  target: Target,
  client: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof requestBatchOnce> {
  let answer = await requestBatchOnce(target, client, headers, ANSWER_MS);
  for (let again = 1; again < TRIES; again += 1) {
    if (!('kind' in answer) || answer.kind !== 'failed' || !BROKEN.includes(answer.code)) break;
    answer = await requestBatchOnce(target, client, headers, ANSWER_MS);
  }
  return answer;
}

async function requestBatchOnce(
  target: Target,
  client: string,
  headers: Readonly<Record<string, string>>,
  answerMs: number,
): Promise<{ batch: Batch; session: ConnectionEvents['session']; headers: Headers } | Trouble> {
  const late = AbortSignal.timeout(answerMs);
  try {
    const response = await target.fetch(buildAddress(target, 'poll', { client, wait: '0' }), {
      headers: { ...target.headers, ...headers },
      cache: 'no-store',
      redirect: 'manual',
      signal: late,
    });
    const to = response.headers.get('Location');
    const { status } = response;
    if (to !== null && status >= 300 && status < 400) return { kind: 'redirected', status, to: sanitizeText(to) };
    const body = parseJson(await readText(response, MAX_RESPONSE_BYTES));
    if (isErrorBody(body)) {
      const { code, error, hint } = body;
      const failure = {
        ...body,
        code: sanitizeText(code) as ErrorBody['code'],
        error: sanitizeText(error),
        hint: sanitizeText(hint),
      };
      return { kind: 'refused', status, failure };
    }
    const session = status === 200 && isBatch(body) ? findSession(body) : undefined;
    if (session && isBatch(body)) return { batch: body, session, headers: response.headers };
    return { kind: 'foreign', status, type: sanitizeText(response.headers.get('Content-Type')) };
  } catch (error) {
    return late.aborted ? { kind: 'silent', afterMs: answerMs } : toTrouble(error);
  }
}

function findSession({ events }: Batch): ConnectionEvents['session'] | undefined {
  const data = events.find(({ event }) => event === 'session')?.data;
  if (typeof data !== 'object' || data === null) return undefined;
  const { server, limits } = data as Partial<ConnectionEvents['session']>; // the type that the protocol assigns to this name
  const numbers = [limits?.heartbeat_ms, limits?.body_bytes];
  if (typeof server !== 'string' || !numbers.every((each) => Number.isSafeInteger(each) && Number(each) > 0))
    return undefined;
  return { ...(data as ConnectionEvents['session']), server: sanitizeText(server) };
}

/** Converts an error of `fetch`. Its message says little, so the innermost cause is used. */
function toTrouble(error: unknown): Trouble {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
  return { kind: 'failed', code: sanitizeText(code), message: sanitizeText(message) };
}

function findModelState(
  events: readonly { readonly name: string | undefined; readonly data: unknown }[],
): Reached['model'] {
  for (const { name, data } of events) {
    if (name === 'failure') return 'failed';
    if (name === 'status' && isRecord(data) && (data.upstream === 'ready' || data.upstream === 'failed'))
      return data.upstream;
  }
  return undefined;
}
