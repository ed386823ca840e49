import { Acknowledger } from './acknowledger.ts';
import { Backlog } from './backlog.ts';
import { findFault } from './find-fault.ts';
import type { WayDown, WayUp } from './link.ts';
import type { Rung } from './observation.ts';
import type { Position } from './position.ts';
import { PostDelivery } from './post-delivery.ts';
import { PostTransmitter, type PostTransmitterOptions } from './post-transmitter.ts';
import type { Refusal, SendResult } from './send-result.ts';

export interface PostQueueOptions extends PostTransmitterOptions {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  /** Name of the client. */
  readonly client: string;
  readonly position: Position;
  onRefused(refusal: Refusal): void;
  onAudioDropped(ms: number): void;
  /** Called when the server has answered that the live session has ended. */
  onEnded(): void;
}

/** Target size of one body, in bytes: far below the server's limit, and quickly sent again. */
const MAX_BODY_BYTES = 512 * 1024;
const NO_ROOM: Refusal = { error: 'Too much waits to be sent', hint: 'the way up is too slow, or lost' };

/**
 * Way up: numbered POSTs, which the server applies in order and once, however often the network makes the client repeat them. Input that is
 * given before the live session is known, or while a POST is in flight, is sent together in the next POST.
 */
export class PostQueue implements WayUp {
  readonly #backlog: Backlog;
  readonly #transmitter: PostTransmitter;
  readonly #delivery: PostDelivery;
  readonly #acknowledger: Acknowledger;
  #onHold = false;
  #stopped = false;
  /** Result of everything that is sent after the end. */
  #finalResult: SendResult = { sent: false };

  constructor(options: PostQueueOptions) {
    this.#backlog = new Backlog(options.onAudioDropped);
    this.#transmitter = new PostTransmitter(options);
    this.#acknowledger = new Acknowledger(() => this.#delivery.acknowledge());
    this.#delivery = new PostDelivery({
      ...options,
      transmitter: this.#transmitter,
      onLaunched: () => this.#acknowledger.onPiggybacked(),
      onSettled: () => this.#flush(),
    });
  }

  /** Joins the way up to the way down. Must be called before the first session opens. */
  attach(down: WayDown): void {
    this.#transmitter.attach(down);
    this.#delivery.attach(down);
  }

  get roundTripMs(): number | undefined {
    return this.#delivery.roundTripMs;
  }

  /** `retries`: attempts after the first. `droppedAudioMs`: audio that was dropped because the way up was too slow, in ms. */
  get statistics(): { readonly retries: number; readonly droppedAudioMs: number } {
    return { retries: this.#delivery.retries, droppedAudioMs: this.#backlog.droppedAudioMs };
  }

  /** @returns the result of sending the item. The promise never rejects */
  send(item: unknown): Promise<SendResult> {
    if (this.#stopped) return Promise.resolve(this.#finalResult);
    return new Promise((resolve) => {
      const checked = findFault(item);
      if ('refusal' in checked) resolve({ sent: false, refusal: checked.refusal });
      else if (!this.#backlog.addItem(checked.item, resolve)) resolve({ sent: false, refusal: NO_ROOM });
      this.#scheduleFlush();
    });
  }

  /** Sends PCM16 at 16 kHz. An odd last byte is dropped: half a sample would have the whole POST refused. */
  sendAudio(pcm: Uint8Array): void {
    if (this.#stopped) return;
    this.#backlog.addAudio(pcm.subarray(0, pcm.length - (pcm.length % 2)));
    this.#scheduleFlush();
  }

  /** Drops the audio that waits to be sent. */
  dropAudio(): void {
    this.#backlog.dropAudio();
  }

  /** Keeps everything until a connection opens. */
  hold(): void {
    this.#onHold = true;
  }

  onSession({ epoch, next, bodyBytes }: { epoch: string; next: number; bodyBytes: number }): void {
    this.#transmitter.bodyBytes = bodyBytes;
    this.#delivery.onSession(epoch, next);
    this.#flush();
  }

  onConnected(rung: Rung): void {
    this.#onHold = false;
    this.#flush();
    if (rung === 'ws') this.#delivery.retryStalled();
  }

  onLogEvent(): void {
    this.#acknowledger.onEvent();
  }

  onHeartbeat(heartbeatMs: number): void {
    this.#acknowledger.onHeartbeat(heartbeatMs);
  }

  acknowledgeNow(): void {
    this.#acknowledger.acknowledgeNow();
  }

  /** Ends the way up. @param refusal why, if the server has refused the client */
  stop(refusal?: Refusal): void {
    if (refusal) this.#finalResult = { sent: false, refusal };
    this.#stopped = true;
    this.#acknowledger.stop();
    this.#delivery.stop(this.#finalResult);
    for (const input of this.#backlog.clear()) if ('item' in input) input.settle(this.#finalResult);
  }

  /** Flushes at the end of the current task, so that input that is sent together shares a POST. */
  #scheduleFlush(): void {
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#onHold || this.#stopped) return;
    while (!this.#backlog.isEmpty && this.#delivery.hasRoom) {
      this.#delivery.deliver(this.#backlog.takeBatch(Math.min(MAX_BODY_BYTES, this.#transmitter.bodyBytes)));
    }
  }
}
