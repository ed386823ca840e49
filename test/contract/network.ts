import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { stir } from './fake-clock.ts';
import { type Fate, GOOD } from './fate.ts';
import type { HistoryRecord, PostNumber } from './history.ts';
import { itemsInBody } from './items.ts';
import { brokenLine, type Connect, deliver, Line, type RequestHead } from './line.ts';
import { isTrial } from './sdk-client.ts';

export type Way = 'up' | 'down';

/** A numbered POST, as it left its client. */
interface NumberedPost extends PostNumber {
  readonly items: readonly number[];
}

interface Place {
  /** Treatment of the next requests, in order ... */
  readonly next: Record<Way, Fate[]>;
  /** ... and of those after them. */
  readonly weather: Record<Way, Fate>;
  readonly lines: Set<Line>;
  /** When a request for events was last repeated. */
  repeatedAt: number;
}

/** Time for which a proxy keeps a connection to the server after the client has left, in ms. */
const DEAF_MS = 60_000;
/** A line on which requests for events are repeated more often is none that anything can be done on, ms. */
const REPEAT_MS = 70_000;
/** Response headers of a program that is not the server. */
const PAGE = { 'Content-Type': 'text/html' };

/**
 * The network between clients and a server: in memory, and as bad as it is told to be, for each client by itself. It writes down what
 * clients ask and post, and what they are answered.
 */
export class Network {
  readonly #connect: Connect;
  readonly #record: (record: HistoryRecord) => void;
  readonly #places = new Map<string, Place>();
  /** Records that are written when the client has received the response. */
  readonly #answers = new WeakMap<NumberedPost, HistoryRecord>();
  #connections = 0;

  constructor(connect: Connect, record: (record: HistoryRecord) => void) {
    this.#connect = connect;
    this.#record = record;
  }

  /** Creates the `fetch` of the client with this name at this place. */
  fetchFor(name: string, place: string): typeof fetch {
    return (input, init = {}) => this.#fetch(name, this.#place(place), new URL(String(input)), init);
  }

  next(place: string, way: Way, fate: Fate): void {
    this.#place(place).next[way].push(fate);
  }

  weather(place: string, way: Way, fate: Fate): void {
    this.#place(place).weather[way] = fate;
  }

  /** Ends all faults. Dead connections stay dead. */
  calm(): void {
    for (const { next, weather, lines } of this.#places.values()) {
      for (const line of lines) line.heal();
      next.up = [];
      next.down = [];
      weather.up = GOOD;
      weather.down = GOOD;
    }
  }

