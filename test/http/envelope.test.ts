import { describe, expect, test } from '@jest/globals';
import type { ScriptedConnection } from '../models/scripted-gemini.ts';
import { pictureBytes } from '../picture.ts';
import { type Answer, exchange, post } from './requests.ts';
import { openScripted } from './scripted-session.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { type TestServer, waitFor } from './test-server.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });
const bodyOf = ({ status, text: body }: Answer) => ({ status, ...JSON.parse(body) });

/** An ack of nothing, which only says in which epoch is numbered. A poll tells it, and moves nobody. */
async function nothingYet(server: TestServer): Promise<string> {
  const { text } = await exchange(server, '/poll/me?wait=0&since=x');
  return `${JSON.parse(text).events[0].data.epoch}.0`;
}

/** One POST of client `a`. */
const send = async (server: TestServer, cseq: unknown, items: unknown = [], more: object = {}) =>
  bodyOf(await post(server, { client: 'a', cseq, ack: await nothingYet(server), items, ...more }));

/** Of a client that has no stream of its own. */
const sent = (next: number, written: unknown = null) => ({ status: 'sent', next, written });
const held = (next: number) => ({ status: 'held', next, written: null });

const waitForFrames = (provider: ScriptedConnection, count: number) =>
  waitFor('what was sent', () => provider.texts.length > count);

/** A raw body, its envelope in the query. */
const sendRaw = async (server: TestServer, query: string, contentType: string, body: string | Buffer) =>
  bodyOf(
    await exchange(server, `/send/me?${query.replace('NOTHING', await nothingYet(server))}`, {
      method: 'POST',
      headers: { 'Content-Type': contentType, 'Content-Length': `${Buffer.byteLength(body)}` },
      body,
    }),
  );

