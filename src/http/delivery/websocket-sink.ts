import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { OutputBuffer } from '../../memory/output-buffer.ts';
import type { MemoryBudget } from '../../session/memory-budget.ts';
import type { Frame } from '../../wire/dialects/dialect.ts';
import { openEventObject } from '../../wire/framing/event-object.ts';
import { encodeTextFrameHeader } from '../../wire/framing/websocket-frame.ts';
import type { IdentifiedFrame } from './frame-encoder.ts';
import type { ControlFrame, Sink } from './push-reader.ts';
import { WaitingOutput } from './waiting-output.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;

/** Form of the messages on a WebSocket. */
export interface SocketFormat {
  /** @returns what is before and after the data of an event; `undefined` if events of this kind are not sent */
  wrap(id: string | undefined, event: string | undefined): readonly [before: string, after: string] | undefined;
  /** Whether `session` is sent when the connection opens. A page of AgentScope gets it later, as the answer to `client_session_create`. */
  readonly sendsSession: boolean;
}

/** Each event as an object with its id, name and data, for a client that acknowledges and resumes. */
export const EVENT_OBJECTS: SocketFormat = {
  wrap: (id, event) => [openEventObject(id, event), '}'],
  sendsSession: true,
};
const NOTHING_AROUND = ['', ''] as const;
/** The data of each unnamed event, as the pages of others expect it. */
export const BARE_MESSAGES: SocketFormat = {
  wrap: (_id, event) => (event === undefined ? NOTHING_AROUND : undefined),
  sendsSession: false,
};

/** Text of one message, and the pieces of its WebSocket frame in latin1 if the text is ASCII. */
interface SocketMessage {
  readonly text: string;
  readonly pieces: readonly string[] | undefined;
}

/** Memory in which the frames of all WebSockets are made. A longer frame is written as a string. */
const output = new OutputBuffer(64 * 1024);
/** Length of the longest text that fits into it with its header, which has ten bytes at most. */
const MAX_TEXT = output.size - 10;

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
  /** Whether the connection is one of Node. Any other stream, which an app gave to its HTTP server, may keep what it has accepted. */
  readonly #isSocket: boolean;
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
    this.#isSocket = connection instanceof Socket;
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
    const message = encodeMessage(this.#format, id, frame);
    if (message) this.#send(message);
  }

  #send({ text, pieces }: SocketMessage): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // Each frame of `ws` is two buffers and two writes.
    if (!pieces) this.#socket.send(text);
    else this.#writePieces(pieces, text.length);
    if (!this.#connection.writableNeedDrain) return;
    this.#isBlocked = true;
    if (!this.#waiting.onBlocked(this.#connection.writableLength)) this.destroy();
  }

  /** @param length number of characters of the text */
  #writePieces(pieces: readonly string[], length: number): void {
    const connection = this.#connection;
    const isWaiting = connection.writableLength > 0 || connection.writableCorked > 0;
    if (isWaiting || length > MAX_TEXT || !this.#isSocket) connection.write(pieces.join(''), 'latin1');
    else output.send(connection, 0, output.writeAscii(pieces, 0));
  }
}

function encodeMessages(format: SocketFormat, frames: readonly IdentifiedFrame[]): SocketMessage[] {
  const messages: SocketMessage[] = [];
  for (const frame of frames) {
    const message = encodeMessage(format, frame.id, frame);
    if (message) messages.push(message);
  }
  return messages;
}

function encodeMessage(
  format: SocketFormat,
  id: string | undefined,
  { event, data, pieces }: Frame,
): SocketMessage | undefined {
  const around = format.wrap(id, event);
  if (!around) return undefined;
  const [before, after] = around;
  const text = before + data + after;
  const header = encodeTextFrameHeader(text.length);
  if (pieces) return { text, pieces: [header, before, ...pieces, after] };
  // The text is not measured by itself: that would make a copy of it, and the write another one of the frame.
  const frame = header + text;
  const isAscii = Buffer.byteLength(frame) === Buffer.byteLength(header) + text.length;
  return { text, pieces: isAscii ? [frame] : undefined };
}
