import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionHandle } from '../../session/session-handle.ts';
import { toSizedRequest } from '../../wire/byte-size.ts';
import { createBlobRequest } from '../../wire/dialects/plain-items.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { BodyBudget, BodySender } from '../body-budget.ts';
import { BodyReceiver, type ChunkReceiver } from '../body-receiver.ts';
import { ReceivedBytes } from '../received-bytes.ts';

/** Interval at which a waiting sender checks whether the request queue has room, in ms. */
export const ROOM_CHECK_MS = 50;
/** Smallest piece that is sent to the model at once, in bytes: 20 ms at 16 kHz. Smaller ones wait for more. */
export const MIN_PIECE_BYTES = 640;
/** Maximum wait of a smaller piece, in ms. */
export const MAX_WAIT_MS = 20;
/** Bytes that wait for the model from which the upload is not read any more. */
const MAX_WAITING_BYTES = 64 * 1024;

export interface AudioUploadOptions {
  readonly sender: BodySender;
  /** Time at which the sender's credentials expire, in ms since 1970. */
  readonly expiresAt: number;
  readonly bodies: BodyBudget;
}

/** PCM that arrives in one request of unknown length. It goes to the model as it arrives, in pieces of 20 ms or more. */
export class AudioUpload implements ChunkReceiver {
  readonly #session: SessionHandle;
  readonly #contentType: string;
  readonly #expiresAt: number;
  readonly #receiver: BodyReceiver;
  /** Bytes that are not sent yet; one byte if a sample is incomplete. */
  readonly #waiting = new ReceivedBytes();
  /** Number of bytes received. */
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  /** Why a piece was refused. */
  #refusal: unknown;
  /** Resolves when everything is sent that waited at the latest call of `#send`. Never rejects. */
  #sent: Promise<void> = Promise.resolve();

  constructor(
    req: IncomingMessage,
    session: SessionHandle,
    contentType: string,
    { sender, expiresAt, bodies }: AudioUploadOptions,
  ) {
    this.#session = session;
    this.#contentType = contentType;
    this.#expiresAt = expiresAt;
    this.#receiver = new BodyReceiver(req, this, { budget: bodies, sender, endless: true });
  }

  /**
   * Receives the body to its end.
   * @returns the number of bytes received
   * @throws {WireError} empty_body, odd_pcm_length, unauthorized, the refusal of a piece, and what `BodyReceiver.receive` throws
   */
  async receive(): Promise<number> {
    try {
      await this.#receiver.receive();
    } finally {
      await this.#finish();
    }
    // The last piece was refused when all had been received.
    if (this.#refusal) throw this.#refusal;
    if (this.#bytes === 0) throw new WireError('empty_body');
    if (this.#waiting.length > 0) {
      throw new WireError(
        'odd_pcm_length',
        'The audio ended in the middle of a sample; all samples before it were used',
      );
    }
    return this.#bytes;
  }

  /** @throws {WireError} unauthorized */
  onChunk(chunk: Buffer): void {
    if (Date.now() >= this.#expiresAt) {
      throw new WireError('unauthorized', 'The token has expired; all samples before this time were used');
    }
    this.#bytes += chunk.length;
    this.#waiting.append(chunk);
    this.#receiver.hold(this.#waiting.memory);
    if (this.#isSending) {
      if (this.#waiting.length > MAX_WAITING_BYTES) this.#receiver.pause();
    } else if (this.#waiting.length >= MIN_PIECE_BYTES) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), MAX_WAIT_MS).unref();
  }

  async #finish(): Promise<void> {
    await this.#sent;
    this.#send();
    await this.#sent;
    // The model detects the end of speech by silence, and no silence follows.
    if (this.#bytes > 0 && !this.#session.over) await this.#post({ audio_stream_end: true });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isSending || this.#waiting.length < 2) return;
    this.#isSending = true;
    this.#sent = this.#sendWaiting()
      .catch((error) => {
        this.#refusal ??= error;
        this.#receiver.fail(error);
      })
      .finally(() => {
        this.#isSending = false;
      });
  }

  /** Sends whatever waits, when the request queue has room for it. */
  async #sendWaiting(): Promise<void> {
    while (this.#waiting.length > 1) {
      if (this.#isCongested()) await this.#waitForRoom();
      const bytes = this.#waiting.take();
      const whole = bytes.length & ~1;
      if (whole < bytes.length) this.#waiting.append(Buffer.from(bytes.subarray(whole)));
      this.#receiver.hold(this.#waiting.memory);
      if (this.#receiver.isPaused) this.#receiver.resume();
      await this.#post(createBlobRequest(this.#contentType, bytes.toString('base64', 0, whole)));
    }
  }

  #isCongested(): boolean {
    return this.#session.congested && !this.#session.over;
  }

  async #waitForRoom(): Promise<void> {
    this.#receiver.pause();
    while (this.#isCongested()) await delay(ROOM_CHECK_MS);
  }

  async #post(request: LiveRequest): Promise<void> {
    const answer = await this.#session.post({ body: { requests: [toSizedRequest(request)] }, paced: true });
    if ('refusal' in answer) throw WireError.fromBody(answer.refusal);
  }
}
