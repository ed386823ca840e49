import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { SseSink } from '../../../src/http/delivery/sse-sink.ts';
import { MemoryBudget } from '../../../src/session/memory-budget.ts';
import { waitFor } from '../test-server.ts';

const FRAMES = [
  { id: 'epochepochepoch1.1', data: '{"data":"ASCII"}' },
  { id: 'epochepochepoch1.2', event: 'usage', data: '{"data":"Größe 😀"}' },
];
const TEXT =
  'id: epochepochepoch1.1\ndata: {"data":"ASCII"}\n\n' +
  'id: epochepochepoch1.2\nevent: usage\ndata: {"data":"Größe 😀"}\n\n';

const LARGE = [{ id: 'epochepochepoch1.1', data: 'x'.repeat(100_000) }];

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Starts a server whose responses are each one sink with `FRAMES`, and then end. */
async function startServer(prepare: (res: ServerResponse) => void = () => undefined): Promise<number> {
  const server = createServer((_req, res) => {
    prepare(res);
    res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    res.flushHeaders();
    const sink = new SseSink(res, 'stream', new MemoryBudget(1_000_000));
    sink.write(FRAMES);
    sink.write(FRAMES.slice(0, 1));
    sink.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Sends these requests on one connection. @returns everything that came back until the server closed it */
async function exchangeRaw(port: number, requests: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(requests);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  return text;
}

const BODY = TEXT + TEXT.slice(0, TEXT.indexOf('id: epochepochepoch1.2'));

test('SseSink writes a chunked body that an HTTP client reads as the blocks of the frames', async () => {
  const port = await startServer();
  const response = await fetch(`http://127.0.0.1:${port}`);
  expect(await response.text()).toBe(BODY);
});

test('SseSink writes each call as one chunk, and its end as the last chunk, so that the connection can be reused', async () => {
  const port = await startServer();
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n';
  const text = await exchangeRaw(port, `${request}\r\n${request}Connection: close\r\n\r\n`);
  const bodies = text.split(/HTTP\/1\.1 200 OK\r\n(?:.+\r\n)+\r\n/).slice(1);
  const [first, second] = [TEXT, BODY.slice(TEXT.length)];
  const chunk = (part: string) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`;
  expect(bodies).toEqual(Array(2).fill(`${chunk(first)}${chunk(second)}0\r\n\r\n`));
});

test('SseSink writes no chunks to an HTTP/1.0 client', async () => {
  const port = await startServer();
  const text = await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n');
  expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(BODY);
});

test('SseSink gives a response whose write was replaced the blocks alone, and Node makes the chunks', async () => {
  const written: unknown[] = [];
  const port = await startServer((res) => {
    const write = res.write.bind(res);
    res.write = (chunk: unknown, ...rest: unknown[]) => {
      written.push(chunk);
      return Reflect.apply(write, res, [chunk, ...rest]);
    };
  });
  const response = await fetch(`http://127.0.0.1:${port}`);
  expect(await response.text()).toBe(BODY);
  expect(written.join('')).toBe(BODY);
});

/** Opens a stream whose client reads nothing, and writes to it until it accepts no more. */
async function fillStream(memory: MemoryBudget): Promise<{ res: ServerResponse; sink: SseSink }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  cleanups.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, res] = (await once(server, 'request')) as [unknown, ServerResponse];
  res.writeHead(200).flushHeaders();
  const sink = new SseSink(res, 'stream', memory);
  sink.onDrain(() => undefined);
  // The system accepts some megabytes, and one more each time for a while.
  for (let quiet = 0; quiet < 10; quiet += 1) {
    if (!sink.isBlocked) quiet = 0;
    while (!sink.isBlocked) sink.write(LARGE);
    await delay(5);
  }
  return { res, sink };
}

test('what waits for a client that reads nothing is counted in the memory of the process until the connection closes', async () => {
  const memory = new MemoryBudget(1_000_000_000);
  const { res } = await fillStream(memory);
  expect(memory.used).toBe(res.writableLength);
  expect(memory.used).toBeGreaterThan(LARGE[0]?.data.length ?? 0);
  res.destroy();
  await once(res, 'close');
  expect(memory.used).toBe(0);
});

test('a stream that accepts no more is destroyed if the memory of the process is used up', async () => {
  const memory = new MemoryBudget(1_000);
  const { res } = await fillStream(memory);
  expect(res.destroyed).toBe(true);
  await waitFor('the memory to be released', () => memory.used === 0);
});
