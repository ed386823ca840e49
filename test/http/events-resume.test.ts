import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { exchange, say } from './requests.ts';
import { openStream, type SseClient, type SseEvent, textOf } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

/** The pace of speech: slow enough to be cut in mid-answer. */
const SPEECH = { emulator: { pace: 1.1 } };
const COUNT_TO_TWELVE = 'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.';

describe('a stream whose connection dropped', () => {
  test('in the middle of an answer resumes with Last-Event-ID and gets every piece once, in order', async () => {
    const server = await startTestServer({}, SPEECH);
    const uncut = await openStream(`${server.url}/events/me`);
    const before = await openStream(`${server.url}/events/me`);
    await before.untilNamed('session');
    await say(server, 'count to twelve');
    await before.until('some of the answer', () => before.messages.length >= 2);
    before.close();
    const after = await resume(server, before);
    await after.nextTurn();
    await uncut.nextTurn();

    const pieces = [...before.messages, ...after.messages];
    expect(textOf(pieces)).toBe(COUNT_TO_TWELVE);
    expect(before.messages.at(-1)).not.toHaveProperty('turn_complete');
    expect(logged(before, after).filter(isMessage)).toEqual(logged(uncut).filter(isMessage));
    expect(after.named('reset')).toEqual([]);
  });

  test('many times loses no event', async () => {
    const server = await startTestServer({}, SPEECH);
    let stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    await say(server, 'count to twelve');
    const streams = [stream];
    for (;;) {
      await stream.until('one more message', () => stream.messages.length > 0);
      stream.close();
      if (stream.messages.some((message) => message.turn_complete)) break;
      stream = await resume(server, stream);
      streams.push(stream);
    }
    expect(streams.length).toBeGreaterThan(3);
    expect(textOf(streams.flatMap(({ messages }) => messages))).toBe(COUNT_TO_TWELVE);
  });

  test('resumes with the events that no reader was there for', async () => {
    const server = await startTestServer();
    const before = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    expect(await before.nextAnswer()).toBe('One, two.');
    before.close();
    await before.untilEnded();
    await say(server, 'count to three');
    const after = await resume(server, before);
    expect(await after.nextAnswer()).toBe('One, two, three.');
  });
});

describe('a cursor', () => {
  test('of any event in the log resumes with exactly the events after it', async () => {
    const server = await startTestServer();
    const whole = await openStream(`${server.url}/events/me`);
    await say(server, 'what time is it?');
    await whole.nextTurn();
    const events = logged(whole);
    expect(events.length).toBeGreaterThan(6);
    for (const [index, { id = '' }] of events.entries()) {
      const rest = events.slice(index + 1);
      const resumed = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': id });
      await resumed.until(`the rest after ${id}`, () => logged(resumed).length >= rest.length);
      await resumed.untilNamed('session');
      expect(logged(resumed)).toEqual(rest);
      expect(resumed.named('reset')).toEqual([]);
      resumed.close();
    }
  });

  test('before the first event, as in the block with an id alone, resumes with all events', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me`);
    const { epoch } = await first.untilNamed('session');
    await say(server, 'count to two');
    await first.nextTurn();
    const again = await openStream(`${server.url}/events/me?since=${epoch}.0`);
    await again.nextTurn();
    expect(logged(again)).toEqual(logged(first));
  });

  test('in Last-Event-ID takes precedence over one in since', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me`);
    const { epoch } = await first.untilNamed('session');
    await say(server, 'count to two');
    await first.nextTurn();
    const both = await openStream(`${server.url}/events/me?since=${epoch}.0`, { 'Last-Event-ID': first.lastId });
    await both.untilNamed('hb');
    expect(logged(both)).toEqual([]);
  });

  test.each(['/events', '/poll'])(
    'in lastEventId, which event-source-polyfill adds to its first URL, takes precedence over since on %s, and repeats no settings',
    async (route) => {
      const server = await startTestServer();
      const first = await openStream(`${server.url}/events/me`);
      const { epoch } = await first.untilNamed('session');
      await say(server, 'count to two');
      await first.nextTurn();
      const url = `${route}/me?since=${epoch}.0&is_audio=true&framing=odd&wait=0&lastEventId=${first.lastId}`;
      if (route === '/poll') {
        const { text } = await exchange(server, url);
        expect(JSON.parse(text)).toEqual({ events: [], cursor: first.lastId });
      } else {
        const again = await openStream(`${server.url}${url}`);
        await again.untilNamed('hb');
        expect(logged(again)).toEqual([]);
        expect(await again.untilNamed('session')).toMatchObject({ epoch, modality: 'TEXT' });
      }
    },
  );
});

