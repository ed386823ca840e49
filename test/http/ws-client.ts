import { type ClientOptions, WebSocket } from 'ws';
import { ReceivedEvents } from './received-events.ts';
import { afterTest, type TestServer } from './test-server.ts';

/** What a frame is answered. */
export interface FrameAnswer {
  readonly cseq?: number;
  readonly status?: 'sent' | 'held';
  readonly next?: number;
  readonly code?: string;
  readonly error?: string;
  readonly retry?: boolean;
  readonly hint?: string;
  readonly epoch?: string;
}

/** One WebSocket of a named client: keeps everything that comes. */
export class WsClient extends ReceivedEvents {
  /** All frames so far, answers too, as they came. */
  readonly frames: Record<string, unknown>[] = [];
  readonly answers: FrameAnswer[] = [];
  /** How it ended. */
  code: number | undefined;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      const text = isBinary ? '{"event":"binary"}' : data.toString();
      this.text += `${text}\n`;
      const frame = JSON.parse(text);
      this.frames.push(frame);
      if (frame.event === 'answer') this.answers.push(frame.data);
      else this.events.push({ id: frame.id, event: frame.event, data: frame.data });
      this.wake();
    });
    socket.on('close', (code) => {
      this.code = code;
      this.ended = true;
      this.wake();
    });
    // A cut connection: `close` follows.
    socket.on('error', () => {});
  }

  /** The id to come back with: that of the last event. */
  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  /** An object as JSON; a string or bytes as they are. */
  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Sends a frame, and waits for an answer. One with a number has an `ack` of nothing, unless it says another. */
  async ask(frame: unknown): Promise<FrameAnswer> {
    const numbered = typeof frame === 'object' && frame !== null && 'cseq' in frame;
    const { epoch } = await this.untilNamed('session');
    const { length } = this.answers;
    this.send(numbered ? { ack: `${epoch}.0`, ...frame } : frame);
    return this.until('an answer', () => this.answers[length]);
  }

  /** Cuts the connection, as a network does. */
  close(): void {
    this.socket.terminate();
  }
}

/** Opens a WebSocket; it is closed after the test. @throws if it is refused */
export function openSocket(
  { port }: Pick<TestServer, 'port'>,
  path = '/ws/me?client=a',
  options: ClientOptions = {},
): Promise<WsClient> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    const client = new WsClient(socket);
    afterTest(() => client.close());
    socket.on('open', () => resolve(client));
    socket.on('error', reject);
  });
}

/** What a client says to begin, with `node:http`, which gives back a refusal as it gives any answer. */
export const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};
