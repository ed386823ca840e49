import diagnostics from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { ConnectionEvents } from '../../src/wire/named-events.ts';
import { exchange, post, rawConnection, say } from './requests.ts';
import { audioOf, loggedOf, openScripted, speakSlowly, speech } from './scripted-session.ts';
import { expectRefusal } from './sessions.ts';
import { openStream, type PlainMessage, type SseEvent, textOf } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from './test-server.ts';

interface Batch {
  readonly events: readonly SseEvent[];
  readonly cursor: string;
}

async function poll(server: TestServer, query: string, user = 'me', sent: Record<string, string> = {}): Promise<Batch> {
  const { status, headers, text } = await exchange(server, `/poll/${user}?${query}`, { headers: sent });
  expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json; charset=utf-8' });
  expect(headers['content-length']).toBe(`${Buffer.byteLength(text)}`);
  expect(headers['cache-control']).toBe('no-store, no-transform');
  const batch: Batch = JSON.parse(text);
  expect(Object.keys(batch)).toEqual(['events', 'cursor']);
  return batch;
}

/** A poll that the server has, and that it has no answer for yet. */
async function hold(server: TestServer, query: string): Promise<{ answer: Promise<Batch> }> {
  const arrived = nextPoll();
  const answer = poll(server, query);
  // A test that fails before it looks at the answer must fail for its own reason.
  answer.catch(() => {});
  await arrived;
  return { answer };
}

/** Resolves when the next poll waits for something to say: the server runs in this process. */
async function nextPoll(): Promise<void> {
  await new Promise<void>((resolve) => {
    const onRequest = (message: unknown) => {
      if ((message as { request: { url: string } }).request.url.startsWith('/poll/')) resolve();
    };
    diagnostics.subscribe('http.server.request.start', onRequest);
    afterTest(() => diagnostics.unsubscribe('http.server.request.start', onRequest));
  });
  await setImmediate();
}

/** Waits until a session is over for want of readers. */
function untilIdle(server: TestServer, user: string): Promise<unknown> {
  return waitFor('the end of the session', () =>
    server.logs.some((line) => line.includes('"reason":"idle"') && line.includes(`"userId":"${user}"`)),
  );
}

/** Polls until there is nothing more. */
async function pollAll(server: TestServer, since: string): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  let cursor = since;
  for (;;) {
    const batch = await poll(server, `since=${cursor}&wait=0`);
    if (batch.events.length === 0 && batch.cursor === cursor) return events;
    events.push(...batch.events);
    cursor = batch.cursor;
  }
}

/** Polls until the turn is over. */
async function pollTurn(server: TestServer, since: string): Promise<{ events: SseEvent[]; cursor: string }> {
  const events: SseEvent[] = [];
  let cursor = since;
  while (!events.some(({ event, data }) => event === undefined && (data as PlainMessage).turn_complete)) {
    const batch = await poll(server, `since=${cursor}`);
    events.push(...batch.events);
    cursor = batch.cursor;
  }
  return { events, cursor };
}

const messagesOf = (events: readonly SseEvent[]) =>
  events.filter(({ event }) => event === undefined).map(({ data }) => data as PlainMessage);
/** As the stream has them: an absent field is not there in JSON. */
const comparable = (events: readonly SseEvent[]) => events.map(({ id, event, data }) => ({ id, event, data }));

