import type { ErrorBody } from '../wire/wire-error.ts';
import type { QueuedInput } from './backlog.ts';
import { fullJitter, pause } from './backoff.ts';
import type { WayDown } from './link.ts';
import { NextNumberQuery } from './next-number-query.ts';
import { createAck, type Post } from './numbered-post.ts';
import { PendingPost } from './pending-post.ts';
import type { Position } from './position.ts';
import type { PostOutcome, PostSender } from './post.ts';
import { PostSequence } from './post-sequence.ts';
import { PostTimeouts } from './post-timeouts.ts';
import type { PostTransmitter } from './post-transmitter.ts';
import type { Refusal, SendResult } from './send-result.ts';
import { waitOutRefusal } from './wait-out-refusal.ts';

export interface PostDeliveryOptions {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  /** Name of the client. */
  readonly client: string;
  readonly position: Position;
  readonly transmitter: PostTransmitter;
  /** Called when a POST that carries an acknowledgement is sent. */
  onLaunched(): void;
  /** Called when a POST has been answered for good, so that the next may be sent. */
  onSettled(): void;
  onRefused(refusal: Refusal): void;
  /** Called when the server has answered that the live session has ended. */
  onEnded(): void;
}

/** Delay before a live session that the server does not find is asked for again, in ms: it may return without news over the way down. */
const ABSENT_MS = 2_000;
/** Number of refusals by a proxy after which a POST is given up: a captive portal refuses every POST until the user has logged in. */
const MAX_BLOCKED = 3;
/** Result of a POST whose number was used and whose own answer is lost for good: that answer alone tells whether the items were refused. */
const UNKNOWN_OUTCOME: SendResult = { sent: false };
/** Status for a body that is too large, which no retry changes. */
const TOO_LARGE = 413;

/** Delivers payloads in numbered POSTs, and repeats each POST until the server has answered it. */
export class PostDelivery {
  readonly #options: PostDeliveryOptions;
  readonly #sequence = new PostSequence();
  readonly #timeouts = new PostTimeouts();
  readonly #stopped = new AbortController();
  readonly #query: NextNumberQuery;
  #down: WayDown | undefined;
  #epoch: string | undefined;
  /** Aborted, and replaced, when the way down opens. */
  #reopened = new AbortController();
  #retries = 0;

