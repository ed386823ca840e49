import type { Duplex } from 'node:stream';
import type { WireError } from '../wire/wire-error.ts';
import type { BodyBudget, BodySender, PendingBody } from './body-budget.ts';
import { CHUNK_BYTES } from './received-bytes.ts';
import type { ServedSocket } from './served-socket.ts';

/** Bytes of a ping or pong of a client beside its payload: its header and its mask. @see RFC 6455, section 5.2 */
const CONTROL_FRAME_BYTES = 6;
/** Close code of a connection whose message does not arrive in time. @see RFC 6455, section 7.4.1 */
const POLICY_VIOLATION = 1008;

/** Counts what has arrived of an incomplete message of one WebSocket among the pending bodies of all requests. */
export class FrameLimiter {
  readonly #socket: ServedSocket;
  readonly #bodies: BodyBudget;
  /** The message that has begun to arrive: one object for all messages of the WebSocket, because speech is fifty of them a second. */
  readonly #message: PendingMessage;
  #isPending = false;

  constructor(socket: ServedSocket, bodies: BodyBudget, sender: BodySender) {
    this.#socket = socket;
    this.#bodies = bodies;
    this.#message = new PendingMessage(socket, sender, () => this.#endMessage());
  }

  /** @param connection what the WebSocket runs on */
  start(connection: Duplex): void {
    // Listen before `ws` does: the frames that it then completes end what this listener begins.
    connection.prependListener('data', (chunk: Buffer) => this.#receiveChunk(chunk));
    for (const control of ['ping', 'pong'] as const) this.#socket.on(control, (data) => this.#passControl(data));
    for (const event of ['message', 'close'] as const) this.#socket.on(event, () => this.#endMessage());
  }

  #receiveChunk(chunk: Buffer): void {
    const message = this.#message;
    if (!this.#isPending) this.#beginMessage();
    else message.lastChunkAt = Date.now();
    message.received += chunk.length;
    // `ws` keeps the chunks as they are until the message is complete.
    this.#bodies.hold(message, message.bytes + chunk.length + CHUNK_BYTES);
  }

  /** A control frame may come between the fragments of a message, which it does not end. */
  #passControl({ length }: Buffer): void {
    if (!this.#isPending) return;
    this.#message.controls += CONTROL_FRAME_BYTES + length;
    if (this.#message.controls >= this.#message.received) this.#endMessage();
  }

  #beginMessage(): void {
    this.#isPending = true;
    this.#message.begin();
    this.#bodies.add(this.#message);
  }

  #endMessage(): void {
    if (this.#isPending) this.#bodies.remove(this.#message);
    this.#isPending = false;
  }
}

/** What has arrived since the last complete message. */
class PendingMessage implements PendingBody {
  readonly sender: BodySender;
  readonly endless = false;
  startedAt = 0;
  lastChunkAt = 0;
  bytes = 0;
  /** Number of bytes that have arrived, and how many of them were control frames. */
  received = 0;
  controls = 0;
  readonly #socket: ServedSocket;
  readonly #onFailed: () => void;

  constructor(socket: ServedSocket, sender: BodySender, onFailed: () => void) {
    this.#socket = socket;
    this.sender = sender;
    this.#onFailed = onFailed;
  }

  /** Forgets the message before. */
  begin(): void {
    this.startedAt = Date.now();
    this.lastChunkAt = this.startedAt;
    this.bytes = 0;
    this.received = 0;
    this.controls = 0;
  }

  get isPaused(): boolean {
    return this.#socket.isPaused;
  }

  fail(error: WireError): void {
    this.#onFailed();
    if (error.code === 'body_timeout') {
      this.#socket.fail(POLICY_VIOLATION, error);
      // The rest of the message must not arrive after all.
      this.#socket.pause();
    } else {
      // The memory is needed now.
      this.#socket.terminate();
    }
  }
}
