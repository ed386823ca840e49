import { formatCursor, parseCursor } from '../wire/cursor.ts';
import type { ErrorBody } from '../wire/error-catalogue.ts';
import { audioItem, createBacklog, joinAudio, type Waiting } from './backlog.ts';
import { fullJitter, pause } from './backoff.ts';
import { type Post, type PostOutcome, sendPost } from './post.ts';

export interface UplinkOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly random: () => number;
  /** The address of `POST /send`, with a query. */
  readonly address: (query: Record<string, string>) => string;
  readonly client: string;
  /** POSTs under way at once, 1 to 4: more than one is for HTTP/2. */
  readonly parallel: number;
  /** The id of the last event that was processed. */
  readonly ack: () => string | undefined;
  onFailure(failure: ErrorBody): void;
  /** 410: the live session is over. */
  onEnded(): void;
}

export interface Uplink {
  send(item: object): void;
  /** PCM16 at 16 kHz. */
  sendAudio(pcm: Uint8Array): void;
  /** The way down is open, to the live session of this epoch, in which the client's next number is `next`. */
  opened(epoch: string, next: number): void;
  /** Audio has come: the server wants to know how far it was processed. */
  heard(): void;
  stop(): void;
  readonly statistics: { roundTripMs: number | undefined; retries: number; droppedAudioMs: number };
}

/** A payload that has a number. */
interface Flight {
  readonly cseq: number;
  readonly payload: readonly Waiting[];
  readonly post: Post;
  readonly abort: AbortController;
  /** The server has it, and waits for one before it. */
  held: boolean;
  /** Another answer has said that its number was used: what is missing is only its own. */
  applied: boolean;
}

/** While audio comes, ms. */
const ACK_EVERY_MS = 1_000;
/** A live session that is not there may come back without the way down being told, ms. */
const ABSENT_MS = 2_000;
/** Bytes of one body, about: far below the server's limit, and quickly sent again. */
const MAX_BODY = 512 * 1024;
/** Numbers that may be without an answer: the server's window is 16. */
const MAX_FLIGHTS = 12;

/**
 * The way up: numbered POSTs, which the server applies in order and once, however often the network makes them be repeated. What is sent
 * before the live session is known, or while a POST is under way, goes together with the next one.
 */
