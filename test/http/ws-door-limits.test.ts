import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';

import { watchAccepted } from './accepted-sockets.ts';
import { create, isType } from './agentscope.ts';
import { openBareSocket } from './bare-socket.ts';
import { holdBudgets } from './limits/held-budgets.ts';
import { ask, DOORS, wordsOf } from './page-doors.ts';
import { exchange, say } from './requests.ts';
import { expectLimit } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';

const MEGABYTE = 1024 * 1024;

describe.each(Object.entries(DOORS))('a page of %s', (_name, door) => {
  test('is counted among the readers of its user, also when a newer one has muted it, and is refused in its own words', async () => {
    const server = await startTestServer({ MAX_USER_READERS: '2' });
    const older = await door.open(server);
    const newer = await door.open(server);
    expect(await ask(newer, door, 'count to two')).toBe('One, two.');
    const refused = await openBareSocket(server, door.path).catch(() => undefined);
    if (refused) {
      const [code, reason] = await once(refused.socket, 'close');
      expect([code, String(reason)]).toEqual([1008, expect.stringMatching(/^This user has 2 open streams/)]);
      expect(refused.messages.some((message) => door.readError(message)?.[0] === 'too_many_connections')).toBe(true);
    } else {
      // The page of the WebSocket sample has no message for errors.
      expect(door.path).toMatch(/^\/ws\/\d/);
    }
    older.socket.close();
    await once(older.socket, 'close');
    await waitFor('its place', () => door.open(server));
  });

  test('has its messages read more slowly above the requests of its address, and each of them is answered', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    const release = holdBudgets();
    const page = await door.open(server);
    const errors = () => page.messages.filter((message) => door.readError(message)?.[0] === 'malformed_item').length;
    for (let count = 0; count < 110; count += 1) page.send('{"what":1}');
    await waitFor('the limit', () => errors() >= 100);
    expectLimit(await exchange(server, '/poll/me?wait=0'), 429, 'too_many_requests');
    release();
    await waitFor('the answers', () => errors() === 110);
    expect(page.socket.readyState).toBe(page.socket.OPEN);
  });

  test('that sends speech too fast is read at the allowed rate, and nothing is refused', async () => {
    const server = await startTestServer({ MAX_USER_AUDIO_S_PER_MINUTE: '60' });
    const page = await door.open(server);
    for (let minute = 0; minute < 4; minute += 1) page.send(Buffer.alloc(32_000 * 60));
    await waitFor('the pause', () => page.socket.bufferedAmount > 0);
    expect(await exchange(server, '/poll/somebody?wait=0')).toMatchObject({ status: 200 });
    expect(page.messages.filter((message) => door.readError(message))).toEqual([]);
  });

  test('that reads nothing costs no memory and is closed after STALL_MS; the session continues for others', async () => {
    const server = await startTestServer(
      { LOG_BYTES: `${MEGABYTE}`, HEARTBEAT_MS: '60000', STALL_MS: '1000' },
      { emulator: { pace: 100_000 } },
    );
    const accepted = watchAccepted(server);
    const page = await door.open(server);
    const [connection] = accepted;
    const other = await openStream(`${server.url}/events/${door.session}?is_audio=true`);
    await other.untilNamed('session');
    page.socket.pause();
    let most = 0;
    while (!connection?.destroyed) {
      await say(server, 'count to thirty', door.session);
      await other.nextTurn();
      most = Math.max(most, connection?.writableLength ?? 0);
      if (most > MEGABYTE) break;
    }
    expect(most).toBeLessThan(MEGABYTE / 8);
    await say(server, 'thank you', door.session);
    expect(await other.nextAnswer()).toBe('You are welcome.');
  });
});

test('of pages of several kinds in one session the newest gets the messages, the others can still send, and clients with names and streams get all', async () => {
  const server = await startTestServer();
  const named = await openBareSocket(server, '/ws/You/session1?client=phone');
  const stream = await openStream(`${server.url}/events/You/session1`);
  await stream.untilNamed('session');
  const demo = await openBareSocket(server, '/ws/You/session1');
  demo.send({ type: 'text', text: 'count to two' });
  await demo.until(({ turnComplete }) => turnComplete === true);
  const dev = await openBareSocket(server, '/run_live?user_id=You&session_id=session1');
  const scope = await openBareSocket(server, '/ws/You/session1');
  scope.send(create({}));
  await scope.until(isType('server_session_created'));
  const plain = await openBareSocket(server, '/ws/You/session1?dialect=plain');
  const seen = [demo, dev, scope].map(({ messages }) => messages.length);
  demo.send({ type: 'text', text: 'count to three' });
  await plain.until(({ turn_complete: complete }) => complete === true);
  expect(wordsOf(plain.messages)).toBe('One, two, three.');
  expect([demo, dev, scope].map(({ messages }) => messages.length)).toEqual(seen);
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect(await stream.nextAnswer()).toBe('One, two, three.');
  const turns = () => named.messages.filter(({ data }) => (data as { turn_complete?: true }).turn_complete).length;
  await waitFor('both answers', () => turns() === 2);
});

test('changes of the switches of a page above the connections to the model of its user are refused in its own words', async () => {
  const server = await startTestServer({ MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: '2' });
  holdBudgets();
  const isComplete = ({ turnComplete }: Record<string, unknown>) => turnComplete === true;
  const text = { type: 'text', text: 'count to two' };
  const first = await openBareSocket(server, '/ws/You/session1?is_audio=true');
  first.send(text);
  await first.until(isComplete);
  const second = await openBareSocket(server, '/ws/You/session1?is_audio=false');
  const third = await openBareSocket(server, '/ws/You/session1?is_audio=true');
  expect(await third.until(({ errorCode }) => errorCode !== undefined)).toMatchObject({
    errorCode: 'too_many_model_connections',
  });
  second.send(text);
  await second.until(isComplete);
});
