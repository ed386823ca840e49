import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import type { Socket } from '../../src/client/socket-transport.ts';
import type { Way } from './profile.ts';

/** A server under the control of a test, which shows what a network does to its responses. */
export interface ProbeOrigin {
  readonly port: number;
  /** Number of POSTs that have reached the server. */
  readonly posts: number;
  /** Requests a stream through a network. @param headers headers of the response besides its type */
  stream(way: Way, headers?: Record<string, string>): Promise<ProbeStream>;
}

export interface ProbeStream {
  /** Request headers as they arrived at the server. */
  readonly requestHeaders: IncomingHttpHeaders;
  /** Writes data to the stream. */
  write(text: string): void;
  end(): void;
  /** Returns whether the data arrives at the client within `ms` milliseconds. */
  arrives(text: string, ms: number): Promise<boolean>;
  /** Resolves when the stream has ended for the client. */
  readonly over: Promise<void>;
  /** Response headers, once they have arrived. */
  readonly headers: Headers | undefined;
}

/** Response header that disables chunks: the body then ends with the connection. */
const UNCHUNKED = 'connection';

export async function startProbeOrigin(stack: AsyncDisposableStack): Promise<ProbeOrigin> {
  const asked = new Map<string, (request: { headers: IncomingHttpHeaders; response: ServerResponse }) => void>();
  let posts = 0;
  let streams = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST') posts += 1;
    const waiting = asked.get(request.url ?? '');
    if (waiting) waiting({ headers: request.headers, response });
    else response.end('ok');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return {
    port: (server.address() as AddressInfo).port, // a TCP server that listens has one
    get posts() {
      return posts;
    },
    async stream({ url, fetch: through = fetch }, headers = {}) {
      const path = `/stream/${++streams}`;
      const reached = new Promise<{ headers: IncomingHttpHeaders; response: ServerResponse }>((resolve) => {
        asked.set(path, resolve);
      });
      let received = '';
      let answer: Response | undefined;
      const read = async () => {
        answer = await through(url + path);
        const decoder = new TextDecoder();
        for await (const chunk of answer.body ?? []) received += decoder.decode(chunk, { stream: true });
      };
      const over = read().catch(() => undefined);
      const { headers: requestHeaders, response } = await reached;
      if (UNCHUNKED in headers) response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
      response.flushHeaders();
      return {
        requestHeaders,
        write: (text) => void response.write(`data: ${text}\n\n`),
        end: () => void response.end(),
        async arrives(text, ms) {
          const deadline = performance.now() + ms;
          while (!received.includes(`data: ${text}\n\n`) && performance.now() < deadline) await delay(1);
          return received.includes(`data: ${text}\n\n`);
        },
        over,
        get headers() {
          return answer?.headers;
        },
      };
    },
  };
}

/** Returns whether a WebSocket carries messages both ways. */
export function webSocketPasses({ url, WebSocket: Through = WebSocket }: Way): Promise<boolean> {
  const socket: Socket = new Through(`${url.replace('http', 'ws')}/`);
  return new Promise((resolve) => {
    socket.addEventListener('message', () => {
      socket.close();
      resolve(true);
    });
    socket.addEventListener('close', () => resolve(false));
  });
}
