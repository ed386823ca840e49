import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { exchange, post } from './requests.ts';
import { audioOf, openScripted, speech, untilNextHeartbeat } from './scripted-session.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import type { TestServer } from './test-server.ts';

const FIRST = 'count to two';
const SECOND = 'what did I say?';

/** A client that numbers its POSTs in both forms: an envelope, and a raw body with the envelope in the query. */
function clientOf(server: TestServer, epoch: string, client = 'a') {
  const ack = `${epoch}.0`;
  return {
    /** @param cseq JSON */
    send: async (cseq: number | string, ...texts: string[]) => {
      const items = texts.map((data) => ({ mime_type: 'text/plain', data }));
      const envelope = JSON.stringify({ client, cseq: 0, ack, items }).replace('"cseq":0', `"cseq":${cseq}`);
      return exchange(server, '/send/me', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: envelope,
      });
    },
    /** Sends a raw body with its envelope in the query. */
    sendRaw: async (cseq: number | string, body: string) =>
      exchange(server, `/send/me?${new URLSearchParams({ client, cseq: `${cseq}`, ack })}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body,
      }),
  };
}

async function openNumbered() {
  const { server, stream } = await openSession();
  const { epoch } = await stream.untilNamed('session');
  return { server, stream, epoch, ...clientOf(server, epoch) };
}

type Numbered = Awaited<ReturnType<typeof openNumbered>>;

const answered = (status: string, next: number) => ({
  status: 200,
  text: expect.stringMatching(`^{"status":"${status}","next":${next},"written":(null|\\d+)}$`),
});
const sent = (next: number) => answered('sent', next);
const held = (next: number) => answered('held', next);

/** Checks that the session accepts the next POSTs in both forms and has received nothing else. */
async function expectAlive({ stream, send, sendRaw }: Numbered, next: number): Promise<void> {
  expect(await send(next, FIRST)).toMatchObject(sent(next + 1));
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect(await sendRaw(next + 1, SECOND)).toMatchObject(sent(next + 2));
  expect(await stream.nextAnswer()).toBe(`You said: ${FIRST}`);
  expect(stream.named('failure')).toEqual([]);
}

describe('an invalid cseq is refused and uses up no number:', () => {
  const malformed = { status: 400, code: 'malformed_envelope', error: 'cseq must be a whole number from 1' };

  test.each([
    '0',
    '-0',
    '-1',
    '1.5',
    '1e300',
    '1e400',
    '9007199254740992',
    '-9007199254740993',
    '"5"',
    '""',
    'true',
    'false',
    '[1]',
    '{}',
  ])('%s in JSON', async (cseq) => {
    const talk = await openNumbered();
    expectRefusal(await talk.send(cseq, 'count to nine'), malformed);
    await expectAlive(talk, 1);
  });

  test.each([
    '0',
    '-1',
    '1.5',
    '1e300',
    '9007199254740992',
    '11111111111111111',
    '"5"',
    'null',
    'true',
    '',
    ' 1',
    '+1',
    '0x1',
    '1,2',
    '١',
  ])('%s in a query', async (cseq) => {
    const talk = await openNumbered();
    expectRefusal(await talk.sendRaw(cseq, 'count to nine'), malformed);
    await expectAlive(talk, 1);
  });

  test('a cseq of null in JSON counts as absent, and the POST is accepted without a number', async () => {
    const talk = await openNumbered();
    expect(await talk.send('null', 'count to three')).toMatchObject(sent(1));
    expect(await talk.stream.nextAnswer()).toBe('One, two, three.');
    await expectAlive(talk, 1);
  });
});

describe.each(['send', 'sendRaw'] as const)('by %s, a cseq', (way) => {
  test('that skips numbers is held if it is at most 16 ahead, and is refused with the next number otherwise', async () => {
    const talk = await openNumbered();
    expect(await talk[way](17, 'what did I say?')).toMatchObject(held(1));
    for (const cseq of [18, 19, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      const refusal = await talk[way](cseq, 'count to nine');
      expect(JSON.parse(refusal.text)).toMatchObject({ code: 'outside_window', retry: false, next: 1 });
      expect(refusal.status).toBe(409);
    }
    for (let cseq = 1; cseq < 16; cseq += 1) expect(await talk.send(cseq)).toMatchObject(sent(cseq + 1));
    expect(await talk.send(16, 'count to three')).toMatchObject(sent(18));
    expect(await talk.stream.nextAnswer()).toBe('One, two, three.');
    expect(await talk.stream.nextAnswer()).toBe('You said: count to three');
    await expectAlive(talk, 18);
  });

  test('that was used before gets its first answer if it is one of the last 32, is refused otherwise, and is not used again', async () => {
    const talk = await openNumbered();
    for (let cseq = 1; cseq <= 34; cseq += 1) expect(await talk.send(cseq)).toMatchObject(sent(cseq + 1));
    expect(await talk[way](3, 'count to nine')).toMatchObject(sent(4));
    expect(await talk[way](34, 'count to nine')).toMatchObject(sent(35));
    for (const cseq of [1, 2]) {
      const refusal = await talk[way](cseq, 'count to nine');
      expect(JSON.parse(refusal.text)).toMatchObject({ code: 'outside_window', retry: false, next: 35 });
      expect(refusal.status).toBe(409);
    }
    await expectAlive(talk, 35);
  });

  test('that is repeated with another body gets its first answer, and the body is not used', async () => {
    const talk = await openNumbered();
    expect(await talk.send(1)).toMatchObject(sent(2));
    expect(await talk.send(3)).toMatchObject(held(2));
    expect(await talk[way](3, 'count to nine')).toMatchObject(held(2));
    expect(await talk[way](1, 'count to nine')).toMatchObject(sent(2));
    const refusal = await talk.sendRaw(2, ' ');
    expectRefusal(refusal, { status: 400, code: 'empty_body' });
    expect(await talk[way](2, 'count to nine')).toMatchObject({ status: 400, text: refusal.text });
    await expectAlive(talk, 4);
  });
});

describe('an acknowledgement of an event that was never sent', () => {
  test.each(['1000', '999999999999999', '1000-3'])(
    '(.%s) acknowledges everything sent so far and nothing that follows',
    async (entry) => {
      const { server, provider, witness, epoch } = await openScripted();
      const reader = await openStream(`${server.url}/events/me?client=a&since=${epoch}.0`);
      await reader.untilNamed('session');
      const answer = await post(server, { client: 'a', cseq: 1, ack: `${epoch}.${entry}`, items: [] });
      expect(answer).toMatchObject(sent(2));
      for (let second = 0; second < 5; second += 1) provider.send(speech(1_000, second));
      await witness.until('all of it', () => audioOf(witness).length === 5);
      await untilNextHeartbeat(reader);
      await untilNextHeartbeat(reader);
      expect(audioOf(reader)).toHaveLength(3);
      expect(reader.named('reset')).toEqual([]);
      // Acknowledge the third event for real.
      expect(await post(server, { client: 'a', cseq: 2, ack: reader.lastId, items: [] })).toMatchObject(sent(3));
      await reader.until('the rest', () => audioOf(reader).length === 5);
      expect(audioOf(reader)).toEqual(audioOf(witness));
    },
  );
});

test.each([
  '',
  'x',
  '7',
  'AAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAA.',
  'AAAAAAAAAAAAAAAA.1e3',
  'AAAAAAAAAAAAAAAA.9999999999999999',
])(
  'an acknowledgement "%s", which is not the id of an event, is refused, and the POST uses up no number',
  async (ack) => {
    const talk = await openNumbered();
    const malformed = { status: 400, code: 'malformed_envelope', error: 'ack must be the id of an event' };
    const items = [{ mime_type: 'text/plain', data: 'count to nine' }];
    expectRefusal(await post(talk.server, { client: 'a', cseq: 1, ack, items }), malformed);
    const query = new URLSearchParams({ client: 'a', cseq: '1', ack });
    const raw = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'count to nine' };
    expectRefusal(await exchange(talk.server, `/send/me?${query}`, raw), malformed);
    await expectAlive(talk, 1);
  },
);

test('of 17 clients the least recent one is forgotten: its next number is 1, and it can continue from there', async () => {
  const talk = await openNumbered();
  const { server, epoch, stream, send } = talk;
  for (let cseq = 1; cseq <= 2; cseq += 1) expect(await send(cseq)).toMatchObject(sent(cseq + 1));
  const others = Array.from({ length: 16 }, (_, index) => clientOf(server, epoch, `other-${index}`));
  for (const other of others) expect(await other.send(1)).toMatchObject(sent(2));
  // The client continues, and `held` tells it that it was forgotten.
  expect(await send(3, 'what did I say?')).toMatchObject(held(1));
  expect(await send(1, 'count to three')).toMatchObject(sent(2));
  expect(await send(2)).toMatchObject(sent(4));
  expect(await stream.nextAnswer()).toBe('One, two, three.');
  expect(await stream.nextAnswer()).toBe('You said: count to three');
  await expectAlive(talk, 4);
  // The first of the others was forgotten in its place; the last of them continues.
  expect(await others[15]?.send(2)).toMatchObject(sent(3));
  const [forgotten] = others;
  expect(JSON.parse((await forgotten?.send(18))?.text ?? '')).toMatchObject({ code: 'outside_window', next: 1 });
});

test('an envelope for an ended session is refused with 410 in both forms, and a new session has numbers of its own', async () => {
  const { server, stream, epoch, send, sendRaw } = await openNumbered();
  expect(await post(server, { client: 'a', cseq: 1, ack: `${epoch}.0`, items: [{ close: true }] })).toMatchObject(
    sent(2),
  );
  await stream.untilEnded();
  for (const answer of [
    await send(2, 'count to nine'),
    await sendRaw(2, 'count to nine'),
    await send(1),
    await send('1.5'),
  ]) {
    expectRefusal(answer, { status: 410, code: 'session_ended' });
  }

  const again = await openStream(`${server.url}/events/me`);
  const { epoch: newEpoch } = await again.untilNamed('session');
  const late = await send(2, 'count to nine');
  expect(late.status).toBe(409);
  expect(JSON.parse(late.text)).toMatchObject({ code: 'epoch_changed', epoch: newEpoch, next: 1 });
  const talk = { server, stream: again, epoch: newEpoch, ...clientOf(server, newEpoch) };
  await expectAlive(talk, 1);
});
