import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { until } from '../until.ts';

/** A client frame, typed as loosely as scripts read it. */
// biome-ignore lint/suspicious/noExplicitAny: frames are compared with literals, never computed with
export type Frame = any;

export interface ScriptedGeminiOptions {
  /** HTTP status with which every upgrade is refused. Default: upgrades succeed. */
  refuse?: number;
  /** Called with each setup; `index` counts connections from 0. Default: answers `setupComplete`. */
  onSetup?: (connection: ScriptedConnection, index: number) => void;
  /** Called with each frame after the setup. */
  onFrame?: (connection: ScriptedConnection, frame: Frame, index: number) => void;
  /** Called when a socket is open, before its setup comes. */
  onOpen?: (connection: ScriptedConnection) => void;
}

/** A WebSocket server that sends what a test tells it to, for cases in which the emulator is too well-behaved. */
export interface ScriptedGemini {
  readonly url: string;
  /** All connections so far, closed ones included. */
  readonly connections: readonly ScriptedConnection[];
  /** Number of open connections. */
  readonly open: number;
  /** The connection with that index, as soon as its setup has come. */
  connection(index: number): Promise<ScriptedConnection>;
  close(): Promise<void>;
}

/** The server's end of one connection. */
export class ScriptedConnection {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Texts of all client frames, the setup first. */
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, path: string, headers: IncomingHttpHeaders) {
    this.#socket = socket;
    this.path = path;
    this.headers = headers;
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => {});
  }

  get frames(): Frame[] {
    return this.texts.map((text) => JSON.parse(text));
  }

  get setup(): Frame {
    const [text] = this.texts;
    return text === undefined ? undefined : JSON.parse(text).setup;
  }

  /** Sends an object as JSON, and a string or bytes unchanged. */
  send(frame: object | string): void {
    this.#socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  completeSetup(): void {
    this.send({ setupComplete: {} });
  }

  /** Sends a piece of a reply. */
  say(text: string): void {
    this.send({ serverContent: { modelTurn: { parts: [{ text }] } } });
  }

  /** Sends a part of the transcript of speech. A text beside speech is a thought, and no reader is sent it. */
  transcribe(text: string): void {
    this.send({ serverContent: { outputTranscription: { text } } });
  }

  completeTurn(): void {
    this.send({ serverContent: { turnComplete: true } });
  }

  closeWith(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** Ends the connection without a closing handshake, as a network failure does. */
  drop(): void {
    this.#socket.terminate();
  }

  /** Stops to read, so that not even a close is answered. */
  freeze(): void {
    this.#socket.pause();
  }

  /** Waits for the first frame after the setup that has this field, and returns it. */
  received(field: string): Promise<Frame> {
    let read = 1;
    return until(() => {
      for (; read < this.texts.length; read += 1) {
        const frame = JSON.parse(this.texts[read] ?? '');
        if (field in frame) return frame;
      }
      return undefined;
    });
  }
}

export async function startScriptedGemini(options: ScriptedGeminiOptions = {}): Promise<ScriptedGemini> {
  const { refuse, onSetup = (connection) => connection.completeSetup(), onFrame, onOpen } = options;
  const connections: ScriptedConnection[] = [];
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new ScriptedConnection(webSocket, request.url ?? '', request.headers);
      const index = connections.push(connection) - 1;
      webSocket.on('message', (data) => {
        connection.texts.push(data.toString());
        if (connection.texts.length === 1) onSetup(connection, index);
        else onFrame?.(connection, JSON.parse(data.toString()), index);
      });
      onOpen?.(connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    get open() {
      return sockets.clients.size;
    },
    connection: (index) => until(() => connections[index]?.setup && connections[index]),
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