describe('a first poll', () => {
  test('opens the session and is answered at once, beginning with session', async () => {
    const server = await startTestServer();
    const { events, cursor } = await poll(server, 'client=a&is_audio=true');
    const [{ id, event, data } = { id: '', event: '', data: {} }] = events;
    const session = data as ConnectionEvents['session'];
    expect([id, event]).toEqual([`${session.epoch}.0`, 'session']);
    expect(session).toMatchObject({ user_id: 'me', session_id: 'default', client: 'a', next: 1, modality: 'AUDIO' });
    expect(session.limits.window).toBe(16);
    expect(cursor.startsWith(`${session.epoch}.`)).toBe(true);
    expect(events.slice(1).every((each) => each.event === 'status')).toBe(true);
  });

  test('is followed by polls that return each event once', async () => {
    const server = await startTestServer();
    const { cursor } = await poll(server, '');
    await say(server, 'count to twelve');
    const { events } = await pollTurn(server, cursor);
    expect(textOf(messagesOf(events))).toBe(
      'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.',
    );
    const ids = events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a poll with a cursor', () => {
  test('that changes the modality gets session at once, and one that repeats it waits', async () => {
    const server = await startTestServer();
    const { cursor } = await poll(server, 'wait=0&is_audio=false');
    const { events } = await poll(server, `is_audio=true&since=${cursor}`);
    expect(events[0]).toMatchObject({ event: 'session', data: { modality: 'AUDIO' } });
    const again = await poll(server, `is_audio=true&wait=0&since=${cursor}`);
    expect(again.events.map(({ event }) => event)).not.toContain('session');
  });

  test('of any event returns exactly the events after it, as a stream does', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'what time is it?');
    await stream.nextTurn();
    const events = loggedOf(stream);
    for (const [index, { id = '' }] of events.entries()) {
      expect(comparable(await pollAll(server, id))).toEqual(events.slice(index + 1));
    }
  });

  test('in the middle of an entry returns its next frame', async () => {
    const { server, provider, epoch } = await openScripted();
    const functionCalls = ['one', 'two', 'three'].map((id) => ({ id, name: 'unheard_of', args: {} }));
    provider.send({ toolCall: { functionCalls } });
    await provider.received('toolResponse');
    provider.completeTurn();
    const { events } = await pollTurn(server, `${epoch}.0`);
    const ids = events.filter(({ event }) => event === 'tool_call').map(({ id = '' }) => id);
    expect(ids).toEqual([`${ids[2]}-1`, `${ids[2]}-2`, ids[2]]);
    for (const [index, { id = '' }] of events.entries()) {
      expect(await pollAll(server, id)).toEqual(events.slice(index + 1));
    }
  });

  test.each([
    ['unknown_epoch', () => 'anotherEpoch12345.3'],
    ['ahead', (newest: string) => newest.replace(/\d+$/, (seq) => `${Number(seq) + 1}`)],
    ['ahead', (newest: string) => newest.replace(/\d+$/, '999999999999999')],
    ['malformed', (newest: string) => newest.replace(/\d+$/, '9999999999999999')],
    ['malformed', (newest: string) => newest.replace(/\d+$/, '-1')],
    ['malformed', () => 'what'],
    ['malformed', () => ''],
  ])('whose position is lost (%s) returns session and reset, and a cursor that resumes', async (reason, cursorOf) => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await stream.nextTurn();
    const cursor = cursorOf(stream.lastId);
    const batches = [await poll(server, `since=${cursor}`)];
    if (cursor !== '') batches.push(await poll(server, '', 'me', { 'Last-Event-ID': cursor }));
    for (const batch of batches) {
      expect(batch.events.map(({ event }) => event)).toEqual(['session', 'reset']);
      expect(batch.events[1]?.data).toMatchObject({
        reason,
        turns: [{ text: 'count to two' }, { text: 'One, two.' }],
      });
      expect(batch.cursor).toBe(stream.lastId);
      expect(await poll(server, `since=${batch.cursor}&wait=0`)).toEqual({ events: [], cursor: batch.cursor });
    }
    await say(server, 'thank you');
    const { events } = await pollTurn(server, stream.lastId);
    expect(textOf(messagesOf(events))).toBe('You are welcome.');
  });

  test('in Last-Event-ID takes precedence over one in since', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await stream.nextTurn();
    const headers = { 'Last-Event-ID': stream.lastId };
    const { text } = await exchange(server, '/poll/me?since=what&wait=0', { headers });
    expect(JSON.parse(text)).toEqual({ events: [], cursor: stream.lastId });
  });

  test('of a closed session returns end, and then 204', async () => {
    const server = await startTestServer();
    const { cursor } = await poll(server, '');
    await post(server, { close: true });
    const events: SseEvent[] = [];
    let since = cursor;
    while (!events.some(({ event }) => event === 'end')) {
      // The session may be over before the poll is there: what it lacks is lost with it.
      const { status, text } = await exchange(server, `/poll/me?since=${since}`);
      if (status === 204) break;
      const batch: Batch = JSON.parse(text);
      events.push(...batch.events);
      since = batch.cursor;
    }
    const { status, text } = await exchange(server, `/poll/me?since=${since}`);
    expect({ status, text }).toEqual({ status: 204, text: '' });
  });

  test('that is held when the session closes returns end', async () => {
    const { server, witness } = await openScripted();
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const held = await hold(server, `since=${witness.lastId}&wait=25`);
    await post(server, { close: true });
    expect((await held.answer).events.map(({ event, data }) => [event, data])).toEqual([['end', { reason: 'closed' }]]);
  });
});

describe('a poll without new events', () => {
  test('returns its own cursor, at once for wait=0 and after wait seconds otherwise', async () => {
    const { server, witness } = await openScripted();
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const { lastId } = witness;
    for (const wait of [0, 0.5, 1]) {
      const before = performance.now();
      expect(await poll(server, `since=${lastId}&wait=${wait}`)).toEqual({ events: [], cursor: lastId });
      // A timer may be a millisecond early.
      expect(performance.now() - before).toBeGreaterThan(wait * 1_000 - 5);
    }
  });

  test('is answered with the next event', async () => {
    const { server, provider, witness } = await openScripted();
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const held = await hold(server, `since=${witness.lastId}&wait=25`);
    provider.transcribe('here it is');
    const { events, cursor } = await held.answer;
    await witness.until('the same', () => witness.messages.length === 1);
    expect(comparable(events)).toEqual([
      { id: cursor, event: undefined, data: { mime_type: 'text/plain', data: 'here it is', is_transcript: true } },
    ]);
    expect(cursor).toBe(witness.lastId);
  });

  test('is answered when the server shuts down', async () => {
    const { server, witness } = await openScripted();
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const { lastId } = witness;
    const held = await hold(server, `since=${lastId}&wait=25`);
    await server.close();
    expect((await held.answer).cursor).toBe(lastId);
  });

  test.each(['x', '-1', '26', 'Infinity'])('is refused for wait=%s', async (wait) => {
    const server = await startTestServer();
    expectRefusal(await exchange(server, `/poll/me?wait=${wait}`), {
      status: 400,
      code: 'invalid_query',
      error: 'wait must be 0 to 25 seconds',
    });
  });
});

