import { describe, expect, test } from '@jest/globals';
import { MEGABYTE, memoryInUse } from '../long/memory.ts';
import { post, rawConnection } from './requests.ts';
import { expectAlive, expectLimit, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';
import { openSocket } from './ws-client.ts';

const LONG = 'x'.repeat(4 * MEGABYTE - 1_000);

/** Items of 4 MB that are refused, and use up their number. */
const REFUSED: readonly [what: string, item: () => unknown][] = [
  ['a field that means nothing', () => ({ field: LONG })],
  ['a long mime_type', () => ({ mime_type: LONG, data: 'AAAA' })],
  ['a wrong mime_type and long data', () => ({ mime_type: 'video/a-type-that-nobody-knows', data: LONG })],
  ['long data that is no base64', () => ({ mime_type: 'audio/pcm', data: `${LONG}!` })],
];

describe('16 numbered POSTs of 4 MB that are refused keep nothing of their bodies in memory:', () => {
  test.each(REFUSED)('%s', async (_what, createItem) => {
    const { server, stream } = await openSession();
    const ack = stream.lastId;
    const before = memoryInUse();
    for (let cseq = 1; cseq <= 16; cseq += 1) {
      const answer = await post(server, { client: 'a', cseq, ack, items: [createItem()] });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    expect(memoryInUse() - before).toBeLessThan(12 * MEGABYTE);
    // The numbers are used up: each was refused for good.
    expect(JSON.parse((await post(server, { client: 'a', cseq: 17, ack, items: [] })).text)).toMatchObject({
      next: 18,
    });
    await expectAlive(server, stream);
  });

  test('as frames of a WebSocket', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    const before = memoryInUse();
    for (let cseq = 1; cseq <= 16; cseq += 1) {
      expect(await socket.ask({ client: 'a', cseq, items: [{ field: LONG }] })).toMatchObject({
        code: 'malformed_item',
      });
    }
    expect(memoryInUse() - before).toBeLessThan(12 * MEGABYTE);
  });
});

describe('memory of all clients', () => {
  test('POSTs that are held in many sessions take no more than MAX_HELD_BYTES; conversations continue', async () => {
    const server = await startTestServer({ MAX_HELD_BYTES: String(24 * MEGABYTE) });
    const mine = await openStream(`${server.url}/events/me`);
    await mine.untilNamed('session');
    const items = [{ mime_type: 'text/plain', data: 'x'.repeat(3 * MEGABYTE) }];
    let held = 0;
    const refused: string[] = [];
    for (let user = 0; user < 16; user += 1) {
      const stream = await openStream(`${server.url}/events/user${user}`);
      if (stream.status !== 200) {
        refused.push('session');
        continue;
      }
      const { epoch } = await stream.untilNamed('session');
      const answer = await post(server, { client: 'a', cseq: 2, ack: `${epoch}.0`, items }, `/send/user${user}`);
      if (answer.status === 200) held += 1;
      else {
        expectLimit(answer, 503, 'server_busy');
        refused.push('post');
      }
    }
    expect(held).toBeGreaterThanOrEqual(4);
    expect(held).toBeLessThanOrEqual(7);
    expect(refused.length).toBeGreaterThan(0);
    await expectAlive(server, mine);
  });

  test('a stream whose body never ends keeps nothing of it, and is closed', async () => {
    const server = await startTestServer();
    const socket = await rawConnection(server);
    socket.write('GET /events/me HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    const before = memoryInUse();
    socket.write('1\r\nx\r\n'.repeat(60_000));
    await waitFor('the end of the connection', () => socket.closed);
    expect(memoryInUse() - before).toBeLessThan(8 * MEGABYTE);
  });

  test('a pipelined request with a chunked body closes its connection', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    const socket = await rawConnection(server);
    socket.write('GET /poll/me?client=a&since=z HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2));
    socket.write('POST /send/me HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    socket.write('1\r\nx\r\n'.repeat(60_000));
    await waitFor('the end of the connection', () => socket.closed);
  });
});
