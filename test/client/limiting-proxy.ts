import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WireError } from '../../src/wire/wire-error.ts';
import { afterTest } from '../http/test-server.ts';

/**
 * Starts a proxy in front of a server that refuses requests and WebSocket handshakes as the server's own limits do.
 * @param refuse returns the error of a request, or `undefined` to pass it on; `body`: the body of the request, empty for a handshake
 * @returns the address of the proxy
 */
export async function limitingProxy(
  { port }: { readonly port: number },
  refuse: (request: IncomingMessage, body: string) => WireError | undefined,
): Promise<string> {
  const proxy = createServer(async (request, response) => {
    request.on('error', () => response.destroy());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const error = refuse(request, body.toString());
    if (error) {
      response.writeHead(error.status, refusalHeaders(error)).end(JSON.stringify(error.body()));
      return;
    }
    const { method, url: path, headers } = request;
    const onward = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
    response.on('close', () => onward.destroy());
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => {
      answer.on('error', () => response.destroy());
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.end(body);
  });
  const sockets = new Set<Duplex>();
  proxy.on('upgrade', (request: IncomingMessage, client: Duplex) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    const error = refuse(request, '');
    if (error) {
      const head = Object.entries(refusalHeaders(error)).map(([name, value]) => `${name}: ${value}\r\n`);
      client.end(`HTTP/1.1 ${error.status} Refused\r\nConnection: close\r\n${head.join('')}\r\n`);
      return;
    }
    const server = connect(port, '127.0.0.1');
    sockets.add(server);
    server.on('error', () => client.destroy());
    const head = request.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    server.write(`GET ${request.url} HTTP/1.1\r\n${head.join('')}\r\n`);
    client.pipe(server).pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  afterTest(() => {
    proxy.closeAllConnections();
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`; // a TCP server that listens has one
}

/** `Retry-After` has whole seconds, so it may ask for a longer wait than `retry_after_ms`. */
function refusalHeaders({ details: { retry_after_ms = 0 } }: WireError): Record<string, string> {
  return { 'Content-Type': 'application/json', 'Retry-After': String(Math.ceil(retry_after_ms / 1_000)) };
}
