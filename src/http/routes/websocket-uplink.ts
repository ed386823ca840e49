import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { RepeatedJson } from '../../json/repeated-json.ts';
import type { AcceptedPost, ClientPost, PostAnswer, SessionHandle } from '../../session/session-handle.ts';
import type { Dialect } from '../../wire/dialects/dialect.ts';
import { type ErrorBody, WireError } from '../../wire/wire-error.ts';
import { decodeRaw, parseJson } from '../decode-body.ts';
import type { FrameMeter } from '../limits/address-limits.ts';
import { ReceivedBytes } from '../received-bytes.ts';
import { MAX_WAIT_MS, MIN_PIECE_BYTES, ROOM_CHECK_MS } from './audio-upload.ts';
import { BareMessages, createsSession } from './bare-messages.ts';
import { decodeJsonPost } from './send.ts';

export interface WebSocketUplinkOptions {
  readonly session: SessionHandle;
  /** Who sends: a client, whose envelopes must name it, or a page that sends no envelopes. */
  readonly sender: { readonly client: string; readonly dialect: Dialect } | BareMessages;
  /** Counts the frames, except those of audio, which are limited by its duration. */
  readonly frames: FrameMeter;
  /** Whether the server is shutting down: it finishes the replies in progress and refuses new requests. */
  readonly draining: () => boolean;
  /** Called with an error that is not the client's fault. */
  readonly onBug: (error: unknown) => void;
  /** Sends the answer to a frame. */
  readonly answer: (answer: FrameAnswer) => void;
}

/** Answer to a frame: what became of an envelope, or a refusal. */
export type FrameAnswer = { readonly cseq: number | undefined } & (AcceptedPost | ErrorBody);

/** Smallest binary frame that is not counted as a request, in bytes: 2 ms. Browsers record 8 ms at a time, or more. */
const MIN_AUDIO_BYTES = 64;
/** Maximum number of bytes that wait for the client to read them. Above it no more frames are read, because answers are among them. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/**
 * Receives the frames of a WebSocket: a text frame is the JSON body of a `POST /send`, a binary frame is 16 kHz PCM. A frame that is refused
 * is answered with its error and does not end the connection.
 */
export class WebSocketUplink {
  readonly #socket: WebSocket;
  readonly #options: WebSocketUplinkOptions;
  readonly #sessionId: string;
  readonly #json = new RepeatedJson(parseJson);
  #paused = false;
  /** Samples of tiny binary frames, which go to the model together. */
  readonly #collected = new ReceivedBytes();
  #timer: NodeJS.Timeout | undefined;
  /**
   * Resolves when the latest frame is answered; `undefined` if it is. Answers keep the order of their frames: the answer to a bare item has no
   * number.
   */
  #answered: Promise<void> | undefined;

  constructor(socket: WebSocket, options: WebSocketUplinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#sessionId = options.session.info.sessionId;
  }

