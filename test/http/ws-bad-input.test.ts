import { once } from 'node:events';
import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { textOf } from './agentscope.ts';
import { type BareSocket, openBareSocket } from './bare-socket.ts';
import { ask, DOORS, type Door, wordsOf } from './page-doors.ts';
import { exchange } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { HANDSHAKE, openSocket } from './ws-client.ts';

/** Waits for the next error in the messages of the door. */
async function nextError(socket: BareSocket, door: Door, from: number): Promise<readonly [unknown, unknown]> {
  const message = await socket.until((each) => door.readError(each) !== undefined, from);
  return door.readError(message) ?? [undefined, undefined];
}

/** Opens a connection on which the client does something wrong. @returns the last message, and how the server closed the connection */
async function closedFor(server: TestServer, door: Door, act: (socket: BareSocket) => void) {
  const socket = await door.open(server);
  expect(socket.socket.extensions).toBe('');
  const closed = once(socket.socket, 'close');
  act(socket);
  const [code, reason] = await closed;
  const [error, text] = door.readError(socket.messages.at(-1) ?? {}) ?? [];
  return { code, reason: String(reason), error, text: String(text) };
}

/** Writes bytes below the WebSocket, which would not send them. */
function writeBytes({ socket }: BareSocket, bytes: Buffer): void {
  (socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(bytes);
}

describe.each(Object.entries(DOORS))('a page of %s', (_name, door) => {
  test('is told of a message that is refused, as its own server would tell it, and its next question is answered', async () => {
    const server = await startTestServer();
    const socket = await door.open(server);
    const refused: (readonly [message: unknown, code: string])[] = [
      ['{', 'malformed_json'],
      ['hello', 'malformed_json'],
      ['', 'empty_body'],
      ['7', 'malformed_item'],
      ['null', 'malformed_item'],
      [{}, 'malformed_item'],
      [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'malformed_item'],
      [`[${'{},'.repeat(20_000)}{}]`, 'malformed_json'],
      [Buffer.alloc(3), 'odd_pcm_length'],
      [{ client: 'a', cseq: 1, items: [] }, 'malformed_item'],
      ['{"type":"constructor","toString":1,"__proto__":{"a":1}}', 'malformed_item'],
      [[door.text('count to nine'), { type: '__proto__' }], 'malformed_item'],
      ...door.foreign.map((item) => [item, 'malformed_item'] as const),
    ];
    for (const [message, code] of refused) {
      const seen = socket.messages.length;
      socket.send(message);
      expect(await nextError(socket, door, seen)).toEqual([code, expect.stringMatching(/\w/)]);
    }
    socket.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    await socket.until((message) => door.readError(message)?.[0] === 'invalid_utf8');
    expect(await ask(socket, door, 'count to two')).toBe('One, two.');
  });

  test('is told why its connection is closed, and its next connection continues the conversation', async () => {
    const server = await startTestServer({ MAX_BODY_BYTES: '10000' });
    const impatient = await startTestServer({ BODY_IDLE_MS: '1000' });
    const first = await door.open(server);
    // Fragments, and pings between them, are as good as one frame.
    for (const character of JSON.stringify(door.text('count to two'))) {
      first.socket.send(character, { fin: false });
      first.socket.ping();
    }
    first.socket.send('');
    await first.until(door.isDone);
    expect(wordsOf(first.messages)).toBe('One, two.');

    const endless = closedFor(impatient, door, ({ socket }) => socket.send('[', { fin: false }));
    const tooLarge = { code: 1009, reason: 'The message has more than 10000 bytes', error: 'body_too_large' };
    const large = closedFor(server, door, (socket) => socket.send(door.text('x'.repeat(10_001))));
    expect(await large).toMatchObject({ ...tooLarge, text: expect.stringContaining('10000 bytes') });
    const inPieces = closedFor(server, door, ({ socket }) => {
      for (let count = 0; count < 6; count += 1) socket.send(Buffer.alloc(2_000), { fin: false });
    });
    expect(await inPieces).toMatchObject(tooLarge);
    const many = closedFor(server, door, ({ socket }) => {
      for (let count = 0; count < 1_100; count += 1) socket.send('', { fin: false });
    });
    expect(await many).toMatchObject({
      code: 1008,
      reason: 'The message has too many fragments',
      error: 'body_too_large',
    });
    for (const bytes of [
      // The first bytes of 64 MB of zeros, compressed, in a frame with RSV1; a frame without a mask; one with an unknown opcode.
      [0xc1, 0x84, 0, 0, 0, 0, 0xec, 0xc1, 0x01, 0x01],
      [0x81, 0x01, 0x37],
      [0x83, 0x81, 0, 0, 0, 0, 0x37],
    ]) {
      expect(await closedFor(server, door, (socket) => writeBytes(socket, Buffer.from(bytes)))).toMatchObject({
        code: 1002,
        reason: 'The frame breaks the WebSocket protocol',
        error: 'malformed_frame',
      });
    }
    expect(await endless).toMatchObject({ code: 1008, error: 'body_timeout' });
    const last = await door.open(server);
    expect(await ask(last, door, 'what did I say?')).toBe('You said: count to two');
  });

  test('of a foreign origin is refused before it opens anything', async () => {
    const server = await startTestServer();
    for (const Origin of ['https://evil.example', 'null']) {
      const headers = { ...HANDSHAKE, Origin };
      const { status, text } = await exchange(server, door.path, { headers });
      expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 403, code: 'origin_not_allowed' });
    }
    const { text } = await exchange(server, '/readyz');
    expect(JSON.parse(text)).toMatchObject({ sessions: 0 });
  });
});

test('a message without an end is not kept by the pings of its client', async () => {
  const server = await startTestServer({ BODY_IDLE_MS: '1000' });
  const [door] = Object.values(DOORS);
  if (!door) throw new Error('there is no door');
  const endless = closedFor(server, door, ({ socket }) => {
    socket.send('[', { fin: false });
    const pings = setInterval(() => socket.ping(), 200);
    socket.on('close', () => clearInterval(pings));
  });
  expect(await endless).toMatchObject({ code: 1008, error: 'body_timeout' });
});

test('a client with numbers gets the same error as an answer without a number before its connection is closed', async () => {
  const server = await startTestServer({ MAX_BODY_BYTES: '10000' });
  const path = '/ws/me/session1?client=a&dialect=agentscope';
  const large = await openSocket(server, path);
  large.send({ client: 'a', cseq: 1, items: [textOf('x'.repeat(10_001))] });
  await large.untilEnded();
  expect(large.code).toBe(1009);
  expect(large.answers).toMatchObject([{ error: 'The message has more than 10000 bytes', code: 'body_too_large' }]);
  expect(large.answers[0]).not.toHaveProperty('cseq');
  const next = await openSocket(server, path);
  expect(await next.ask({ client: 'a', cseq: 1, items: [textOf('count to two')] })).toMatchObject({ status: 'sent' });
});

test.each(['4829153', '007', '1e3'])(
  'the user id %s, which a page has as a number, is the same user on every door',
  async (user) => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/${user}`);
    await stream.untilNamed('session');
    expect(stream.named('session')).toMatchObject([{ user_id: user }]);
    for (const path of [`/ws/${user}`, `/run_live?user_id=${user}`]) {
      const page = await openBareSocket(server, path);
      page.send({ content: { parts: [{ text: 'count to two' }] } });
      expect(await stream.nextAnswer()).toBe('One, two.');
    }
    const { text } = await exchange(server, '/readyz');
    expect(JSON.parse(text)).toMatchObject({ sessions: 1 });
  },
);
