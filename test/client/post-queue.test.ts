import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Position } from '../../src/client/position.ts';
import { PostQueue } from '../../src/client/post-queue.ts';
import { decodeItems } from '../../src/http/decode-body.ts';
import { Inbox } from '../../src/session/inbox.ts';
import { plainDialect } from '../../src/wire/dialects/plain.ts';
import { readEnvelope } from '../../src/wire/envelope.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { afterTest, waitFor } from '../http/test-server.ts';

type Fate = 'well' | 'lost' | 'unanswered' | 'late' | 'busy' | 'gone' | 'forbidden' | 'too large';

/** Puts the server's real inbox behind a network that treats one POST after the other as `fates` lists, and passes the rest. */
function setUp({ fates = [], parallel = 1 }: { fates?: Fate[]; parallel?: number }) {
  const applied: string[] = [];
  const server = { epoch: 'epoch-number-one-', inbox: new Inbox(), posts: 0, most: 0, underWay: 0 };
  const answer = (body: string): Response => {
    const enveloped = readEnvelope(JSON.parse(body));
    const { client, cseq, ack } = enveloped?.envelope ?? { client: '' };
    try {
      if (ack?.epoch !== server.epoch) {
        const details = { epoch: server.epoch, next: server.inbox.next(client) };
        throw new WireError('epoch_changed', undefined, undefined, details);
      }
      if (cseq === undefined) return Response.json({ status: 'sent', next: server.inbox.next(client) });
      const { answer, due } = server.inbox.receive(
        client,
        cseq,
        decodeItems(enveloped?.items, { dialect: plainDialect, sessionId: 'default' }),
        true,
      );
      for (const { request } of due.flat())
        applied.push(...(request.content?.parts ?? []).map(({ text }) => text ?? ''));
      if ('refusal' in answer) throw WireError.fromBody(answer.refusal);
      return Response.json(answer);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return Response.json(error.body(), { status: error.status });
    }
  };
  const fetchIt = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    // A POST without a number may be in flight beside the numbered ones.
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
  const queue = new PostQueue({
    fetch: fetchIt as typeof fetch,
    headers: {},
    address: () => 'http://server.test/send/me',
    parallelPosts: parallel,
    random: () => 0.001,
    client: 'me',
    position: new Position(),
    traffic: { reportPost: () => undefined, reportAnswer: () => undefined },
    onRefused: ({ code, error }) => failures.push(code ?? error),
    onRejected: ({ code, error }) => failures.push(code ?? error),
    onAudioDropped: () => undefined,
    onEnded: () => undefined,
  });
  const open = () => queue.onSession({ epoch: server.epoch, next: 1, bodyBytes: 1_000_000 });
  queue.attach({
    sendPost: undefined,
    onPostAnswered: () => undefined,
    onPostUnanswered: () => undefined,
    onEpochChanged: open,
  });
  afterTest(() => queue.stop());
  const say = (data: string) => queue.send({ mime_type: 'text/plain', data });
  return { queue, open, server, applied, failures, say };
}

