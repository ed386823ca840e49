import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterTest } from './test-server.ts';

/**
 * Starts a proxy that does not notice when its client leaves, as http-proxy 1.18 does not on today's Node: it keeps its side of each request and
 * each WebSocket open, and reads whatever the server sends.
 * @returns URL of the proxy
 */
export async function startDeafProxy({ port }: { readonly port: number }): Promise<string> {
  const upstream = new Set<{ destroy(): void }>();
  const proxy = createServer((req, res) => {
    const { method = '', url = '', headers } = req;
    const forwarded = httpRequest({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      res.flushHeaders();
      // `pipe` would stop reading when the client has left.
      answer.on('data', (chunk) => res.write(chunk));
      answer.on('end', () => res.end());
      answer.on('error', () => res.destroy());
    });
    upstream.add(forwarded);
    forwarded.on('error', () => res.destroy());
    req.on('data', (chunk) => forwarded.write(chunk));
    req.on('end', () => forwarded.end());
    req.on('error', () => {});
    res.on('error', () => {});
  });
  proxy.on('upgrade', ({ url = '', rawHeaders }, client: Socket) => {
    const server = connect(port, '127.0.0.1');
    upstream.add(server);
    const lines = [`GET ${url} HTTP/1.1`];
    for (let index = 0; index < rawHeaders.length; index += 2)
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
    server.write(`${lines.join('\r\n')}\r\n\r\n`);
    server.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => server.write(chunk));
    client.on('error', () => {});
    server.on('error', () => client.destroy());
    server.on('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  afterTest(() => {
    for (const connection of upstream) connection.destroy();
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`; // a TCP server that listens has one
}
