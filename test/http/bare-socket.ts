import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { afterTest, PATIENCE_MS, type TestServer } from './test-server.ts';

/** A WebSocket of a page that knows nothing of ids and numbers: each text frame is a message. */
export class BareSocket {
  /** All messages so far. */
  readonly messages: Record<string, unknown>[] = [];
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    socket.on('error', () => {});
  }

  /** An object as JSON; a string or bytes as they are. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Waits for a message, which may have come already. */
  async until(matches: (message: Record<string, unknown>) => boolean, from = 0): Promise<Record<string, unknown>> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = this.messages.slice(from).find(matches);
      if (found) return found;
      await once(this.socket, 'message', { signal });
    }
  }
}

/** Opens a WebSocket; it is closed after the test. */
export async function openBareSocket(
  { port }: TestServer,
  path: string,
  options: ClientOptions = {},
): Promise<BareSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
  const bare = new BareSocket(socket);
  afterTest(() => socket.terminate());
  await once(socket, 'open');
  return bare;
}
