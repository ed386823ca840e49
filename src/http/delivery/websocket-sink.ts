import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { MemoryBudget } from '../../session/memory-budget.ts';
import type { Frame } from '../../wire/dialects/dialect.ts';
import { encodeEventObject } from '../../wire/framing/event-object.ts';
import { encodeTextFrameHeader } from '../../wire/framing/websocket-frame.ts';
import type { IdentifiedFrame } from './frame-encoder.ts';
import type { ControlFrame, Sink } from './push-reader.ts';
import { WaitingOutput } from './waiting-output.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;

/** Form of the messages on a WebSocket. */
export interface SocketFormat {
  /** @returns the message for an event; `undefined` if events of this kind are not sent */
  encode(id: string | undefined, frame: Frame): string | undefined;
  /** Whether `session` is sent when the connection opens. A page of AgentScope gets it later, as the answer to `client_session_create`. */
  readonly sendsSession: boolean;
}

/** Each event as an object with its id, name and data, for a client that acknowledges and resumes. */
export const EVENT_OBJECTS: SocketFormat = {
  encode: (id, { event, data }) => encodeEventObject(id, event, data),
  sendsSession: true,
};
/** The data of each unnamed event, as the pages of others expect it. */
export const BARE_MESSAGES: SocketFormat = {
  encode: (_id, { event, data }) => (event === undefined ? data : undefined),
  sendsSession: false,
};

/** Text of one message, and its WebSocket frame in latin1 if the text is ASCII. */
interface SocketMessage {
  readonly text: string;
  readonly frame: string | undefined;
}

/** The frames that were formatted last, and the result. All readers that are up to date write the same array, one after the other. */
interface Latest {
  readonly frames: readonly IdentifiedFrame[];
  readonly messages: readonly SocketMessage[];
}
const latest = new Map<SocketFormat, Latest>();

/** Writes events to a WebSocket: each event is one text frame. */
export class WebSocketSink implements Sink {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #format: SocketFormat;
  readonly #waiting: WaitingOutput;
  #isBlocked = false;
  #heardAt = performance.now();
  #bytesRead = 0;

  /**
   * @param connection the stream below the WebSocket: only this stream reports that it accepts no more data
   * @param format form of the messages
   * @param memory memory of the session, in which what waits for the client is counted. Once it is used up, a connection that accepts no more is destroyed
   */
  constructor(socket: WebSocket, connection: Duplex, format: SocketFormat, memory: MemoryBudget) {
    this.#socket = socket;
    this.#connection = connection;
    this.#format = format;
    this.#waiting = new WaitingOutput(memory);
    connection.on('close', () => this.#waiting.onClosed());
  }

  get isBlocked(): boolean {
    // A frame written to a closing WebSocket is lost, and the reader would have moved past it.
    return this.#isBlocked || this.#socket.readyState !== WebSocket.OPEN;
  }

  /** Everything that arrives counts, a part of a frame too. While this server does not read, the client cannot be heard and is not to blame. */
  get heardAt(): number {
    const { bytesRead } = this.#connection as Socket; // connections of an HTTP server are sockets
    if (bytesRead !== this.#bytesRead || this.#socket.isPaused) this.#heardAt = performance.now();
    this.#bytesRead = bytesRead;
    return this.#heardAt;
  }

  onDrain(resume: () => void): void {
    this.#connection.on('drain', () => {
      this.#isBlocked = false;
      this.#waiting.onDrained();
      resume();
    });
  }

  write(frames: readonly IdentifiedFrame[]): void {
    let last = latest.get(this.#format);
    if (last?.frames !== frames) {
      last = { frames, messages: encodeMessages(this.#format, frames) };
      latest.set(this.#format, last);
    }
    for (const message of last.messages) this.#send(message);
  }

  writeControl({ name, id, frames }: ControlFrame): void {
    // Every WebSocket client answers a ping by itself.
    if (name === 'hb') this.#socket.ping();
    if (name === 'session' && !this.#format.sendsSession) return;
    for (const frame of frames) this.#sendFrame(id, frame);
  }

  /** Answers something that the client sent. An answer is no event of the log and has no id. */
  writeAnswer(frame: Frame): void {
    this.#sendFrame(undefined, frame);
  }

  end(goingAway: boolean): void {
    this.#socket.close(goingAway ? GOING_AWAY : NORMAL);
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #sendFrame(id: string | undefined, frame: Frame): void {
    const message = this.#format.encode(id, frame);
    if (message !== undefined) this.#send(encodeMessage(message, frame.isAscii));
  }

  #send({ text, frame }: SocketMessage): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // Each frame of `ws` is two buffers and two writes. Node writes a string from its stack, without memory of its own.
    if (frame === undefined) this.#socket.send(text);
    else this.#connection.write(frame, 'latin1');
    if (!this.#connection.writableNeedDrain) return;
    this.#isBlocked = true;
    if (!this.#waiting.onBlocked(this.#connection.writableLength)) this.destroy();
  }
}

function encodeMessages(format: SocketFormat, frames: readonly IdentifiedFrame[]): SocketMessage[] {
  const messages: SocketMessage[] = [];
  for (const frame of frames) {
    const text = format.encode(frame.id, frame);
    if (text !== undefined) messages.push(encodeMessage(text, frame.isAscii));
  }
  return messages;
}

function encodeMessage(text: string, isAscii = false): SocketMessage {
  const header = encodeTextFrameHeader(text.length);
  const frame = header + text;
  if (isAscii) return { text, frame };
  // The text is not measured by itself: that would make a copy of it, and the write another one of the frame.
  const fits = Buffer.byteLength(frame) === Buffer.byteLength(header) + text.length;
  return { text, frame: fits ? frame : undefined };
}