  /** Starts to receive. */
  start(): void {
    this.#socket.on('message', (data, isBinary) => {
      const frame = data as Buffer; // unless `binaryType` is set
      if (!isBinary || !hasAudio(frame)) this.#options.frames.charge();
      if (isBinary && this.#isTiny(frame)) this.#collect(frame);
      else {
        this.#sendCollected();
        this.#handleFrame(frame, isBinary);
      }
    });
    // `ws` has answered each ping with a pong, which the client may never read.
    for (const control of ['ping', 'pong'] as const) this.#socket.on(control, () => this.#countControl());
    this.#socket.on('close', () => this.#sendCollected());
  }

  #handleFrame(frame: Buffer, isBinary: boolean): void {
    const answer = this.#postFrame(frame, isBinary);
    if (answer instanceof Promise || this.#answered !== undefined) this.#answerInOrder(answer);
    else this.#sendAnswer(answer);
    this.#checkBackpressure();
  }

  #countControl(): void {
    this.#options.frames.charge();
    this.#checkBackpressure();
  }

  #checkBackpressure(): void {
    if (!this.#paused && this.#isBackpressured()) void this.#waitForDrain();
  }

  /** Whether a binary frame holds whole samples, but so few that they wait for more. */
  #isTiny({ length }: Buffer): boolean {
    return length > 0 && length % 2 === 0 && length + this.#collected.length < MIN_PIECE_BYTES;
  }

  #collect(frame: Buffer): void {
    this.#collected.append(frame);
    this.#timer ??= setTimeout(() => this.#sendCollected(), MAX_WAIT_MS).unref();
  }

  #sendCollected(): void {
    if (this.#collected.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#handleFrame(this.#collected.take(), true);
  }

  /** Sends an answer once the frames before are answered. */
  #answerInOrder(answer: FrameAnswer | undefined | Promise<FrameAnswer | undefined>): void {
    const answered = Promise.all([answer, this.#answered]).then(([given]) => {
      if (this.#answered === answered) this.#answered = undefined;
      this.#sendAnswer(given);
    });
    this.#answered = answered;
  }

  #sendAnswer(answer: FrameAnswer | undefined): void {
    try {
      if (answer) this.#options.answer(answer);
    } catch (error) {
      // The frames after this one wait for its answer.
      this.#options.onBug(error);
    }
  }

  /** @returns the answer, if the frame has one: at once, if the session answers at once. The promise never rejects */
  #postFrame(frame: Buffer, isBinary: boolean): FrameAnswer | undefined | Promise<FrameAnswer | undefined> {
    let json: unknown;
    try {
      if (!isBinary) json = this.#json.parse(frame);
      const post = isBinary ? this.#decodeBinary(frame) : this.#decodeText(json);
      const answer = this.#options.session.post(post);
      return answer instanceof Promise ? this.#awaitAnswer(answer, post, json) : this.#toAnswer(answer, post, json);
    } catch (error) {
      return this.#toErrorAnswer(error, json);
    }
  }

  async #awaitAnswer(answer: Promise<PostAnswer>, post: ClientPost, json: unknown): Promise<FrameAnswer | undefined> {
    try {
      return this.#toAnswer(await answer, post, json);
    } catch (error) {
      return this.#toErrorAnswer(error, json);
    }
  }

  #toAnswer(answer: PostAnswer, post: ClientPost, json: unknown): FrameAnswer | undefined {
    if ('refusal' in answer) return { cseq: readNumber(json), ...answer.refusal };
    // A bare item that is accepted has no answer, unless it creates the session of the page.
    if (post.envelope) return { cseq: post.envelope.cseq, ...answer };
    return this.#options.sender instanceof BareMessages && createsSession(post.body)
      ? { cseq: undefined, ...answer }
      : undefined;
  }

  #toErrorAnswer(error: unknown, json: unknown): FrameAnswer {
    if (!(error instanceof WireError)) this.#options.onBug(error);
    const wireError = error instanceof WireError ? error : new WireError('internal');
    return { cseq: readNumber(json), ...wireError.body() };
  }

  /** @throws {WireError} draining */
  #decodeBinary(frame: Buffer): ClientPost {
    const { draining, sender } = this.#options;
    if (draining()) throw new WireError('draining');
    if (sender instanceof BareMessages) sender.onBinary();
    return { body: decodeRaw(frame, 'audio/pcm', 'audio/pcm'), paced: true };
  }

  /** @throws {WireError} malformed_envelope, draining */
  #decodeText(json: unknown): ClientPost {
    const { sender, draining } = this.#options;
    if (sender instanceof BareMessages) {
      if (draining()) throw new WireError('draining');
      return { body: sender.decode(json), paced: true };
    }
    const post = decodeJsonPost(json, { dialect: sender.dialect, sessionId: this.#sessionId }, draining());
    if (post.envelope && post.envelope.client !== sender.client) {
      throw new WireError('malformed_envelope', 'client must be the client of the query');
    }
    return { ...post, paced: true };
  }

  #isBackpressured(): boolean {
    const { session, frames } = this.#options;
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (session.congested && !session.over) return true;
    return frames.isExhausted || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES;
  }

  /** Stops to read until there is room. TCP flow control makes the client wait. */
  async #waitForDrain(): Promise<void> {
    this.#paused = true;
    this.#socket.pause();
    while (this.#isBackpressured()) await delay(ROOM_CHECK_MS);
    this.#paused = false;
    this.#socket.resume();
  }
}

/** Whether a binary frame is limited by the audio that it contains: others cost more than their audio. */
function hasAudio({ length }: Buffer): boolean {
  return length >= MIN_AUDIO_BYTES && length % 2 === 0;
}

/** Returns the number of a refused frame, if it has a valid one. */
function readNumber(json: unknown): number | undefined {
  if (typeof json !== 'object' || json === null || !('cseq' in json)) return undefined;
  const { cseq } = json;
  return typeof cseq === 'number' && Number.isSafeInteger(cseq) && cseq >= 1 ? cseq : undefined;
}
