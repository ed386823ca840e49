import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterTest } from './http/test-server.ts';

/** An HTTP proxy that opens tunnels. */
export interface ConnectProxy {
  readonly port: number;
  /** Each `CONNECT` so far: host and port, and the headers. */
  readonly tunnels: readonly { readonly target: string; readonly headers: IncomingHttpHeaders }[];
}

export interface ConnectProxyOptions {
  /** Name and password that the proxy requires, as `name:password`. Default: none. */
  readonly credentials?: string;
}

/** Starts a proxy on loopback that resolves every name to 127.0.0.1. It is closed after the test. */
export async function startConnectProxy({ credentials }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const tunnels: { target: string; headers: IncomingHttpHeaders }[] = [];
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((_req, res) => res.writeHead(502).end());
  server.on('connect', ({ url = '', headers }, client) => {
    tunnels.push({ target: url, headers });
    client.on('error', () => client.destroy());
    if (expected && headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    afterTest(() => {
      upstream.destroy();
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, tunnels }; // a TCP server that listens has an address
}
