import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterTest } from '../http/test-server.ts';

export interface CuttableProxy {
  /** Ends in a slash. */
  readonly url: string;
  /** GETs of the stream so far. */
  readonly streams: readonly string[];
  /** Destroys every connection, in the middle of whatever it is saying. */
  cut(): void;
  /** Answers everything with 502, as nginx does while a server restarts; or no longer. */
  setDown(down: boolean): void;
}

/** A reverse proxy in front of the server that fails when it is told to. */
export async function startProxy(target: string, prefix = '/'): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  const streams: string[] = [];
  let down = false;
  const server = createServer((incoming, outgoing) => {
    const path = withoutPrefix(incoming, prefix);
    if (down || path === undefined) {
      outgoing.writeHead(down ? 502 : 404, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
      return;
    }
    if (path.startsWith('/events/')) streams.push(path);
    const onward = request(new URL(path, target), { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    streams,
    cut,
    setDown(next) {
      down = next;
    },
  };
}

function withoutPrefix({ url = '/' }: IncomingMessage, prefix: string): string | undefined {
  return url.startsWith(prefix) ? `/${url.slice(prefix.length)}` : undefined;
}