  cut(place: string): void {
    for (const line of [...this.#place(place).lines]) line.cut();
  }

  freeze(place: string): void {
    for (const line of this.#place(place).lines) line.freeze();
  }

  #place(name: string): Place {
    const place = this.#places.get(name) ?? {
      next: { up: [], down: [] },
      weather: { up: GOOD, down: GOOD },
      lines: new Set(),
      repeatedAt: Number.NEGATIVE_INFINITY,
    };
    this.#places.set(name, place);
    return place;
  }

  async #fetch(name: string, place: Place, url: URL, init: RequestInit): Promise<Response> {
    const { method = 'GET', signal } = init;
    const way = method === 'GET' ? 'down' : 'up';
    const fate = place.next[way].shift() ?? place.weather[way];
    const body = toBytes(init.body);
    const headers = Object.fromEntries(new Headers(init.headers));
    const head = { method, path: url.pathname + url.search, headers };
    const post = way === 'up' ? numberedPost(name, url, headers['content-type'] ?? '', body) : undefined;
    if (post) this.#record({ did: 'posted', ...post });
    const isReading = way === 'down' && !isTrial(url);
    const cursor = headers['last-event-id'] ?? url.searchParams.get('since');
    const hungUp = isReading ? this.#asked(name, cursor, url.searchParams.get('audio') === 'none') : () => undefined;

    const given = Promise.withResolvers<never>();
    given.promise.catch(() => undefined);
    const giveUp = () => given.reject(signal?.reason);
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted) giveUp();
    try {
      const line = this.#exchange(place, head, body, fate, post, signal ?? undefined, hungUp);
      line.catch(() => undefined);
      return await Promise.race([line, given.promise]);
    } catch (error) {
      hungUp();
      throw error;
    }
  }

  #asked(reader: string, cursor: string | null, silent: boolean): () => void {
    this.#connections += 1;
    const connection = this.#connections;
    this.#record({ did: 'asked', reader, connection, cursor: cursor ?? undefined, ...(silent ? { silent } : {}) });
    let over = false;
    return () => {
      if (over) return;
      over = true;
      // Wait for this turn of the loop, in which the received data is reported.
      setImmediate(() => setImmediate(() => this.#record({ did: 'hung up', reader, connection, ms: Date.now() })));
    };
  }

  async #exchange(
    place: Place,
    head: RequestHead,
    body: Uint8Array,
    fate: Fate,
    post: NumberedPost | undefined,
    signal: AbortSignal | undefined,
    hungUp: () => void,
  ): Promise<Response> {
    const gone = () => signal?.aborted === true && !fate.deaf;
    await later(fate.delayMs);
    if (gone() || fate.request === 'lost') throw brokenLine();
    if (fate.request === 'hangs') return new Promise<never>(() => undefined);
    if (fate.request === 'bad gateway') return page(hungUp, '<h1>502 Bad Gateway</h1>', { status: 502, headers: PAGE });
    if (fate.request === 'forbidden') return page(hungUp, '<h1>403 Forbidden</h1>', { status: 403, headers: PAGE });
    if (fate.request === 'portal') return page(hungUp, '<h1>Please log in</h1>', { status: 200, headers: PAGE });
    if (fate.againMs !== undefined && this.#mayRepeat(place, head)) void this.#again(head, body, fate.againMs, post);
    const incoming = await deliver(this.#connect, head, body, fate.request === 'torn');
    const answer = head.method === 'GET' ? incoming : Readable.from([await this.#answerOf(incoming, post)]);
    let line: Line | undefined;
    const leave = () => {
      if (fate.deaf) setTimeout(() => answer.destroy(), DEAF_MS);
      if (line) {
        line.fail(signal?.reason);
        line.leave(fate.deaf);
      } else if (!fate.deaf) answer.destroy();
      else answer.resume();
    };
    signal?.addEventListener('abort', leave);
    if (signal?.aborted) leave();
    await later(fate.answerDelayMs);
    if (signal?.aborted) throw brokenLine();
    let over = false;
    line = new Line(answer, fate.answer, (whole) => {
      over = true;
      if (line) place.lines.delete(line);
      hungUp();
      if (whole && post) setImmediate(() => this.#noteHeard(post, signal));
    });
    if (!over) place.lines.add(line);
    if (fate.answer === 'swallowed') throw brokenLine();
    const status = incoming.statusCode ?? 0;
    const names = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return new Response(status === 204 ? null : line.body, { status, headers: names });
  }

  async #again(head: RequestHead, body: Uint8Array, ms: number, post: NumberedPost | undefined): Promise<void> {
    await later(ms);
    const answer = await deliver(this.#connect, head, body, false).catch(() => undefined);
    if (head.method !== 'GET') await (answer && this.#answerOf(answer, post).catch(() => undefined));
    else {
      answer?.resume();
      setTimeout(() => answer?.destroy(), DEAF_MS);
    }
  }

  /** A stream that is asked for again takes over from the first. The SDK comes back from that, but not twice in a minute; a plain client never. */
  #mayRepeat(place: Place, { method, path }: RequestHead): boolean {
    if (method !== 'GET') return true;
    if (path.includes('client=plain') || Date.now() - place.repeatedAt < REPEAT_MS) return false;
    place.repeatedAt = Date.now();
    return true;
  }

  /** The body of the answer to a POST, which is short; written down if it settles the matter. */
  async #answerOf(answer: IncomingMessage, post: NumberedPost | undefined): Promise<Buffer> {
    const chunks: Buffer[] = await answer.toArray().catch(() => []);
    const body = Buffer.concat(chunks);
    if (!answer.complete) throw brokenLine();
    if (!post) return body;
    const { status, next, code, retry } = JSON.parse(body.toString());
    if (!status && (retry || ['epoch_changed', 'outside_window', 'session_ended'].includes(code))) return body;
    const { client, epoch, cseq } = post;
    const record = { client, epoch, cseq, answer: status ?? 'refused', next };
    this.#answers.set(post, { did: 'heard', ...record });
    this.#record({ did: 'answered', ...record });
    return body;
  }

  #noteHeard(post: NumberedPost, signal: AbortSignal | undefined): void {
    const record = this.#answers.get(post);
    if (record && !signal?.aborted) this.#record(record);
  }
}

function numberedPost(client: string, url: URL, contentType: string, body: Uint8Array): NumberedPost | undefined {
  const raw = !contentType.startsWith('application/json');
  const { cseq, ack, items } = raw ? Object.fromEntries(url.searchParams) : JSON.parse(new TextDecoder().decode(body));
  if (cseq === undefined) return undefined;
  return {
    client,
    epoch: String(ack).split('.')[0] ?? '',
    cseq: Number(cseq),
    items: itemsInBody(contentType, body, items),
  };
}

function toBytes(body: RequestInit['body']): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  return typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body as Uint8Array<ArrayBuffer>);
}

function page(hungUp: () => void, text: string, init: ResponseInit): Response {
  hungUp();
  return new Response(text, init);
}

async function later(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  stir();
}
