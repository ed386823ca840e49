import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createClient } from '../../src/client/index.ts';
import { afterTest, waitFor } from '../http/test-server.ts';

const EPOCH = 'epoch-number-one-';
const SESSION = {
  epoch: EPOCH,
  user_id: 'me',
  session_id: 'default',
  client: 'a',
  next: 1,
  head: 0,
  agent: 'nobody',
  model: 'none',
  modality: 'TEXT',
  manual_activity: false,
  input_rate: 16_000,
  output_rate: 24_000,
  limits: { body_bytes: 4_194_304, window: 16, linger_ms: 120_000, heartbeat_ms: 10_000 },
  server: 'nobody',
};
const OPENING = `id: ${EPOCH}.0\nevent: session\ndata: ${JSON.stringify(SESSION)}\n\nid: ${EPOCH}.0\nevent: hb\ndata: {"t":0,"next":1}\n\n`;

/** Starts a server that sends what ours never would. @param serve answers every request except the stream */
async function brokenServer(serve: (req: IncomingMessage, res: ServerResponse) => void) {
  const counts = { events: 0, sends: 0 };
  const server = createServer((req, res) => {
    req.resume();
    if (req.url?.startsWith('/events')) {
      counts.events += 1;
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(OPENING);
      return;
    }
    counts.sends += 1;
    serve(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const client = createClient({ url: `http://127.0.0.1:${port}`, userId: 'me', transport: 'sse' });
  afterTest(() => client.close());
  return { client, counts };
}

test.each(['{"toString":1}', '"7"', '1e999', '-1', '[]'])(
  'a POST counts as accepted even if its answer has %s in place of a number',
  async (value) => {
    const { client } = await brokenServer((_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      res.end(`{"status":"sent","next":${value},"written":${value}}`);
    });
    expect(await client.send('hello')).toEqual({ sent: true });
    expect(await client.send('and again')).toEqual({ sent: true });
    expect(client.state).toBe('open');
  },
);

test('POSTs that reach another server than the stream are repeated less and less often, and so is the stream', async () => {
  const { client, counts } = await brokenServer((_req, res) => {
    res.writeHead(409, { 'Content-Type': 'application/json' });
    const refusal = { error: 'of another', code: 'epoch_changed', retry: false, epoch: 'another-epoch-of-it', next: 1 };
    res.end(JSON.stringify(refusal));
  });
  void client.send('hello');
  await waitFor('a try', () => counts.sends > 1);
  await delay(3_000);
  // Delays double from 0.2 s, less the jitter. Without them there were hundreds of requests in a second.
  expect(counts.sends).toBeLessThan(40);
  expect(counts.events).toBeLessThan(40);
});

test('an answer without an end is given up, and the POST is sent again', async () => {
  let endless = 0;
  const { client, counts } = await brokenServer((_req, res) => {
    if (counts.sends > 1) {
      res.setHeader('Content-Type', 'application/json');
      res.end('{"status":"sent","next":2}');
      return;
    }
    res.writeHead(200, { 'Content-Type': 'application/json' });
    const more = () => {
      endless += 1;
      if (!res.destroyed) res.write(' '.repeat(65_536), () => setImmediate(more));
    };
    more();
  });
  expect(await client.send('hello')).toEqual({ sent: true });
  expect(counts.sends).toBe(2);
  // Some pieces are in flight when the client gives up.
  expect(endless).toBeLessThan(2_000);
});
