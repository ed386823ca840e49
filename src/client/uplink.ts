import { formatCursor, parseCursor } from '../wire/cursor.ts';
import type { ErrorBody } from '../wire/error-catalogue.ts';
import { createAcknowledging } from './acknowledging.ts';
import { createBacklog, type Waiting } from './backlog.ts';
import { fullJitter, pause } from './backoff.ts';
import { type Post, sizeOf } from './numbered-post.ts';
import { createPatience, slowAfter } from './patience.ts';
import type { PostOutcome } from './post.ts';
import type { Refusal, Sent } from './sent.ts';
import type { SendOnce } from './socket-transport.ts';

export interface UplinkOptions {
  /** Over whatever there is. */
  readonly transmit: SendOnce;
  /** The same in a way that answers a POST without a number too: with the number that is next. */
  readonly ask: SendOnce;
  readonly random: () => number;
  readonly client: string;
  /** POSTs that may be under way at once now, 1 to 4: more than one is for networks that carry them side by side. */
  readonly parallel: () => number;
  /** Bytes that the server takes in one body, as far as it has said. */
  readonly bodyLimit: () => number;
  /** The id of the last event that was processed. */
  readonly ack: () => string | undefined;
  onRefused(refusal: Refusal): void;
  onAudioDropped(ms: number): void;
  /** The numbers are of a live session that is over: which one there is now, the way down tells (`opened`). */
  onEpochChanged(): void;
  /** 410: the live session is over. */
  onEnded(): void;
  /** A POST gets no answer: another way may be better. */
  onHanging(): void;
}

export interface Uplink {
  send(item: object): Promise<Sent>;
  /** PCM16 at 16 kHz. */
  sendAudio(pcm: Uint8Array): void;
  /** Drops the audio that waits. */
  forgetAudio(): void;
  /** Keeps everything until `release()`. */
  hold(): void;
  release(): void;
  /** The way down is open, to the live session of this epoch, in which the client's next number is `next`. */
  opened(epoch: string, next: number): void;
  /** There is another way up: what has waited too long for an answer goes out again, there. */
  hurry(): void;
  /** Says how far everything was processed, now, and hears how far it was written. */
  acknowledge(): void;
  /** Something has come: the server wants to know how far it was processed. */
  heard(): void;
  stop(): void;
  readonly statistics: { roundTripMs: number | undefined; retries: number; droppedAudioMs: number };
}

/** A payload that has a number. */
interface Flight {
  readonly cseq: number;
  readonly post: Post;
  readonly abort: AbortController;
  /** Its try that is under way. */
  trial: { readonly sentAt: number; readonly abort: AbortController } | undefined;
  /** The server has it, and waits for one before it. */
  held: boolean;
  /** Another answer has said that its number was used: what is missing is only its own. */
  applied: boolean;
}

/** A live session that is not there may come back without the way down being told, ms. */
const ABSENT_MS = 2_000;
/** Bytes of one body, about: far below the server's limit, and quickly sent again. */
const MAX_BODY = 512 * 1024;
/** Numbers that may be without an answer: the server's window is 16. */
const MAX_FLIGHTS = 12;
/** How often something on the way may refuse a payload before that is taken for its last word: a captive portal refuses everything, once. */
const MAX_BARRED = 3;
/** The body is too large for it: that never changes. */
const TOO_LARGE = 413;
const NO_ITEM: Refusal = { error: 'This cannot be written as JSON', code: 'malformed_item' };
const EMPTY: Refusal = { error: 'The text is empty', code: 'empty_body' };
const NO_ROOM: Refusal = { error: 'Too much waits to be sent', hint: 'the way up is too slow, or lost' };

/**
 * The way up: numbered POSTs, which the server applies in order and once, however often the network makes them be repeated. What is sent
 * before the live session is known, or while a POST is under way, goes together with the next one.
 */