test('a cursor with more frames than its entry has resumes after the entry', async () => {
  const { server, first } = await conversation();
  const stream = await openStream(`${server.url}/events/me?since=${first.lastId}-999999`);
  await say(server, 'thank you');
  expect(await stream.nextAnswer()).toBe('You are welcome.');
  expect(stream.named('reset')).toEqual([]);
});

describe('a reader without a cursor', () => {
  test('starts where the last reader left, if no other reader is attached', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await first.nextTurn();
    first.close();
    await first.untilEnded();
    await say(server, 'count to three');
    const second = await openStream(`${server.url}/events/me`);
    expect(await second.nextAnswer()).toBe('One, two, three.');
    expect(second.named('reset')).toEqual([]);
  });

  test('starts at the head, if another reader is attached', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await first.nextTurn();
    const second = await openStream(`${server.url}/events/me`);
    await second.untilNamed('session');
    await say(server, 'count to three');
    expect(await first.nextAnswer()).toBe('One, two, three.');
    expect(await second.nextAnswer()).toBe('One, two, three.');
  });

  test('gets a reset, if no other reader is attached and the position of the last one is lost', async () => {
    const server = await startTestServer({ LOG_AGE_MS: '1000', HEARTBEAT_MS: '1000' });
    const first = await openStream(`${server.url}/events/me`);
    await first.untilNamed('session');
    first.close();
    await first.untilEnded();
    await say(server, 'count to two');
    const other = await openStream(`${server.url}/events/other`);
    await other.until('the log to age', () => other.named('hb').length >= 3);
    await say(server, 'count to three');
    const second = await openStream(`${server.url}/events/me`);
    expect(await second.untilNamed('reset')).toMatchObject({ reason: 'too_old' });
  });
});

describe('a cursor whose position is lost gets status 200, a reset and then the head:', () => {
  test.each([
    ['unknown_epoch', () => 'anotherEpoch12345.3'],
    ['ahead', (epoch: string) => `${epoch}.4000`],
    ['ahead', (epoch: string) => `${epoch}.4000-1`],
    ['ahead', (epoch: string) => `${epoch}.999999999999999`],
    ['malformed', (epoch: string) => `${epoch}.9999999999999999`],
    ['malformed', (epoch: string) => `${epoch}.1e3`],
    ['malformed', (epoch: string) => `${epoch}.1-1-1`],
    ['malformed', (epoch: string) => epoch],
    ['malformed', () => 'ÿ'],
    ['malformed', () => 'what is this?'],
    ['malformed', (epoch: string) => `${epoch}.-3`],
    ['malformed', () => 'x'.repeat(5_000)],
  ])('%s', async (reason, cursorOf) => {
    const { server, first, epoch, answer } = await conversation();
    for (const query of [false, true]) {
      const cursor = cursorOf(epoch);
      const stream = query
        ? await openStream(`${server.url}/events/me?since=${encodeURIComponent(cursor)}`)
        : await openStream(`${server.url}/events/me`, { 'Last-Event-ID': cursor });
      expect(stream.status).toBe(200);
      expect(await stream.untilNamed('reset')).toEqual({
        reason,
        turns: [
          { role: 'user', text: 'count to two' },
          { role: 'model', text: answer },
        ],
        truncated: false,
      });
      expect(stream.events.map(({ event }) => event)).toEqual(['session', 'reset']);
      expect(stream.lastId).toBe(first.lastId);
      stream.close();
    }
    const stream = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': cursorOf(epoch) });
    await stream.untilNamed('reset');
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
  });

  test('too_old', async () => {
    const { server, first, epoch } = await conversation({ LOG_AGE_MS: '1000', HEARTBEAT_MS: '1000' });
    await first.until('the log to age', () => first.named('hb').length >= 3);
    await say(server, 'count to three');
    await first.nextTurn();
    const stream = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': `${epoch}.1` });
    const { reason, turns } = await stream.untilNamed('reset');
    expect(reason).toBe('too_old');
    expect(turns.map(({ text }) => text)).toEqual(['count to two', 'One, two.', 'count to three', 'One, two, three.']);
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
  });

  test('ahead, for the number after the newest entry but not for the newest entry', async () => {
    const { server, first, epoch } = await conversation();
    const [, newest] = first.lastId.split('.');
    const ahead = await openStream(`${server.url}/events/me?since=${epoch}.${Number(newest) + 1}`);
    expect(await ahead.untilNamed('reset')).toMatchObject({ reason: 'ahead' });
    const uptodate = await openStream(`${server.url}/events/me?since=${epoch}.${newest}`);
    await say(server, 'thank you');
    for (const stream of [ahead, uptodate]) expect(await stream.nextAnswer()).toBe('You are welcome.');
    expect(uptodate.named('reset')).toEqual([]);
  });

  test('malformed, for a since with a NUL and line breaks, which forge no field', async () => {
    const { server } = await conversation();
    const forged = encodeURIComponent('x\n\ndata: forged\n\n\u0000');
    const stream = await openStream(`${server.url}/events/me?since=${forged}`);
    expect(await stream.untilNamed('reset')).toMatchObject({ reason: 'malformed' });
    expect(stream.text).not.toContain('forged');
  });

  test('no reset, for an empty Last-Event-ID, which counts as none', async () => {
    const { server, first, epoch } = await conversation();
    const stream = await openStream(`${server.url}/events/me?since=${epoch}.0`, { 'Last-Event-ID': '' });
    await stream.nextTurn();
    expect(logged(stream)).toEqual(logged(first));
  });

  test('malformed, for an empty since, and not a status 4xx', async () => {
    const { server } = await conversation();
    const stream = await openStream(`${server.url}/events/me?since=`);
    expect(stream.status).toBe(200);
    expect(await stream.untilNamed('reset')).toMatchObject({ reason: 'malformed' });
  });
});

