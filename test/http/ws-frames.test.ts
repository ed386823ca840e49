import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { post } from './requests.ts';
import { openScripted } from './scripted-session.ts';
import { startTestServer, waitFor } from './test-server.ts';
import { openSocket, type WsClient } from './ws-client.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });
const written = expect.any(Number);
const sent = (cseq: number, next: number) => ({ cseq, status: 'sent', next, written });
const held = (cseq: number, next: number) => ({ cseq, status: 'held', next, written });

/** One numbered frame of client `a`. */
const send = (socket: WsClient, cseq: unknown, items: unknown = [], more: object = {}) =>
  socket.ask({ client: 'a', cseq, items, ...more });

/** The socket takes the next frame as if nothing had been. */
async function expectAlive(socket: WsClient): Promise<void> {
  const turns = socket.messages.filter(({ turn_complete }) => turn_complete).length;
  socket.send(text('count to two'));
  const complete = () => socket.messages.filter(({ turn_complete }) => turn_complete).length > turns;
  await socket.until('an answer of the agent', complete);
  expect(socket.code).toBeUndefined();
  expect(socket.named('failure')).toEqual([]);
}

describe('numbered frames', () => {
  test('are answered with their number and the next, without an id, and reach the agent in their order', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    expect(await send(socket, 2, [text('count to three')])).toEqual(held(2, 1));
    expect(await send(socket, 1, [text('count to two')])).toEqual(sent(1, 3));
    expect(await socket.nextAnswer()).toBe('One, two.');
    expect(await socket.nextAnswer()).toBe('One, two, three.');
    const frames = socket.frames.filter(({ event }) => event === 'answer');
    expect(frames).toEqual([
      { event: 'answer', data: held(2, 1) },
      { event: 'answer', data: sent(1, 3) },
    ]);
  });

  test('that come again, on a socket or as a POST, are answered as the first time, and applied once', async () => {
    const server = await startTestServer();
    const cut = await openSocket(server);
    expect(await send(cut, 1, [text('count to two')])).toEqual(sent(1, 2));
    cut.close();
    const { epoch } = await cut.untilNamed('session');
    const socket = await openSocket(server, `/ws/me?client=a&since=${epoch}.0`);
    expect(await send(socket, 1, [text('count to nine')])).toEqual(sent(1, 2));
    const posted = await post(server, { client: 'a', cseq: 1, ack: `${epoch}.0`, items: [text('count to nine')] });
    expect(JSON.parse(posted.text)).toEqual({ status: 'sent', next: 2, written });
    expect(await send(socket, 2, [text('what did I say?')])).toEqual(sent(2, 3));
    expect(await socket.nextAnswer()).toBe('One, two.');
    expect(await socket.nextAnswer()).toBe('You said: count to two');
  });

  test('outside the window, of another epoch, and refused, are answered with the error and their number', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const { epoch } = await socket.untilNamed('session');
    expect(await send(socket, 99)).toEqual({
      cseq: 99,
      error: 'POST 99 is too far ahead of 1',
      code: 'outside_window',
      retry: false,
      hint: expect.any(String),
      next: 1,
    });
    const ack = 'anotherEpoch12345.3';
    const changed = { cseq: 1, code: 'epoch_changed', retry: false, epoch, next: 1 };
    expect(await send(socket, 1, [text('count to nine')], { ack })).toMatchObject(changed);
    const refusal = await send(socket, 1, [text('count to nine'), { mime_type: 'video/mp4', data: 'AAAA' }]);
    expect(refusal).toMatchObject({
      cseq: 1,
      code: 'unsupported_mime_type',
      error: expect.stringMatching(/^Item 1: /),
    });
    expect(refusal).not.toHaveProperty('status');
    // It has used up its number.
    expect(await send(socket, 1, [text('count to nine')])).toEqual(refusal);
    expect(await send(socket, 2, [text('count to two')], { ack: `${epoch}.0` })).toEqual(sent(2, 3));
    expect(await socket.nextAnswer()).toBe('One, two.');
  });

  test('of another client than that of the query are refused, and use up nothing', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const refusal = await socket.ask({ client: 'b', cseq: 1, items: [text('count to nine')] });
    expect(refusal).toMatchObject({ cseq: 1, code: 'malformed_envelope' });
    const other = await post(server, { client: 'b', cseq: 1, ack: socket.lastId });
    expect(JSON.parse(other.text)).toEqual({ status: 'sent', next: 2, written: null });
    expect(await send(socket, 1)).toEqual(sent(1, 2));
  });
});

