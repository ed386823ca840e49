import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { encodeEventObject } from '../wire/event-object.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { entryEncoder } from './entry-encoder.ts';
import type { Sink } from './log-reader.ts';

/** RFC 6455 section 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const TEXT = { binary: false };

/** As bytes: `ws` would count those of a string, and Node set three times as many aside for it. */
const encodeEntry = entryEncoder<readonly Buffer[]>((frames) =>
  frames.map(({ id, event, data }) => Buffer.from(encodeEventObject(id, event, data))),
);

/** A WebSocket, for a reader of the log to write to: each event is one text frame. */
export class SocketSink implements Sink<readonly Buffer[]> {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly encode = encodeEntry;
  #blockedSince = 0;

  /** @param connection that the WebSocket runs on: it alone says when it takes no more */
  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket;
    this.#connection = connection;
  }

  get blockedSince(): number {
    // What is written to one that is closing is lost, and the reader would have passed it by.
    if (this.#socket.readyState !== WebSocket.OPEN) this.#block();
    return this.#blockedSince;
  }

  onRoom(resume: () => void): void {
    this.#connection.on('drain', () => {
      this.#blockedSince = 0;
      resume();
    });
  }

  write(frames: readonly Buffer[]): void {
    for (const frame of frames) this.#send(frame);
  }

  tell(id: string | undefined, event: keyof ConnectionEvents, data: ConnectionEvents[keyof ConnectionEvents]): void {
    this.#send(encodeEventObject(id, event, JSON.stringify(data)));
  }

  /** What came up is told how it went: that is no event, and has no id. */
  answer(data: object): void {
    this.#send(encodeEventObject(undefined, 'answer', JSON.stringify(data)));
  }

  end(goingAway: boolean): void {
    this.#socket.close(goingAway ? GOING_AWAY : NORMAL);
  }

  cut(): void {
    this.#socket.terminate();
  }

  #send(frame: Buffer | string): void {
    this.#socket.send(frame, TEXT);
    if (this.#connection.writableNeedDrain) this.#block();
  }

  #block(): void {
    if (this.#blockedSince === 0) this.#blockedSince = Date.now();
  }
}
