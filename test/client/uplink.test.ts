import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sendPost } from '../../src/client/post.ts';
import { createUplink } from '../../src/client/uplink.ts';
import { Inbox } from '../../src/session/inbox.ts';
import { decodeSend } from '../../src/wire/decode-send.ts';
import { readEnvelope } from '../../src/wire/envelope.ts';
import { WireError } from '../../src/wire/error-catalogue.ts';
import { afterTest, waitFor } from '../http/test-server.ts';

type Fate = 'well' | 'lost' | 'unanswered' | 'late' | 'busy' | 'gone' | 'forbidden' | 'too large';

/** The server's real inbox behind a network that does to one POST after the other what `fates` say, and nothing to the rest. */
function setUp({ fates = [], parallel = 1 }: { fates?: Fate[]; parallel?: number }) {
  const applied: string[] = [];
  const texts = (data: string[]) => applied.push(...data);
  const newInbox = () =>
    new Inbox((requests) =>
      texts(requests.flatMap(({ content }) => (content?.parts ?? []).map(({ text }) => text ?? ''))),
    );
  const server = { epoch: 'epoch-number-one-', inbox: newInbox(), posts: 0, most: 0, underWay: 0 };
  const answer = (body: string): Response => {
    const enveloped = readEnvelope(JSON.parse(body));
    const { client, cseq, ack } = enveloped?.envelope ?? { client: '' };
    try {
      if (ack?.epoch !== server.epoch) {
        const details = { epoch: server.epoch, next: server.inbox.next(client) };
        throw new WireError('epoch_changed', undefined, undefined, details);
      }
      if (cseq === undefined) return Response.json({ status: 'sent', next: server.inbox.next(client) });
      return Response.json(
        server.inbox.take(
          client,
          cseq,
          () => decodeSend(enveloped?.items),
          () => undefined,
        ),
      );
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return Response.json(error.body(), { status: error.status });
    }
  };
  const fetchIt = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    // Beside those that have a number there may be one that asks for the next.
    const numbered = JSON.parse(String(init?.body)).cseq === undefined ? 0 : 1;
    server.posts += 1;
    server.underWay += numbered;
    server.most = Math.max(server.most, server.underWay);
    const fate = fates.shift() ?? 'well';
    try {
      await delay(fate === 'late' ? 8 : 0, undefined, { signal: init?.signal ?? undefined });
      if (fate === 'lost') throw new TypeError('the network failed');
      if (fate === 'busy') return Response.json(new WireError('request_queue_full').body(), { status: 429 });
      if (fate === 'forbidden') return new Response('<h1>403</h1>', { status: 403, statusText: 'Forbidden' });
      if (fate === 'too large') return new Response('<h1>413</h1>', { status: 413 });
      if (fate === 'gone') return new Response('<h1>502</h1>', { status: 502 });
      const answered = answer(String(init?.body));
      await delay(0, undefined, { signal: init?.signal ?? undefined });
      if (fate === 'unanswered') throw new TypeError('the network failed');
      return answered;
    } finally {
      server.underWay -= numbered;
    }
  };
  const failures: string[] = [];
  const postOptions = { fetch: fetchIt as typeof fetch, headers: {}, address: () => 'http://server.test/send/me' };
  const uplink = createUplink({
    transmit: (post, signal, patienceMs) => sendPost(post, postOptions, signal, patienceMs),
    ask: (post, signal, patienceMs) => sendPost(post, postOptions, signal, patienceMs),
    random: () => 0.001,
    client: 'me',
    parallel: () => parallel,
    bodyLimit: () => 1_000_000,
    ack: () => undefined,
    onRefused: ({ code, error }) => failures.push(code ?? error),
    onAudioDropped: () => undefined,
    onEpochChanged: () => uplink.opened(server.epoch, 1),
    onEnded: () => undefined,
    onHanging: () => undefined,
  });
  afterTest(() => uplink.stop());
  const say = (data: string) => uplink.send({ mime_type: 'text/plain', data });
  return { uplink, server, applied, failures, say, newInbox };
}