  constructor(options: PostDeliveryOptions) {
    this.#options = options;
    this.#query = new NextNumberQuery({
      random: options.random,
      signal: this.#stopped.signal,
      acknowledge: () => options.transmitter.transmitOverHttp(...this.#createAcknowledgement()),
      epoch: () => this.#epoch,
      isNeeded: () => this.#sequence.pending.some(({ held }) => held),
      onNext: (next) => this.#onNextReported(next),
    });
  }

  attach(down: WayDown): void {
    this.#down = down;
  }

  get roundTripMs(): number | undefined {
    return this.#timeouts.roundTripMs;
  }

  /** Number of attempts after the first of each POST. */
  get retries(): number {
    return this.#retries;
  }

  /** Whether another POST may be sent now. None may while a `close` is in flight: the server uses nothing that is numbered behind it. */
  get hasRoom(): boolean {
    if (this.#epoch === undefined || this.#sequence.pending.some(({ closes }) => closes)) return false;
    return this.#sequence.hasRoom(this.#options.transmitter.parallelPosts);
  }

  /** Sends a payload in the next POST, or in the POST of a number that the server misses. */
  deliver(payload: readonly QueuedInput[], cseq = this.#sequence.takeNumber()): void {
    this.#options.onLaunched();
    const pending = new PendingPost(cseq, this.#createPost(cseq, payload));
    this.#sequence.add(pending);
    void this.#sendUntilAnswered(pending);
  }

  /** Starts in the live session of `epoch`, in which the client's next number is `next`. */
  onSession(epoch: string, next: number): void {
    if (epoch !== this.#epoch) this.#renumber(epoch, next);
    this.#reopened.abort();
    this.#reopened = new AbortController();
  }

  /** Sends POSTs that have waited for too long again: a better way is open. */
  retryStalled(): void {
    for (const pending of this.#sequence.pending) pending.retryStalled(performance.now());
  }

  /** Acknowledges without a payload; `undefined` if no live session is open. */
  acknowledge(): Promise<PostOutcome> | undefined {
    if (this.#epoch === undefined || this.#stopped.signal.aborted) return undefined;
    return waitOutRefusal(this.#options.transmitter.transmit(...this.#createAcknowledgement()), this.#stopped.signal);
  }

  /** Ends all attempts. @param result result of the items that have no answer */
  stop(result: SendResult): void {
    this.#stopped.abort();
    for (const pending of this.#sequence.restart(1)) pending.settleItems(result);
  }

  #createPost(cseq: number | undefined, payload: readonly QueuedInput[]): Post {
    const { client, position } = this.#options;
    return { client, cseq, ack: createAck(position.id, this.#epoch ?? ''), payload };
  }

  #createAcknowledgement(): Parameters<PostSender> {
    return [this.#createPost(undefined, []), this.#stopped.signal, this.#timeouts.timeoutMs(0, 1)];
  }

  /** Numbers everything without an answer again, from `from`. */
  #renumber(epoch: string, from: number): void {
    this.#epoch = epoch;
    for (const pending of this.#sequence.restart(from)) {
      if (pending.applied) pending.settleItems(UNKNOWN_OUTCOME);
      else if (!pending.isFiller) this.deliver(pending.post.payload);
    }
  }

  async #sendUntilAnswered(pending: PendingPost): Promise<void> {
    let blocked = 0;
    for (let attempt = 1; !pending.signal.aborted; attempt += 1) {
      if (attempt > 1) this.#retries += 1;
      const sentAt = performance.now();
      const { outcome, stalled } = await this.#attempt(pending, attempt, sentAt);
      if (pending.signal.aborted) return;
      if (outcome.kind === 'failed') this.#down?.onPostUnanswered();
      if (stalled) continue;
      if (outcome.kind === 'blocked') blocked += 1;
      const delayMs = await this.#onOutcome(pending, outcome, { attempt, blocked, tookMs: performance.now() - sentAt });
      if (delayMs === undefined) break;
      await pause(delayMs, pending.signal);
    }
    this.#options.onSettled();
  }

  #attempt(pending: PendingPost, attempt: number, sentAt: number) {
    // Before the first answer, POSTs may not get through at all, so another way is tried before the first one times out.
    const isFirst = this.#timeouts.roundTripMs === undefined;
    const onSlow = isFirst ? () => this.#down?.onPostUnanswered() : undefined;
    const timeoutMs = this.#timeouts.timeoutMs(pending.bytes, attempt);
    return pending.attempt((...post) => this.#options.transmitter.transmit(...post), { sentAt, timeoutMs, onSlow });
  }

  /** @returns the delay of the next attempt, in ms; `undefined`: there is no next attempt */
  async #onOutcome(
    pending: PendingPost,
    outcome: PostOutcome,
    { attempt, blocked, tookMs }: { attempt: number; blocked: number; tookMs: number },
  ): Promise<number | undefined> {
    if (outcome.kind === 'accepted' || outcome.kind === 'refused') this.#timeouts.onAnswered(pending.bytes, tookMs);
    switch (outcome.kind) {
      case 'accepted':
        this.#onAccepted(pending, outcome);
        return undefined;
      case 'refused':
        return this.#onRefused(pending, outcome, attempt);
      case 'blocked':
        // A filler must arrive, because everything after it waits for it.
        if (pending.isFiller || (outcome.refusal.status !== TOO_LARGE && blocked < MAX_BLOCKED)) {
          return this.#jitterMs(attempt);
        }
        this.#refuse(pending, outcome.refusal);
        return undefined;
      case 'failed':
        return Math.max(outcome.retryAfterMs, this.#jitterMs(attempt));
    }
  }

  #onAccepted(pending: PendingPost, outcome: PostOutcome & { kind: 'accepted' }): void {
    if (!outcome.held) this.#query.onPostAccepted();
    if (this.#sequence.onAccepted(pending, outcome) === 'contradiction') void this.#query.queryNext();
    else this.#catchUp();
  }

  async #onRefused(
    pending: PendingPost,
    { failure, retryAfterMs }: PostOutcome & { kind: 'refused' },
    attempt: number,
  ): Promise<number | undefined> {
    switch (failure.code) {
      case 'epoch_changed':
        // The POST may have reached another server than the way down, so the next `session` decides.
        this.#down?.onEpochChanged();
        await pause(ABSENT_MS, this.#reopened.signal, pending.signal);
        // The way down has led to the same live session, and POSTs lead elsewhere. That may continue.
        return this.#jitterMs(attempt);
      case 'outside_window':
        await this.#onOutsideWindow(pending, failure, attempt);
        return undefined;
      case 'session_ended':
        this.#options.onEnded();
        return undefined;
      case 'session_not_found':
        await pause(ABSENT_MS, this.#reopened.signal, pending.signal);
        return 0;
      default:
        if (failure.retry) return Math.max(retryAfterMs, this.#jitterMs(attempt));
        this.#refuse(pending, failure);
        return undefined;
    }
  }

  async #onOutsideWindow(pending: PendingPost, { next = 1 }: ErrorBody, attempt: number): Promise<void> {
    // The number is older than what the server remembers: the POST was applied, or its items were refused.
    if (pending.cseq < next) {
      this.#sequence.settle(pending, UNKNOWN_OUTCOME);
      return;
    }
    // The number is ahead of anything the server knows, so the server has forgotten this client.
    await pause(this.#jitterMs(attempt), pending.signal);
    if (!pending.signal.aborted) this.#renumber(this.#epoch ?? '', next);
  }

  #refuse(pending: PendingPost, refusal: Refusal): void {
    this.#sequence.onRefused(pending, refusal);
    this.#catchUp();
    // The number of a filler was consumed by an earlier refusal, which was reported then.
    if (!pending.isFiller) this.#options.onRefused(refusal);
  }

  #catchUp(): void {
    const gap = this.#sequence.catchUp();
    if (gap !== undefined) this.deliver([], gap);
  }

  #onNextReported(next: number): void {
    this.#sequence.onNextReported(next);
    this.#catchUp();
    this.#options.onSettled();
  }

  readonly #jitterMs = (attempt: number): number => fullJitter(attempt, this.#options.random);
}
