import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { exchange, rawConnection, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, temporaryDirectory, waitFor } from './test-server.ts';

const MEGABYTE = 1024 * 1024;

describe('requests that arrive together on one connection', () => {
  test('are served one after the other, and answered in their order', async () => {
    const server = await startTestServer();
    const socket = await rawConnection(server);
    const read = readAll(socket);
    socket.write(`${get('/poll/me?wait=0')}${get('/healthz')}${get('/static/none')}${get('/')}${get('/nowhere')}`);
    await waitFor('the last answer', () => read().includes('There is nothing at /nowhere'));
    expect(read().match(/HTTP\/1.1 \d+/g)).toEqual([200, 200, 404, 200, 404].map((status) => `HTTP/1.1 ${status}`));
  });

  test('are closed with their connection if more than MAX_PIPELINED_REQUESTS wait, and other clients are served', async () => {
    const server = await startTestServer({ MAX_PIPELINED_REQUESTS: '4' });
    const allowed = await rawConnection(server);
    const read = readAll(allowed);
    allowed.write(get('/healthz').repeat(5));
    await waitFor('all answers', () => read().match(/HTTP\/1.1 200/g)?.length === 5);
    const refused = await rawConnection(server);
    refused.resume();
    refused.write(get('/poll/me?wait=25') + get('/healthz').repeat(5));
    await once(refused, 'close');
    expect((await exchange(server, '/healthz')).status).toBe(200);
  });

  test('are not begun behind an answer that is not over, so that a held connection holds one poll', async () => {
    const server = await startTestServer();
    const socket = await rawConnection(server);
    socket.write(Array.from({ length: 10 }, (_, user) => get(`/poll/user${user}?wait=25&since=z`)).join(''));
    socket.pause();
    // The first poll is answered at once, and so on: all are served, each after the one before it.
    await waitFor('every session', () => opened(server) === 10);
    const held = await rawConnection(server);
    held.write(get('/events/first') + get('/events/second'));
    await waitFor('the stream', () => opened(server) === 11);
    expect(await liveSessions(server)).toBe(11);
  });

  test('are closed with their connection if one that waits has a body, which would be kept in memory uncounted', async () => {
    const server = await startTestServer();
    const socket = await rawConnection(server);
    socket.resume();
    socket.write(get('/events/me'));
    await waitFor('the stream', () => opened(server) === 1);
    socket.write(
      'POST /send/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n',
    );
    await once(socket, 'close');
    expect((await exchange(server, '/healthz')).status).toBe(200);
  });

  test('are closed with their connection if one that waits has many headers, each of which takes memory', async () => {
    const server = await startTestServer();
    const socket = await rawConnection(server);
    socket.resume();
    socket.write(get('/events/me'));
    await waitFor('the stream', () => opened(server) === 1);
    const header = (_: unknown, index: number) => `a${index}:\r\n`;
    socket.write(get('/healthz').replace(/\r\n$/, `${Array.from({ length: 300 }, header).join('')}\r\n`));
    await once(socket, 'close');
    expect((await exchange(server, '/healthz')).status).toBe(200);
  });

  test('cost the memory of one answer if nobody reads them', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    await say(server, 'x'.repeat(MEGABYTE));
    const before = process.memoryUsage().rss;
    const socket = await rawConnection(server);
    socket.pause();
    socket.write(get('/poll/me?since=z').repeat(1_000));
    await exchange(server, '/healthz');
    // At worst the thousand answers of a megabyte each.
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MEGABYTE);
  });
});

describe('a file of the page', () => {
  test('is not opened for a request that waits behind a stream, and no file stays open when the connection closes', async () => {
    const { server, file } = await startWithLargeFile();
    for (const count of [200, 10]) {
      const socket = await rawConnection(server);
      socket.write(get('/events/m') + get('/static/large.bin').repeat(count));
      await waitFor('the session', () => opened(server) === 1);
      expect((await exchange(server, '/healthz')).status).toBe(200);
      expect(countOpen(file)).toBe(0);
      socket.destroy();
      await waitFor('the files to close', () => countOpen(file) === 0);
    }
  });

  test('is closed with its connection if the client reads nothing for STALL_MS, or leaves', async () => {
    const { server, file } = await startWithLargeFile();
    for (const leaves of [true, false]) {
      const socket = await rawConnection(server);
      socket.pause();
      socket.write(get('/static/large.bin').repeat(3));
      await waitFor('the file to be opened', () => countOpen(file) === 1);
      if (leaves) socket.destroy();
      await waitFor('the file to be closed', () => countOpen(file) === 0);
    }
  });
});

test('a client that reads slowly is not disconnected, however much longer than STALL_MS its answer takes', async () => {
  const { server } = await startWithLargeFile();
  const socket = await rawConnection(server);
  socket.pause();
  socket.write(get('/static/large.bin'));
  let received = 0;
  // 64 KiB at a time: some seconds for the file.
  const reading = setInterval(() => {
    received += socket.read()?.length ?? 0;
  }, 10);
  afterTest(() => clearInterval(reading));
  await waitFor('the whole file', () => received > 32 * MEGABYTE);
});

async function startWithLargeFile(): Promise<{ server: TestServer; file: string }> {
  const publicDir = await temporaryDirectory();
  const file = join(publicDir, 'large.bin');
  writeFileSync(file, Buffer.alloc(32 * MEGABYTE));
  return { server: await startTestServer({ PUBLIC_DIR: publicDir, STALL_MS: '1000' }), file };
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

function opened({ logs }: TestServer): number {
  return logs.filter((line) => line.includes('live session opened')).length;
}

async function liveSessions(server: TestServer): Promise<number> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}

/** Number of file descriptors of this process, in which the server runs, that lead to a file. */
function countOpen(file: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === file;
    } catch {
      // Closed meanwhile.
      return false;
    }
  }).length;
}

/** Reads from now on. @returns what came so far */
function readAll(socket: Socket): () => string {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