test('the uplink: whatever the network does to POSTs, each text is applied once and in order', async () => {
  const fate = fc.constantFrom<Fate>('well', 'lost', 'unanswered', 'late', 'busy', 'gone');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), async (fates, parallel) => {
      const { uplink, server, applied, failures, say } = setUp({ fates, parallel });
      uplink.opened(server.epoch, 1);
      const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`);
      const answers = [];
      for (const text of texts) {
        answers.push(say(text));
        await delay(1);
      }
      expect(new Set((await Promise.all(answers)).map(({ sent }) => sent))).toEqual(new Set([true]));
      await delay(20);
      uplink.stop();
      expect(applied).toEqual(texts);
      expect(failures).toEqual([]);
      expect(server.most).toBeLessThanOrEqual(parallel);
    }),
    { numRuns: 40 },
  );
});

test('the uplink: what is sent before the session is known, or in one go, is one POST', async () => {
  const { uplink, server, applied, say } = setUp({});
  void say('one');
  void say('two');
  await delay(10);
  expect(server.posts).toBe(0);
  uplink.opened(server.epoch, 1);
  await waitFor('both', () => applied.length === 2);
  expect(server.posts).toBe(1);
});

test('the uplink: another live session takes what the one before had not answered, numbered anew', async () => {
  const { uplink, server, applied, say, newInbox } = setUp({ fates: ['well', 'lost'] });
  uplink.opened(server.epoch, 1);
  void say('one');
  await waitFor('the first', () => applied.length === 1);
  server.epoch = 'epoch-number-two-';
  server.inbox = newInbox();
  void say('two');
  void say('three');
  await waitFor('the rest', () => applied.length >= 3);
  expect(applied).toEqual(['one', 'two', 'three']);
});

test('the uplink: a server that has forgotten the client is given the numbers that it misses', async () => {
  const { uplink, server, applied, say, newInbox } = setUp({});
  uplink.opened(server.epoch, 1);
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    void say(text);
    await waitFor(text, () => applied.length > index);
  }
  await delay(10);
  server.inbox = newInbox();
  void say('four');
  void say('five');
  await waitFor('the rest', () => applied.length >= 5);
  expect(applied).toEqual(['one', 'two', 'three', 'four', 'five']);
});

test('the uplink: a refused item is reported once, and what follows it is applied', async () => {
  const { uplink, server, applied, failures, say } = setUp({ fates: ['unanswered'] });
  uplink.opened(server.epoch, 1);
  const refused = await uplink.send({ mime_type: 'video/mp4', data: 'AAAA' });
  expect(refused).toMatchObject({ sent: false, refusal: { code: 'unsupported_mime_type' } });
  void say('after it');
  await waitFor('the text', () => applied.length > 0);
  expect([failures, applied]).toEqual([['unsupported_mime_type'], ['after it']]);
});

test.each([
  ['too large for it', ['too large'] as Fate[], 413],
  ['against a rule of it', ['forbidden', 'forbidden', 'forbidden'] as Fate[], 403],
])(
  'the uplink: what a proxy never lets through, being %s, is given up, and what follows is applied',
  async (_, fates, status) => {
    // What fills its number is refused too, more often than would do for anything else.
    const { uplink, server, applied, failures, say } = setUp({
      fates: [...fates, 'well', ...Array<Fate>(4).fill('forbidden')],
    });
    uplink.opened(server.epoch, 1);
    expect(await say('never')).toMatchObject({ sent: false, refusal: { status } });
    expect(await say('well')).toEqual({ sent: true });
    expect(applied).toEqual(['well']);
    expect(failures).toEqual([expect.stringMatching(/^Something between here and the server refused it: 4/)]);
  },
);

test('the uplink: what a captive portal refuses is sent again when it lets things through', async () => {
  const { uplink, server, applied, failures, say } = setUp({ fates: ['forbidden', 'forbidden'] });
  uplink.opened(server.epoch, 1);
  expect(await say('hello')).toEqual({ sent: true });
  expect([applied, failures]).toEqual([['hello'], []]);
});

test('the uplink: on hold keeps everything, and what waits when it is stopped is told', async () => {
  const { uplink, server, applied, say } = setUp({});
  uplink.opened(server.epoch, 1);
  uplink.hold();
  const first = say('first');
  await delay(10);
  expect(server.posts).toBe(0);
  uplink.release();
  expect(await first).toEqual({ sent: true });
  uplink.hold();
  const second = say('second');
  uplink.stop();
  expect(await second).toEqual({ sent: false });
  expect(await say('third')).toEqual({ sent: false });
  expect(applied).toEqual(['first']);
});