test('a reset after an interruption marks the unfinished turn as interrupted', async () => {
  const server = await startTestServer({}, SPEECH);
  const first = await openStream(`${server.url}/events/me`);
  await first.untilNamed('session');
  await say(server, 'count to thirty');
  await first.until('some of the answer', () => first.messages.length >= 2);
  await say(server, 'thank you');
  await first.nextTurn();
  await first.nextTurn();
  const stream = await openStream(`${server.url}/events/me?since=nothing`);
  const { turns } = await stream.untilNamed('reset');
  expect(turns).toEqual([
    { role: 'user', text: 'count to thirty' },
    { role: 'model', text: expect.stringMatching(/^One, two, three/), interrupted: true },
    { role: 'user', text: 'thank you' },
    { role: 'model', text: 'You are welcome.' },
  ]);
});

test('GET /events with a cursor of a forgotten session opens a new session and sends a reset', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': 'anEpochOfLastWeek.17' });
  const { epoch } = await stream.untilNamed('session');
  expect(await stream.untilNamed('reset')).toEqual({ reason: 'unknown_epoch', turns: [], truncated: false });
  expect(stream.text).toContain(`id: ${epoch}.`);
  expect((await exchange(server, '/readyz')).text).toContain('"sessions":1');
});

/** A server, and a reader that has been given one answer. */
async function conversation(environment: Record<string, string> = {}) {
  const server = await startTestServer(environment);
  const first = await openStream(`${server.url}/events/me`);
  const { epoch } = await first.untilNamed('session');
  await say(server, 'count to two');
  const answer = await first.nextAnswer();
  return { server, first, epoch, answer };
}

/** Comes back as an EventSource does. */
function resume(server: TestServer, stream: SseClient): Promise<SseClient> {
  return openStream(`${server.url}/events/me`, { 'Last-Event-ID': stream.lastId });
}

/** The events that have a place in the log. */
function logged(...streams: SseClient[]): SseEvent[] {
  const ofConnection = ['session', 'hb', 'reset', 'drain'];
  return streams.flatMap(({ events }) => events.filter(({ event }) => !event || !ofConnection.includes(event)));
}

function isMessage({ event }: SseEvent): boolean {
  return event === undefined;
}
