import { describe, expect, test } from '@jest/globals';
import type { ScriptedConnection } from '../models/gemini/scripted-gemini.ts';
import { pictureBytes } from '../picture.ts';
import { type Answer, exchange, post } from './requests.ts';
import { openScripted } from './scripted-session.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { type TestServer, waitFor } from './test-server.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });
const bodyOf = ({ status, text: body }: Answer) => ({ status, ...JSON.parse(body) });

/** Returns an ack of no entry, which names the epoch. A poll reads the epoch without affecting other readers. */
async function nothingYet(server: TestServer): Promise<string> {
  const { text } = await exchange(server, '/poll/me?wait=0&since=x');
  return `${JSON.parse(text).events[0].data.epoch}.0`;
}

/** Sends a POST of the client `a`. */
const send = async (server: TestServer, cseq: unknown, items: unknown = [], more: object = {}) =>
  bodyOf(await post(server, { client: 'a', cseq, ack: await nothingYet(server), items, ...more }));

/** Answer to a client without a stream. */
const sent = (next: number, written: unknown = null) => ({ status: 'sent', next, written });
const held = (next: number) => ({ status: 'held', next, written: null });

const waitForFrames = (provider: ScriptedConnection, count: number) =>
  waitFor('what was sent', () => provider.texts.length > count);

/** Sends a raw body with its envelope in the query. */
const sendRaw = async (server: TestServer, query: string, contentType: string, body: string | Buffer) =>
  bodyOf(
    await exchange(server, `/send/me?${query.replace('NOTHING', await nothingYet(server))}`, {
      method: 'POST',
      headers: { 'Content-Type': contentType, 'Content-Length': `${Buffer.byteLength(body)}` },
      body,
    }),
  );

describe('numbered POSTs', () => {
  test('numbered POSTs are answered with the next number, and reach the agent in order', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 2, [text('count to three')])).toEqual(held(1));
    expect(await send(server, 1, [text('count to two')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test('repeated POSTs get their first answer and are applied once, whatever they contain now', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 1, [text('count to two')])).toEqual(sent(2));
    expect(await send(server, 1, [text('count to nine')])).toEqual(sent(2));
    expect(await send(server, 1, ['no item'])).toEqual(sent(2));
    expect(await send(server, 2, [text('what did I say?')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
  });

  test('POSTs outside the window are refused with the next number', async () => {
    const { server } = await openSession();
    expect(await send(server, 17)).toEqual(held(1));
    for (const cseq of [18, Number.MAX_SAFE_INTEGER]) {
      expect(await send(server, cseq)).toMatchObject({ status: 409, code: 'outside_window', retry: false, next: 1 });
    }
    for (let cseq = 1; cseq <= 34; cseq += 1) await send(server, cseq);
    expect(await send(server, 1)).toMatchObject({ status: 409, code: 'outside_window', next: 35 });
    expect(await send(server, 2)).toEqual(sent(3));
  });

  test('POSTs of two clients, and POSTs without a number, do not wait for each other', async () => {
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

  test('a POST with one invalid item is refused as a whole, and uses up its number', async () => {
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

  test('a POST with an item behind a close is refused, and uses up its number', async () => {
    const { server, stream } = await openSession();
    expect(await send(server, 1, [{ close: true }, text('hello')])).toMatchObject({
      status: 400,
      code: 'malformed_item',
    });
    expect(await send(server, 2, [text('count to two')])).toEqual(sent(3));
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('a POST that is refused for lack of room keeps its number, and is accepted later', async () => {
    let connect: (() => void) | undefined;
    const { server, provider } = await openScripted(
      {},
      {
        onSetup: (connection) => {
          connect = () => connection.completeSetup();
        },
      },
    );
    const recording = { mime_type: 'audio/pcm', data: 'A'.repeat(3 * 1024 * 1024) };
    expect(await send(server, 1, [recording])).toEqual(sent(2));
    const refusal = await send(server, 2, [recording]);
    expect(refusal).toMatchObject({ status: 429, code: 'request_queue_full', retry: true });
    expect(await send(server, 3, [])).toEqual(held(2));
    (await waitFor('the setup', () => connect))();
    // More than the pieces of the first recording: the setup, too.
    await waitForFrames(provider, Math.ceil(recording.data.length / 40_960));
    expect(await send(server, 2, [recording])).toEqual(sent(4));
  });

  test.each(['1', 0, -1, 1.5, 1e20, true, {}])(
    'a POST with the cseq %j is refused, and uses up no number',
    async (cseq) => {
      const { server } = await openSession();
      expectRefusal(await post(server, { client: 'a', cseq, items: [text('hello')] }), {
        status: 400,
        code: 'malformed_envelope',
        error: 'cseq must be a whole number from 1',
      });
      expect(await send(server, 1)).toEqual(sent(2));
    },
  );

  test('a numbered POST without an ack is refused, because its epoch is unknown, and uses up no number', async () => {
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

  test('session and hb contain the number of the next POST', async () => {
    const { server } = await openSession();
    await send(server, 1);
    await send(server, 3);
    const mine = await openStream(`${server.url}/events/me?client=a`);
    expect(await mine.untilNamed('session')).toMatchObject({ client: 'a', next: 2, limits: { window: 16 } });
    expect(await mine.untilNamed('hb')).toEqual({ t: expect.any(Number), next: 2 });
    const anonymous = await openStream(`${server.url}/events/me`);
    expect(await anonymous.untilNamed('session')).toMatchObject({ client: null, next: 1 });
  });

  test('a POST without a session is answered with 404, and with 410 after the session was closed', async () => {
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

describe('acknowledgements', () => {
  test('an acknowledgement needs neither a number nor items', async () => {
    const { server, stream } = await openSession();
    await stream.untilNamed('status');
    expect(bodyOf(await post(server, { client: 'a', ack: stream.lastId }))).toEqual(sent(1));
    expect(await send(server, 1, [text('count to two')], { ack: stream.lastId })).toEqual(sent(2));
    expect(bodyOf(await post(server, { client: 'a', ack: stream.lastId }))).toEqual(sent(2));
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('an acknowledgement of another epoch is refused with the current epoch and the next number, and its items are not applied', async () => {
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

  test.each(['4000', '1-1', '0-1', '0'])('an acknowledgement of <epoch>.%s is accepted', async (entry) => {
    const { server, stream } = await openSession();
    const { epoch } = await stream.untilNamed('session');
    expect(bodyOf(await post(server, { client: 'a', ack: `${epoch}.${entry}` }))).toEqual(sent(1));
    await send(server, 1, [text('count to two')]);
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test.each(['', 'x', 3, {}])('the ack %j is refused', async (ack) => {
    const { server } = await openSession();
    expectRefusal(await post(server, { client: 'a', ack }), { status: 400, code: 'malformed_envelope', error: /ack/ });
  });
});

describe('raw bodies', () => {
  test('raw bodies of text, audio and an image are applied in order', async () => {
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

  test('the query of a raw body acknowledges', async () => {
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
  ])('a raw body of %s, "%s", is refused and uses up its number', async (type, body, status, code) => {
    const { server } = await openSession();
    expect(await sendRaw(server, 'client=a&cseq=1&ack=NOTHING', type, body)).toMatchObject({ status, code });
    expect(await send(server, 2)).toEqual(sent(3));
  });

  test.each(['client=-', 'client=a&cseq=0&ack=NOTHING', 'client=a&cseq=1.5&ack=NOTHING', 'client=a&ack=x'])(
    'a raw body with the query %s is refused, and no part of it is used',
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
