import { isErrorBody } from '../client/downlink.ts';
import { type Batch, isBatch } from '../client/poll-transport.ts';
import { parseJson, readText } from '../client/response-text.ts';
import type { ErrorBody } from '../wire/error-catalogue.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { foreign } from './foreign.ts';
import { poll } from './poll-once.ts';
import { addressOf, type Target } from './target.ts';

/** The server was reached. */
export interface Reached {
  /** Name and version, as it says them. */
  readonly server: string;
  /** The last id that there is: nothing comes after it by itself. */
  readonly cursor: string;
  /** Of the quickest answer, ms. */
  readonly roundTripMs: number;
  readonly heartbeatMs: number;
  readonly bodyBytes: number;
  /** `undefined`: it did not say in time. */
  readonly model: 'ready' | 'failed' | undefined;
  /** Of the answer: they may name what is on the way. */
  readonly headers: Headers;
  /** `Last-Event-ID` got through. */
  readonly lastEventId: boolean;
  /** `Host` got through as it was: a page of this very address is let in. */
  readonly host: boolean;
}

/** Why nothing can be examined. */
export type Trouble =
  /** `fetch` failed: a code of Node's or OpenSSL's, as far as there is one. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'redirected'; readonly status: number; readonly to: string }
  /** By our server. */
  | { readonly kind: 'refused'; readonly status: number; readonly failure: ErrorBody }
  /** It answered at first, and does not any more. */
  | { readonly kind: 'gone' }
  /** By anything else. */
  | { readonly kind: 'foreign'; readonly status: number; readonly type: string };

/** How long the first answer may take, ms. */
const ANSWER_MS = 15_000;
/** The same at the end, of one that has answered before, ms. */
const STILL_MS = 3_000;
/** So often a server is asked whose connections break. */
const TRIES = 3;
/** Of an answer to a poll: the server gives no more than 256 KiB, and one entry. */
const MOST_BYTES = 4 * 1024 * 1024;
/** As Node says it of them. */
const BROKEN = ['', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
/** How long the model may take until it is there, ms: what it says while something is measured would be in the way. */
const MODEL_MS = 3_000;
/** Answers that are timed. */
const TIMED = 5;

/** Opens a live session, with a poll: a whole answer passes wherever anything does. */
export async function reach(target: Target): Promise<Reached | Trouble> {
  const client = 'doctor-reach';
  const answer = await ask(target, client);
  if (!('batch' in answer)) return answer;
  const { batch, headers } = answer;
  const { server, limits } = answer.session;

  let { cursor } = batch;
  let model = modelOf(batch.events.map(({ event, data }) => ({ name: event, data })));
  const deadline = performance.now() + MODEL_MS;
  while (!model && performance.now() < deadline) {
    const polled = await poll(target, cursor, 1_000, client);
    if (!polled.answered) break;
    cursor = polled.cursor ?? cursor;
    model = modelOf(polled.events);
  }

  const times: number[] = [];
  while (times.length < TIMED) {
    const polled = await poll(target, cursor, 0, client);
    times.push(polled.tookMs);
    if (polled.answered) cursor = polled.cursor ?? cursor;
  }
  const withId = await ask(target, client, { 'Last-Event-ID': 'doctor' });
  const lastEventId = 'batch' in withId && withId.batch.events.some(({ event }) => event === 'reset');
  // As a browser says it of a page's POSTs and WebSockets.
  const asPage = await ask(target, client, { Origin: new URL(target.url).origin });
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
    // Where the poll itself failed nothing is known.
    lastEventId: lastEventId || !('batch' in withId),
    host,
  };
}

/** Whether the server is still there, and does not go down just now. What gets no answer, or is cut, may be the network's doing. */
export async function isThere(target: Target): Promise<boolean> {
  const answer = await askOnce(target, 'doctor-reach', {}, STILL_MS);
  if (!('kind' in answer)) return true;
  if (answer.kind === 'refused') return answer.failure.code !== 'draining';
  return answer.kind !== 'failed' || answer.code !== 'ECONNREFUSED';
}

/** A connection may have been cut in the middle, as by a network that cuts all of them: that is found out later, and is not taken for no server. */
async function ask(
  target: Target,
  client: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof askOnce> {
  let answer = await askOnce(target, client, headers, ANSWER_MS);
  for (let again = 1; again < TRIES; again += 1) {
    if (!('kind' in answer) || answer.kind !== 'failed' || !BROKEN.includes(answer.code)) break;
    answer = await askOnce(target, client, headers, ANSWER_MS);
  }
  return answer;
}

async function askOnce(
  target: Target,
  client: string,
  headers: Readonly<Record<string, string>>,
  answerMs: number,
): Promise<{ batch: Batch; session: ConnectionEvents['session']; headers: Headers } | Trouble> {
  const late = AbortSignal.timeout(answerMs);
  try {
    const response = await target.fetch(addressOf(target, 'poll', { client, wait: '0' }), {
      headers: { ...target.headers, ...headers },
      cache: 'no-store',
      redirect: 'manual',
      signal: late,
    });
    const to = response.headers.get('Location');
    const { status } = response;
    if (to !== null && status >= 300 && status < 400) return { kind: 'redirected', status, to: foreign(to) };
    const body = parseJson(await readText(response, MOST_BYTES));
    if (isErrorBody(body)) {
      const { code, error, hint } = body;
      const failure = { ...body, code: foreign(code) as ErrorBody['code'], error: foreign(error), hint: foreign(hint) };
      return { kind: 'refused', status, failure };
    }
    const session = status === 200 && isBatch(body) ? sessionIn(body) : undefined;
    if (session && isBatch(body)) return { batch: body, session, headers: response.headers };
    return { kind: 'foreign', status, type: foreign(response.headers.get('Content-Type')) };
  } catch (error) {
    return late.aborted ? { kind: 'silent', afterMs: answerMs } : failed(error);
  }
}

function sessionIn({ events }: Batch): ConnectionEvents['session'] | undefined {
  const data = events.find(({ event }) => event === 'session')?.data;
  if (typeof data !== 'object' || data === null) return undefined;
  const { server, limits } = data as Partial<ConnectionEvents['session']>; // what the contract says of this name
  const numbers = [limits?.heartbeat_ms, limits?.body_bytes];
  if (typeof server !== 'string' || !numbers.every((each) => Number.isSafeInteger(each) && Number(each) > 0))
    return undefined;
  return { ...(data as ConnectionEvents['session']), server: foreign(server) };
}

/** What `fetch` fails with says nothing; what caused it does, at any depth. */
function failed(error: unknown): Trouble {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
  return { kind: 'failed', code: foreign(code), message: foreign(message) };
}

function modelOf(events: readonly { readonly name: string | undefined; readonly data: unknown }[]): Reached['model'] {
  for (const { name, data } of events) {
    if (name === 'failure') return 'failed';
    const upstream = name === 'status' && typeof data === 'object' && data !== null && 'upstream' in data;
    if (upstream && (data.upstream === 'ready' || data.upstream === 'failed')) return data.upstream;
  }
  return undefined;
}
