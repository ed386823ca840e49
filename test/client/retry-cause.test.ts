import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createClient, type Retry, type Transport } from '../../src/client/index.ts';
import { freePort } from '../free-port.ts';
import { afterTest } from '../http/test-server.ts';

/** First retry of a client at this address. */
function firstRetry(port: number, transport: Transport): Promise<Retry> {
  const client = createClient({ url: `http://127.0.0.1:${port}`, userId: 'me', transport });
  afterTest(() => client.close());
  return new Promise((resolve) => client.on('retry', resolve));
}

async function listen(serve: RequestListener): Promise<number> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // a TCP server that listens has one
}

test.each(['sse', 'poll'] as const)(
  'a retry (%s) names the content type if a web page answers in place of the server',
  async (transport) => {
    const port = await listen((_req, res) => res.setHeader('Content-Type', 'text/html').end('<h1>Log in</h1>'));
    expect((await firstRetry(port, transport)).cause).toMatch(
      /^The answer is "text\/html", not .+: is this the address/,
    );
  },
);

test.each(['sse', 'poll'] as const)(
  'a retry (%s) names the error of the system if nothing listens at the address',
  async (transport) => {
    expect((await firstRetry(await freePort(), transport)).cause).toContain('ECONNREFUSED');
  },
);
