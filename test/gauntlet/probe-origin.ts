import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import type { Socket } from '../../src/client/socket-transport.ts';
import type { Way } from './profile.ts';

/** A server that says what it is told to, when it is told to: to see what a network makes of it. */
export interface ProbeOrigin {
  readonly port: number;
  /** POSTs that have reached it. */
  readonly posts: number;
  /** Asks for a stream through a network. @param headers which the answer is to have, beside its type */
  stream(way: Way, headers?: Record<string, string>): Promise<ProbeStream>;
}

export interface ProbeStream {
  /** As they came to the server. */
  readonly requestHeaders: IncomingHttpHeaders;
  /** Says something. */
  write(text: string): void;
  end(): void;
  /** Whether that has come to the client, within `ms`. */
  arrives(text: string, ms: number): Promise<boolean>;
  /** Once it is over for the client. */
  readonly over: Promise<void>;
  /** Of the answer, as far as it has come. */
  readonly headers: Headers | undefined;
}

/** On a stream that has it in its answer, no chunks: the body ends with the connection. */
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

/** Whether a WebSocket comes through, both ways. */
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