describe('numbered POSTs', () => {
  test('are answered with the next number, and reach the agent in their order', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 2, [text('count to three')])).toEqual(held(1));
    expect(await send(server, 1, [text('count to two')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test('that come again are answered as the first time, and applied once, whatever they hold now', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 1, [text('count to two')])).toEqual(sent(2));
    expect(await send(server, 1, [text('count to nine')])).toEqual(sent(2));
    expect(await send(server, 1, ['no item'])).toEqual(sent(2));
    expect(await send(server, 2, [text('what did I say?')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
  });

  test('outside the window are refused with the number to go on with', async () => {
    const { server } = await openSession();
    expect(await send(server, 17)).toEqual(held(1));
    for (const cseq of [18, Number.MAX_SAFE_INTEGER]) {
      expect(await send(server, cseq)).toMatchObject({ status: 409, code: 'outside_window', retry: false, next: 1 });
    }
    for (let cseq = 1; cseq <= 34; cseq += 1) await send(server, cseq);
    expect(await send(server, 1)).toMatchObject({ status: 409, code: 'outside_window', next: 35 });
    expect(await send(server, 2)).toEqual(sent(3));
  });

  test('of two clients, and those without a number, do not wait for each other', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 2, [text('count to nine')])).toEqual(held(1));
    expect(
      bodyOf(
        await post(server, { client: 'b', cseq: 1, ack: await nothingYet(server), items: [text('count to two')] }),
      ),
    ).toEqual(sent(2));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(bodyOf(await post(server, { client: 'a', items: [text('count to three')] }))).toEqual(sent(1));
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test('with one bad item among good ones are refused whole, and use up their number', async () => {
    const { server, stream } = await openSession();
    const bad = [text('count to nine'), { mime_type: 'video/mp4', data: 'AAAA' }];
    const refusal = await send(server, 1, bad);
    expect(refusal).toMatchObject({
      status: 415,
      code: 'unsupported_mime_type',
      error: expect.stringMatching(/^Item 1: /),
    });
    expect(await send(server, 1, [text('count to nine')])).toEqual(refusal);
    expect(await send(server, 2, [text('count to two')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('that put something behind a close are refused, and use up their number', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 1, [{ close: true }, text('hello')])).toMatchObject({
      status: 400,
      code: 'malformed_item',
    });
    expect(await send(server, 2, [text('count to two')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('that there is no room for keep their number, and are taken later', async () => {
    let connect = () => {};
    const { server, provider } = await openScripted(
      {},
      {
        onSetup: (connection) => {
          connect = () => connection.completeSetup();
        },
      },
    );
    const recording = { mime_type: 'audio/pcm', data: 'A'.repeat(3 * 1024 * 1024) };
    // One may be on its way to the model already.
    expect(await send(server, 1, [recording])).toEqual(sent(2));
    expect(await send(server, 2, [recording])).toEqual(sent(3));
    const refusal = await send(server, 3, [recording]);
    expect(refusal).toMatchObject({ status: 429, code: 'request_queue_full', retry: true });
    expect(await send(server, 4, [])).toEqual(held(3));
    connect();
    await waitForFrames(provider, 2);
    expect(await send(server, 3, [recording])).toEqual(sent(5));
  });

  test.each(['1', 0, -1, 1.5, 1e20, true, {}])('with the cseq %j are refused, and use up nothing', async (cseq) => {
    const { server } = await openSession();
    expectRefusal(await post(server, { client: 'a', cseq, items: [text('hello')] }), {
      status: 400,
      code: 'malformed_envelope',
      error: 'cseq must be a whole number from 1',
    });
    expect(await send(server, 1)).toEqual(sent(2));
  });

  test('without an ack are refused, since nothing says which epoch they number in, and use up nothing', async () => {
    const { server } = await openSession();
    expectRefusal(await post(server, { client: 'a', cseq: 1, items: [text('hello')] }), {
      status: 400,
      code: 'malformed_envelope',
      error: /^cseq needs an ack/,
    });
    expect(await sendRaw(server, 'client=a&cseq=1', 'text/plain', 'hello')).toMatchObject({
      code: 'malformed_envelope',
    });
    expect(await send(server, 1)).toEqual(sent(2));
  });

  test('are told in session and hb where to go on', async () => {
    const { server } = await openSession();
    await send(server, 1);
    await send(server, 3);
    const mine = await openStream(`${server.url}/events/me?client=a`);
    expect(await mine.untilNamed('session')).toMatchObject({ client: 'a', next: 2, limits: { window: 16 } });
    expect(await mine.untilNamed('hb')).toEqual({ t: expect.any(Number), next: 2 });
    const anonymous = await openStream(`${server.url}/events/me`);
    expect(await anonymous.untilNamed('session')).toMatchObject({ client: null, next: 1 });
  });

  test('without a session are answered 404, and 410 once it was closed', async () => {
    const { server, stream } = await openSession();
    const other = await post(server, { client: 'a', cseq: 1, ack: 'anotherEpoch12345.0' }, '/send/other');
    expectRefusal(other, { status: 404, code: 'session_not_found' });
    const ack = await nothingYet(server);
    expect(await send(server, 1, [{ close: true }])).toEqual(sent(2));
    await stream.untilNamed('end');
    expect(bodyOf(await post(server, { client: 'a', cseq: 2, ack }))).toMatchObject({
      status: 410,
      code: 'session_ended',
    });
  });
});

describe('an acknowledgement', () => {
  test('needs neither number nor items', async () => {
    const { server, stream } = await openSession();
    await stream.untilNamed('status');
    expect(bodyOf(await post(server, { client: 'a', ack: stream.lastId }))).toEqual(sent(1));
    expect(await send(server, 1, [text('count to two')], { ack: stream.lastId })).toEqual(sent(2));
    expect(bodyOf(await post(server, { client: 'a', ack: stream.lastId }))).toEqual(sent(2));
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('of another epoch is refused with the one there is and the next number; nothing is applied', async () => {
    const { server, stream } = await openSession();
    const { epoch } = await stream.untilNamed('session');
    const ack = 'anotherEpoch12345.3';
    expect(await send(server, 1, [text('count to two')], { ack })).toMatchObject({
      status: 409,
      code: 'epoch_changed',
      retry: false,
      epoch,
      next: 1,
    });
    expect(await send(server, 1, [text('count to three')], { ack: `${epoch}.0` })).toEqual(sent(2));
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test.each(['4000', '1-1', '0-1', '0'])('of <epoch>.%s is taken', async (entry) => {
    const { server, stream } = await openSession();
    const { epoch } = await stream.untilNamed('session');
    expect(bodyOf(await post(server, { client: 'a', ack: `${epoch}.${entry}` }))).toEqual(sent(1));
    await send(server, 1, [text('count to two')]);
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test.each(['', 'x', 3, {}])('%j is refused', async (ack) => {
    const { server } = await openSession();
    expectRefusal(await post(server, { client: 'a', ack }), { status: 400, code: 'malformed_envelope', error: /ack/ });
  });
});

describe('a raw body with its envelope in the query', () => {
  test('takes its place in the order: text, audio and an image', async () => {
    const { server, provider } = await openScripted();
    expect(await sendRaw(server, 'client=a&cseq=3&ack=NOTHING', 'text/plain', 'describe it')).toEqual(held(1));
    expect(await sendRaw(server, 'client=a&cseq=2&ack=NOTHING', 'image/png', pictureBytes('image/png'))).toEqual(
      held(1),
    );
    expect(await sendRaw(server, 'client=a&cseq=1&ack=NOTHING', 'audio/pcm;rate=16000', Buffer.alloc(320))).toEqual(
      sent(4),
    );
    await provider.received('clientContent');
    const kinds = provider.frames.slice(1).map((frame) => JSON.stringify(frame));
    const places = ['audio/pcm', 'image/png', 'describe it'].map((kind) =>
      kinds.findIndex((frame) => frame.includes(kind)),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test('acknowledges', async () => {
    const { server, stream } = await openSession();
    const { epoch } = await stream.untilNamed('session');
    expect(await sendRaw(server, `client=a&cseq=1&ack=${epoch}.0`, 'text/plain', 'count to two')).toEqual(sent(2));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await sendRaw(server, 'client=a&cseq=2&ack=anotherEpoch12345.3', 'text/plain', 'hello')).toMatchObject({
      status: 409,
      code: 'epoch_changed',
      epoch,
      next: 2,
    });
  });

  test.each([
    ['text/plain', '', 400, 'empty_body'],
    ['text/plain', ' \n', 400, 'empty_body'],
    ['text/plain', Buffer.from([0xff]), 400, 'invalid_utf8'],
    ['audio/pcm', '', 400, 'empty_body'],
    ['audio/pcm', 'odd', 400, 'odd_pcm_length'],
    ['image/png', '', 400, 'empty_body'],
    ['image/png', 'no picture', 415, 'unsupported_mime_type'],
    ['image/png', pictureBytes('image/jpeg'), 415, 'unsupported_mime_type'],
    ['video/mp4', 'film', 415, 'unsupported_mime_type'],
  ])('of %s, "%s", is refused and uses up its number', async (type, body, status, code) => {
    const { server } = await openSession();
    expect(await sendRaw(server, 'client=a&cseq=1&ack=NOTHING', type, body)).toMatchObject({ status, code });
    expect(await send(server, 2)).toEqual(sent(3));
  });

  test.each(['client=-', 'client=a&cseq=0&ack=NOTHING', 'client=a&cseq=1.5&ack=NOTHING', 'client=a&ack=x'])(
    'is refused for the query %s, and nothing of it is used',
    async (query) => {
      const { server, stream } = await openSession();
      expect(await sendRaw(server, query, 'text/plain', 'count to nine')).toMatchObject({
        status: 400,
        code: 'malformed_envelope',
      });
      await send(server, 1, [text('count to two')]);
      expect(await stream.nextAnswer()).toBe('One, two.');
    },
  );
});