export function createUplink(options: UplinkOptions): Uplink {
  const { client } = options;
  const backlog = createBacklog(options.onAudioDropped);
  const stopped = new AbortController();
  /** In the order of their numbers. */
  let flights: Flight[] = [];
  let epoch: string | undefined;
  let next = 1;
  /** The lowest number that the server may lack, as far as its answers say. */
  let missing = 1;
  /** Numbers from there on that were used up by a refusal. */
  const usedUp = new Set<number>();
  let asking = false;
  /** In a row, without anything having been taken. */
  let asks = 0;
  /** Somebody wants nothing to go up for a while. */
  let onHold = false;
  /** Aborted, and made anew, when the way down opens. */
  let reopened = new AbortController();
  const patience = createPatience();
  let retries = 0;

  const ack = (): string => {
    const id = options.ack();
    // It says which log the numbers belong to, and must not name another.
    return id !== undefined && parseCursor(id)?.epoch === epoch ? id : formatCursor(epoch ?? '', 0);
  };
  const acknowledgement = (): Post => ({ client, cseq: undefined, ack: ack(), payload: [] });
  const acks = createAcknowledging(() => {
    if (epoch === undefined || stopped.signal.aborted) return undefined;
    return options.transmit(acknowledgement(), stopped.signal, patience.of(0, 1));
  });
  const launch = (cseq: number, payload: readonly Waiting[]) => {
    acks.said();
    const post = { client, cseq, ack: ack(), payload };
    const flight: Flight = { cseq, post, abort: new AbortController(), trial: undefined, held: false, applied: false };
    flights.push(flight);
    flights.sort((one, other) => one.cseq - other.cseq);
    void fly(flight);
  };
  const flush = () => {
    if (onHold || stopped.signal.aborted || epoch === undefined) return;
    while (!backlog.isEmpty && flights.length < MAX_FLIGHTS) {
      if (flights.filter(({ held }) => !held).length >= options.parallel()) return;
      launch(next++, backlog.take(Math.min(MAX_BODY, options.bodyLimit())));
    }
  };
  /** Numbers everything that is unanswered anew, from `from`: in another live session, or one that has forgotten this client. */
  const renumber = (newEpoch: string, from: number) => {
    const unanswered = flights;
    flights = [];
    epoch = newEpoch;
    next = from;
    missing = from;
    usedUp.clear();
    for (const { abort } of unanswered) abort.abort();
    for (const { post, applied } of unanswered) {
      if (applied) settleItems(post, { sent: true });
      else if (post.payload.length > 0) launch(next++, post.payload);
    }
  };
  const settle = (flight: Flight, sent: Sent) => {
    flights = flights.filter((one) => one !== flight);
    settleItems(flight.post, sent);
  };
  /** Settles what is known to be used by now, and sends what nobody else would. */
  const catchUp = () => {
    // One that was held waited for nothing but what came before it.
    while (usedUp.delete(missing) || flights.some(({ held, cseq }) => held && cseq === missing)) missing += 1;
    for (const one of flights) one.applied ||= one.cseq < missing;
    // One that is still under way keeps its place: its own answer may be a refusal.
    for (const one of flights.filter(({ held, applied }) => held && applied)) settle(one, { sent: true });
    const [lowest] = flights;
    // What they wait for was refused unread, or is forgotten.
    if (lowest && missing < lowest.cseq && flights.every(({ held }) => held)) launch(missing, []);
  };
  const onTaken = (flight: Flight, answer: PostOutcome & { kind: 'taken' }) => {
    if (answer.held) flight.held = true;
    else {
      asks = 0;
      settle(flight, { sent: true });
    }
    const said = answer.next ?? flight.cseq + 1;
    if (answer.held && said < missing && missing <= flight.cseq) {
      void askAnew();
      return;
    }
    missing = Math.max(missing, said);
    catchUp();
  };
  /** What is held waits for a number that was used: that answer was overtaken, or kept from before; or the server has forgotten this client. */
  const askAnew = async () => {
    if (asking) return;
    asking = true;
    const asked = epoch;
    asks += 1;
    if (asks > 2) await pause(fullJitter(asks, options.random), stopped.signal);
    const outcome = await options.ask(acknowledgement(), stopped.signal, patience.of(0, 1));
    asking = false;
    const said = outcome.kind === 'taken' ? outcome.next : undefined;
    if (stopped.signal.aborted || epoch !== asked) return;
    if (said === undefined) {
      await pause(ABSENT_MS, stopped.signal);
      if (!stopped.signal.aborted && flights.some(({ held }) => held)) void askAnew();
      return;
    }
    if (said < missing) usedUp.clear();
    missing = said;
    catchUp();
    flush();
  };
  const refuse = (flight: Flight, refusal: Refusal) => {
    settle(flight, { sent: false, refusal });
    // By the server, that is, and not for its size alone, which keeps it from being read.
    if (refusal.code !== undefined && refusal.code !== 'body_too_large' && flight.cseq >= missing)
      usedUp.add(flight.cseq);
    catchUp();
    // A filler's number was used by what was refused before.
    if (flight.post.payload.length > 0) options.onRefused(refusal);
  };
  /** @returns whether it is to go out again */
  const onRefused = async (flight: Flight, failure: ErrorBody, attempt: number): Promise<boolean> => {
    switch (failure.code) {
      case 'epoch_changed':
        // Not on the word of a POST: it may have come to another server than the way down.
        options.onEpochChanged();
        await pause(ABSENT_MS, reopened.signal, flight.abort.signal);
        // Still here: the way down leads where it led before, and POSTs to somewhere else. That may go on.
        await pause(fullJitter(attempt, options.random), flight.abort.signal);
        return true;
      case 'outside_window':
        // Older than what is remembered: it had been used. Further ahead than anything: this client was forgotten.
        if (flight.cseq < (failure.next ?? 1)) settle(flight, { sent: true });
        else {
          await pause(fullJitter(attempt, options.random), flight.abort.signal);
          if (!flight.abort.signal.aborted) renumber(epoch ?? '', failure.next ?? 1);
        }
        return false;
      case 'session_ended':
        options.onEnded();
        return false;
      case 'session_not_found':
        await pause(ABSENT_MS, reopened.signal, flight.abort.signal);
        return true;
      default:
        if (!failure.retry) refuse(flight, failure);
        return failure.retry;
    }
  };
  /** @returns `hurried`: it was given up for another way */
  const tryOnce = async (flight: Flight, sentAt: number, patienceMs: number) => {
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    flight.abort.signal.addEventListener('abort', giveUp);
    flight.trial = { sentAt, abort };
    // As long as nobody knows whether POSTs get through at all, the first is not waited for to the end.
    const isUnsure = patience.roundTripMs === undefined;
    const unsure = isUnsure ? setTimeout(options.onHanging, slowAfter(sizeOf(flight.post.payload))) : undefined;
    const outcome = await options.transmit(flight.post, abort.signal, patienceMs);
    clearTimeout(unsure);
    flight.abort.signal.removeEventListener('abort', giveUp);
    flight.trial = undefined;
    return { outcome, hurried: outcome.kind === 'failed' && abort.signal.aborted };
  };
  const fly = async (flight: Flight) => {
    const { signal } = flight.abort;
    let barred = 0;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (attempt > 1) retries += 1;
      const sentAt = performance.now();
      const { outcome, hurried } = await tryOnce(flight, sentAt, patience.of(sizeOf(flight.post.payload), attempt));
      if (signal.aborted) return;
      if (outcome.kind === 'failed') options.onHanging();
      if (hurried) continue;
      let retryAfterMs = 0;
      if (outcome.kind === 'taken') {
        patience.answered(sizeOf(flight.post.payload), performance.now() - sentAt);
        onTaken(flight, outcome);
        break;
      }
      if (outcome.kind === 'refused') {
        patience.answered(sizeOf(flight.post.payload), performance.now() - sentAt);
        if (!(await onRefused(flight, outcome.failure, attempt))) break;
        if (['session_not_found', 'epoch_changed'].includes(outcome.failure.code)) continue;
        retryAfterMs = outcome.retryAfterMs;
      } else if (outcome.kind === 'barred') {
        barred += 1;
        // What only fills a hole has to get there: everything after it waits for it.
        const isFiller = flight.post.payload.length === 0;
        if (!isFiller && (outcome.refusal.status === TOO_LARGE || barred >= MAX_BARRED)) {
          refuse(flight, outcome.refusal);
          break;
        }
      } else retryAfterMs = outcome.retryAfterMs;
      await pause(Math.max(retryAfterMs, fullJitter(attempt, options.random)), signal);
    }
    flush();
  };
  return {
    send(item) {
      if (stopped.signal.aborted) return Promise.resolve({ sent: false });
      return new Promise((resolve) => {
        const refusal = faultOf(item) ?? (backlog.addItem(item, resolve) ? undefined : NO_ROOM);
        if (refusal) resolve({ sent: false, refusal });
        // At the end of this turn of the loop: what is sent together goes together.
        queueMicrotask(flush);
      });
    },
    sendAudio(pcm) {
      if (stopped.signal.aborted) return;
      // Half a sample would have everything refused that goes with it.
      backlog.addAudio(pcm.subarray(0, pcm.length - (pcm.length % 2)));
      queueMicrotask(flush);
    },
    forgetAudio: () => backlog.dropAudio(),
    hold() {
      onHold = true;
    },
    release() {
      onHold = false;
      flush();
    },
    opened(newEpoch, newNext) {
      if (newEpoch !== epoch) renumber(newEpoch, newNext);
      reopened.abort();
      reopened = new AbortController();
      flush();
    },
    hurry() {
      const now = performance.now();
      for (const { post, trial } of flights)
        if (trial && now - trial.sentAt > slowAfter(sizeOf(post.payload))) trial.abort.abort();
    },
    acknowledge: acks.now,
    heard: acks.heard,
    stop() {
      stopped.abort();
      acks.stop();
      for (const { abort } of flights) abort.abort();
      for (const { post } of flights) settleItems(post, { sent: false });
      flights = [];
      settleItems({ payload: backlog.clear() }, { sent: false });
    },
    get statistics() {
      return { roundTripMs: patience.roundTripMs, retries, droppedAudioMs: backlog.droppedAudioMs };
    },
  };
}

/** What cannot be sent at all, and would take with it what goes in the same POST. */
function faultOf(item: unknown): Refusal | undefined {
  try {
    if (typeof item !== 'object' || item === null || JSON.stringify(item) === undefined) return NO_ITEM;
  } catch {
    return NO_ITEM;
  }
  const { mime_type, data }: { mime_type?: unknown; data?: unknown } = item;
  return mime_type === 'text/plain' && typeof data === 'string' && data.trim() === '' ? EMPTY : undefined;
}

/** Whoever sent the items is told what became of them. */
function settleItems({ payload }: Pick<Post, 'payload'>, sent: Sent): void {
  for (const one of payload) if ('item' in one) one.settle(sent);
}