describe('an acknowledgement', () => {
  test('without number and items is answered without a number, be it fine or not', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const { epoch } = await socket.untilNamed('session');
    for (const entry of ['0', '0-1', '4000']) {
      const answer = await socket.ask({ client: 'a', ack: `${epoch}.${entry}` });
      expect(answer).toEqual({ status: 'sent', next: 1, written });
    }
    expect(await socket.ask({ client: 'a', ack: 'anotherEpoch12345.3' })).toMatchObject({
      code: 'epoch_changed',
      next: 1,
    });
    expect(await socket.ask({ client: 'a', ack: 'x' })).toMatchObject({ code: 'malformed_envelope' });
    expect(socket.answers).toHaveLength(5);
    for (const answer of socket.answers) expect(answer).not.toHaveProperty('cseq');
  });
});

describe('a bad frame', () => {
  test.each<[string, string | Buffer | object, string]>([
    ['that is empty', '', 'empty_body'],
    ['of broken JSON', '{"client":"a","cseq":1', 'malformed_json'],
    ['of no JSON', 'hello', 'malformed_json'],
    ['of a string', '"hello"', 'malformed_item'],
    ['of null', 'null', 'malformed_item'],
    ['of an unknown shape', {}, 'malformed_item'],
    ['with an unknown type', { mime_type: 'video/mp4', data: 'AAAA' }, 'unsupported_mime_type'],
    ['with something behind a close', [{ close: true }, text('hello')], 'malformed_item'],
    ['with items that are none', { client: 'a', items: {} }, 'malformed_envelope'],
    ['of no client', { client: '-' }, 'malformed_envelope'],
    ['of audio that is empty', Buffer.alloc(0), 'empty_body'],
    ['of audio that ends in mid-sample', Buffer.alloc(321), 'odd_pcm_length'],
  ])('%s is answered without a number, and the next is taken', async (_what, frame, code) => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const answer = await socket.ask(frame);
    expect(answer).toMatchObject({ code, error: expect.any(String), retry: false });
    expect(answer).not.toHaveProperty('cseq');
    await expectAlive(socket);
    expect(socket.answers).toHaveLength(1);
  });

  test('that arrives with others is answered in its turn, whatever it is refused for', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const { epoch } = await socket.untilNamed('session');
    const kinds = ['odd_pcm_length', 'malformed_json', 'sent', 'malformed_envelope'];
    for (let round = 1; round <= 20; round += 1) {
      socket.send(Buffer.alloc(3));
      socket.send('{');
      socket.send({ client: 'a', cseq: round, ack: `${epoch}.0`, items: [] });
      socket.send({ client: 'b', items: [] });
    }
    await socket.until('80 answers', () => socket.answers.length === 80);
    const answers = socket.answers.map((answer) => ('code' in answer ? answer.code : answer.status));
    expect(answers).toEqual(Array.from({ length: 20 }, () => kinds).flat());
  });

  test('that is not UTF-8 is answered, and the next is taken', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    socket.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    expect(await socket.until('an answer', () => socket.answers[0])).toMatchObject({ code: 'invalid_utf8' });
    await expectAlive(socket);
  });

  test.each<[unknown, object]>([
    [1, { cseq: 1, client: 'b' }],
    [7, { cseq: 7, items: [] }],
    [7, { cseq: 7, client: 'a', ack: 'x' }],
    [undefined, { cseq: '7', client: 'a' }],
    [undefined, { cseq: 0, client: 'a' }],
    [undefined, { cseq: 1.5, client: 'a' }],
  ])('is answered with the number %j if it has one: %j', async (cseq, frame) => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const answer = await socket.ask(frame);
    expect(answer).toMatchObject({ error: expect.any(String), retry: false });
    expect(answer.cseq).toBe(cseq);
    expect(await send(socket, 1)).toEqual(sent(1, 2));
  });

  test('in more than 1,024 fragments closes the socket with 1008: each costs, and only the message counts as a request', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    const end = '{"mime_type":"text/plain","data":"count to two"}';
    for (let count = 0; count < 1_000; count += 1) socket.socket.send('', { fin: false });
    socket.send(end);
    expect(await socket.nextAnswer()).toBe('One, two.');
    for (let count = 0; count < 1_100; count += 1) socket.socket.send('', { fin: false });
    await socket.untilEnded();
    expect(socket.code).toBe(1008);
  });

  test('larger than MAX_BODY_BYTES closes the socket with 1009, in one piece or in many; the session lives on', async () => {
    const server = await startTestServer({ MAX_BODY_BYTES: '10000' });
    const whole = await openSocket(server);
    whole.send(Buffer.alloc(10_002));
    await whole.untilEnded();
    expect(whole.code).toBe(1009);
    const pieces = await openSocket(server, '/ws/me?client=b');
    for (let count = 0; count < 6; count += 1) pieces.socket.send(Buffer.alloc(2_000), { fin: count === 5 });
    await pieces.untilEnded();
    expect(pieces.code).toBe(1009);
    const exact = await openSocket(server);
    exact.send(Buffer.alloc(10_000));
    await expectAlive(exact);
    expect(exact.answers).toEqual([]);
  });

  test('that breaks the protocol closes its socket, and harms no other', async () => {
    const server = await startTestServer();
    const broken = await openSocket(server, '/ws/me?client=b');
    const socket = await openSocket(server);
    // Not masked, with bits that mean nothing.
    (broken.socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(Buffer.from([0xf1, 0x00]));
    await broken.untilEnded();
    expect(broken.code).toBe(1002);
    await expectAlive(socket);
  });
});