test('polls return a long backlog in batches of 256 KiB, without a loss', async () => {
  const { server, provider, witness, epoch } = await openScripted();
  for (let index = 0; index < 20; index += 1) provider.send(speech(1_000, index));
  provider.completeTurn();
  await witness.nextTurn();
  const sizes: number[] = [];
  const events: SseEvent[] = [];
  for (let cursor = `${epoch}.0`; sizes.at(-1) !== 0; ) {
    const batch = await poll(server, `since=${cursor}&wait=0`);
    sizes.push(JSON.stringify(batch.events).length - '[]'.length);
    events.push(...batch.events);
    cursor = batch.cursor;
  }
  expect(comparable(events)).toEqual(loggedOf(witness));
  // 1.3 MB, each piece 64 KB; the piece that fills a batch is its last.
  expect(sizes.length).toBeGreaterThan(4);
  expect(Math.max(...sizes)).toBeLessThan((256 + 64 + 1) * 1024);
});

test('audio that the log dropped for lack of space is reported to a poll in one gap before the next event', async () => {
  const { server, provider, witness, epoch } = await openScripted({ LOG_BYTES: '65536' });
  await speakSlowly(provider, witness, 20, 500);
  provider.completeTurn();
  await witness.nextTurn();
  const events = await pollAll(server, `${epoch}.0`);
  const heard = audioOf({ events });
  const gaps = events.filter(({ event }) => event === 'gap');
  expect(gaps.map(({ data }) => data)).toEqual([{ audio_ms: (20 - heard.length) * 500 }]);
  // From there on nothing is missing.
  const rest = await pollAll(server, gaps[0]?.id ?? '');
  expect(rest.some(({ event }) => event === 'gap')).toBe(false);
  expect(audioOf({ events: rest })).toEqual(heard);
});

describe('presence', () => {
  test('is kept by a held poll and ends with it', async () => {
    const { server, provider, witness } = await openScripted({ LINGER_MS: '0' });
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const other = await openStream(`${server.url}/events/other`);
    await other.untilNamed('session');
    const held = await hold(server, `since=${witness.lastId}&wait=25`);
    // When the second of them is known to have left, so has the first.
    witness.close();
    await witness.untilEnded();
    other.close();
    await untilIdle(server, 'other');
    provider.transcribe('still here');
    expect(textOf(messagesOf((await held.answer).events))).toBe('still here');
    await untilIdle(server, 'me');
    expectRefusal(await post(server, { mime_type: 'text/plain', data: 'hello' }), {
      status: 404,
      code: 'session_not_found',
    });
  });

  test('ends with the connection of a held poll', async () => {
    const { server, witness } = await openScripted({ LINGER_MS: '0' });
    await witness.until('it to be connected', () => witness.named('status').length === 2);
    const arrived = nextPoll();
    const socket = await rawConnection(server);
    socket.write(`GET /poll/me?since=${witness.lastId}&wait=25 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await arrived;
    witness.close();
    await witness.untilEnded();
    socket.destroy();
    await untilIdle(server, 'me');
  });
});

test('polls and streams that take turns with one cursor return each event once', async () => {
  const server = await startTestServer({}, { emulator: { pace: 1.5 } });
  const witness = await openStream(`${server.url}/events/me`);
  const { epoch } = await witness.untilNamed('session');
  await say(server, 'count to twelve');
  const events: SseEvent[] = [];
  let cursor = `${epoch}.0`;
  const over = () => events.some(({ data }) => (data as PlainMessage).turn_complete);
  for (let turn = 0; !over(); turn += 1) {
    if (turn % 2 === 0) {
      const batch = await poll(server, `since=${cursor}&client=a`);
      events.push(...batch.events);
      cursor = batch.cursor;
    } else {
      const stream = await openStream(`${server.url}/events/me?client=a`, { 'Last-Event-ID': cursor });
      await stream.until('one more event', () => loggedOf(stream).length > 0);
      stream.close();
      events.push(...loggedOf(stream));
      cursor = stream.lastId;
      expect(stream.named('reset')).toEqual([]);
    }
  }
  await witness.nextTurn();
  expect(comparable(events)).toEqual(loggedOf(witness).slice(0, events.length));
  expect(events.length).toBeGreaterThan(6);
});