test('the server applies each text once and in order, whatever the network does to POSTs', async () => {
  const fate = fc.constantFrom<Fate>('well', 'lost', 'unanswered', 'late', 'busy', 'gone');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), async (fates, parallel) => {
      const { queue, open, server, applied, failures, say } = setUp({ fates, parallel });
      open();
      const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`);
      const answers = [];
      for (const text of texts) {
        answers.push(say(text));
        await delay(1);
      }
      expect(new Set((await Promise.all(answers)).map(({ sent }) => sent))).toEqual(new Set([true]));
      await delay(20);
      queue.stop();
      expect(applied).toEqual(texts);
      expect(failures).toEqual([]);
      expect(server.most).toBeLessThanOrEqual(parallel);
    }),
    { numRuns: 40 },
  );
});

test('nothing is sent while a close is in flight, because the server uses nothing that is numbered behind it', async () => {
  const { queue, open, server, applied, say } = setUp({ fates: ['lost', 'lost', 'well'], parallel: 4 });
  open();
  const closed = queue.send({ close: true });
  const late = [say('one'), say('two')];
  expect(await closed).toEqual({ sent: true });
  expect({ posts: server.posts, applied }).toEqual({ posts: 3, applied: [] });
  queue.stop();
  expect(await Promise.all(late)).toEqual([{ sent: false }, { sent: false }]);
});

test('texts that are sent together before the session opens share one POST', async () => {
  const { open, server, applied, say } = setUp({});
  void say('one');
  void say('two');
  await delay(10);
  expect(server.posts).toBe(0);
  open();
  await waitFor('both', () => applied.length === 2);
  expect(server.posts).toBe(1);
});

test('texts without an answer are numbered again for the next live session', async () => {
  const { open, server, applied, say } = setUp({ fates: ['well', 'lost'] });
  open();
  expect(await say('one')).toEqual({ sent: true });
  server.epoch = 'epoch-number-two-';
  server.inbox = new Inbox();
  void say('two');
  void say('three');
  await waitFor('the rest', () => applied.length >= 3);
  expect(applied).toEqual(['one', 'two', 'three']);
});

test('a server that has forgotten the client gets the numbers that it misses', async () => {
  const { open, server, applied, say } = setUp({});
  open();
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    expect(await say(text)).toEqual({ sent: true });
    expect(applied).toHaveLength(index + 1);
  }
  server.inbox = new Inbox();
  void say('four');
  void say('five');
  await waitFor('the rest', () => applied.length >= 5);
  expect(applied).toEqual(['one', 'two', 'three', 'four', 'five']);
});

test('a refused item is reported once, and the items after it are applied', async () => {
  const { queue, open, applied, failures, say } = setUp({ fates: ['unanswered'] });
  open();
  const refused = await queue.send({ mime_type: 'video/mp4', data: 'AAAA' });
  expect(refused).toMatchObject({ sent: false, refusal: { code: 'unsupported_mime_type' } });
  void say('after it');
  await waitFor('the text', () => applied.length > 0);
  expect([failures, applied]).toEqual([['unsupported_mime_type'], ['after it']]);
});

test.each([
  ['too large', ['too large'] as Fate[], 413],
  ['against its rules', ['forbidden', 'forbidden', 'forbidden'] as Fate[], 403],
])(
  'an item that a proxy always refuses, because it is %s, is given up, and the items after it are applied',
  async (_, fates, status) => {
    // The filler of its number is refused too, more often than any other POST would be repeated.
    const { open, applied, failures, say } = setUp({
      fates: [...fates, 'well', ...Array<Fate>(4).fill('forbidden')],
    });
    open();
    expect(await say('never')).toMatchObject({ sent: false, refusal: { status } });
    expect(await say('well')).toEqual({ sent: true });
    expect(applied).toEqual(['well']);
    expect(failures).toEqual([expect.stringMatching(/^Something between here and the server refused it: 4/)]);
  },
);

test('a text that a captive portal refuses is sent again after the portal has opened', async () => {
  const { open, applied, failures, say } = setUp({ fates: ['forbidden', 'forbidden'] });
  open();
  expect(await say('hello')).toEqual({ sent: true });
  expect([applied, failures]).toEqual([['hello'], []]);
});

test('a queue on hold sends nothing, and reports everything that waits as unsent when it is stopped', async () => {
  const { queue, open, server, applied, say } = setUp({});
  open();
  queue.hold();
  const first = say('first');
  await delay(10);
  expect(server.posts).toBe(0);
  queue.onConnected('stream');
  expect(await first).toEqual({ sent: true });
  queue.hold();
  const second = say('second');
  queue.stop();
  expect(await second).toEqual({ sent: false });
  expect(await say('third')).toEqual({ sent: false });
  expect(applied).toEqual(['first']);
});