export function createUplink(options: UplinkOptions): Uplink {
  const { client } = options;
  const backlog = createBacklog();
  const stopped = new AbortController();
  /** In the order of their numbers. */
  let flights: Flight[] = [];
  let epoch: string | undefined;
  let next = 1;
  /** Aborted, and made anew, when the way down opens. */
  let reopened = new AbortController();
  let ackDue = false;
  let acking = false;
  let roundTripMs: number | undefined;
  let retries = 0;

  const ack = (): string => {
    const id = options.ack();
    // It says which log the numbers belong to, and must not name another.
    return id !== undefined && parseCursor(id)?.epoch === epoch ? id : formatCursor(epoch ?? '', 0);
  };
  const write = (cseq: number, payload: readonly Waiting[]): Post => {
    const pieces = payload.flatMap((one) => ('pcm' in one ? [one.pcm] : []));
    if (pieces.length > 0 && pieces.length === payload.length) {
      const query = { client, cseq: String(cseq), ack: ack() };
      return { url: options.address(query), contentType: 'audio/pcm;rate=16000', body: joinAudio(pieces) };
    }
    const items = payload.map((one) => ('pcm' in one ? audioItem(one.pcm) : one.item));
    const body = JSON.stringify({ client, cseq, ack: ack(), items });
    return { url: options.address({}), contentType: 'application/json', body };
  };
  const launch = (cseq: number, payload: readonly Waiting[]): Flight => {
    ackDue = false;
    const flight = {
      cseq,
      payload,
      post: write(cseq, payload),
      abort: new AbortController(),
      held: false,
      applied: false,
    };
    flights.push(flight);
    flights.sort((one, other) => one.cseq - other.cseq);
    void fly(flight);
    return flight;
  };
  const flush = () => {
    while (!stopped.signal.aborted && epoch !== undefined && !backlog.isEmpty && flights.length < MAX_FLIGHTS) {
      if (flights.filter(({ held }) => !held).length >= options.parallel) return;
      launch(next++, backlog.take(MAX_BODY));
    }
  };
  /** Numbers everything that is unanswered anew, from `from`: in another live session, or one that has forgotten this client. */
  const renumber = (newEpoch: string, from: number) => {
    const unanswered = flights;
    flights = [];
    epoch = newEpoch;
    next = from;
    for (const { abort } of unanswered) abort.abort();
    for (const { payload, applied } of unanswered) if (payload.length > 0 && !applied) launch(next++, payload);
  };
  const settle = (flight: Flight) => {
    flights = flights.filter((one) => one !== flight);
  };
  const onTaken = (flight: Flight, answer: PostOutcome & { kind: 'taken' }) => {
    const missing = answer.next ?? flight.cseq + 1;
    if (answer.held) flight.held = true;
    else settle(flight);
    for (const one of flights) one.applied ||= one.cseq < missing;
    // One that is still under way keeps its place: its own answer may be a refusal.
    flights = flights.filter(({ held, applied }) => !(held && applied));
    const [lowest] = flights;
    // What they wait for was refused unread, or is forgotten: nobody would ever send it.
    if (lowest && missing < lowest.cseq && flights.every(({ held }) => held)) launch(missing, []);
  };
  /** @returns whether it is to go out again */
  const onRefused = async (flight: Flight, failure: ErrorBody): Promise<boolean> => {
    switch (failure.code) {
      case 'epoch_changed':
        renumber(failure.epoch ?? '', failure.next ?? 1);
        return false;
      case 'outside_window':
        // Older than what is remembered: it had been used. Further ahead than anything: this client was forgotten.
        if (flight.cseq < (failure.next ?? 1)) settle(flight);
        else renumber(epoch ?? '', failure.next ?? 1);
        return false;
      case 'session_ended':
        options.onEnded();
        return false;
      case 'session_not_found':
        await pause(ABSENT_MS, AbortSignal.any([reopened.signal, flight.abort.signal]));
        return true;
      default:
        if (failure.retry) return true;
        settle(flight);
        // A filler's number was used by what was refused before.
        if (flight.payload.length > 0) options.onFailure(failure);
        return false;
    }
  };
  const fly = async (flight: Flight) => {
    const { signal } = flight.abort;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (attempt > 1) retries += 1;
      const sentAt = performance.now();
      const outcome = await sendPost(flight.post, options.fetch, options.headers, signal);
      if (signal.aborted) return;
      if (outcome.kind === 'taken') {
        roundTripMs = performance.now() - sentAt;
        onTaken(flight, outcome);
        break;
      }
      if (outcome.kind === 'refused') {
        roundTripMs = performance.now() - sentAt;
        if (!(await onRefused(flight, outcome.failure))) break;
        if (outcome.failure.code === 'session_not_found') continue;
      }
      await pause(Math.max(outcome.retryAfterMs, fullJitter(attempt, options.random)), signal);
    }
    flush();
  };
  const acknowledge = async () => {
    if (!ackDue || acking || epoch === undefined) return;
    acking = true;
    ackDue = false;
    const body = JSON.stringify({ client, ack: ack() });
    const post = { url: options.address({}), contentType: 'application/json', body };
    const outcome = await sendPost(post, options.fetch, options.headers, stopped.signal);
    if (outcome.kind === 'failed') ackDue = true;
    acking = false;
  };
  const ackTimer = setInterval(() => void acknowledge(), ACK_EVERY_MS);

  return {
    send(item) {
      backlog.addItem(item);
      // At the end of this turn of the loop: what is sent together goes together.
      queueMicrotask(flush);
    },
    sendAudio(pcm) {
      backlog.addAudio(pcm);
      queueMicrotask(flush);
    },
    opened(newEpoch, newNext) {
      if (newEpoch !== epoch) renumber(newEpoch, newNext);
      reopened.abort();
      reopened = new AbortController();
      flush();
    },
    heard() {
      ackDue = true;
    },
    stop() {
      clearInterval(ackTimer);
      stopped.abort();
      for (const { abort } of flights) abort.abort();
      flights = [];
    },
    get statistics() {
      return { roundTripMs, retries, droppedAudioMs: backlog.droppedAudioMs };
    },
  };
}