describe('a client that sends faster than the model takes', () => {
  test('is not read until there is room: nothing is refused, and everything arrives', async () => {
    let connect: (() => void) | undefined;
    const { server, provider } = await openScripted(
      { MAX_USER_AUDIO_S_PER_MINUTE: '100000' },
      {
        onSetup: (connection) => {
          connect = () => connection.completeSetup();
        },
      },
    );
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    const frames = 200;
    const bytes = 100_000;
    for (let count = 0; count < frames; count += 1) socket.send(Buffer.alloc(bytes, count));
    await waitFor('what the sockets take', () => socket.socket.bufferedAmount < frames * bytes);
    // Long enough for all of it to be read, if anybody read.
    let before = -1;
    while (socket.socket.bufferedAmount !== before) {
      before = socket.socket.bufferedAmount;
      await delay(300);
    }
    expect(before).toBeGreaterThan(0);
    (await waitFor('the setup', () => connect))();
    const heard = () => provider.frames.slice(1).flatMap(({ realtimeInput }) => realtimeInput?.audio?.data ?? []);
    await waitFor('all of it', () => heard().length === frames * 4);
    const pieces = heard().map((data) => Buffer.from(data, 'base64'));
    expect(Buffer.concat(pieces).length).toBe(frames * bytes);
    expect(pieces.map((piece) => piece[0])).toEqual(
      Array.from({ length: frames * 4 }, (_, index) => (index >> 2) & 255),
    );
    expect(socket.answers).toEqual([]);
  });
});
