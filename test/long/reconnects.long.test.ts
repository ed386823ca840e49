import { expect, test } from '@jest/globals';
import { post } from '../http/requests.ts';
import { loggedOf } from '../http/scripted-session.ts';
import { openStream, type SseClient } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { countTimers, openSockets } from './memory.ts';
import { startScriptedModel } from './scripted-model.ts';

const RECONNECTS = 500;
/** Every so many it has lost its connection; otherwise the older one is there yet, and has to give way. */
const LOST = 5;
/** Timers of the two connections that stay, of the test's own waiting, of Node's HTTP. */
const SOME_TIMERS = 10;

test('a client that reconnects 500 times during a reply receives each event once and in order, without effect on others and without leftover connections', async () => {
  const model = await startScriptedModel();
  // A connection that is lost keeps a timer for STALL_MS: see abandoned-sessions.test.ts.
  const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: model.url, STALL_MS: '1000' }, { emulator: 'none' });
  const witness = await openStream(`${server.url}/events/me?is_audio=true`);
  await witness.until('the model', () => witness.named('status').length === 2);
  const timers = countTimers();
  const before = openSockets();

  const connections: { cursor: string; stream: SseClient; lost: boolean }[] = [];
  let cursor = witness.lastId;
  for (let count = 0; count <= RECONNECTS; count += 1) {
    const older = connections.at(-1);
    if (older && count % LOST === 0) {
      older.lost = true;
      older.stream.close();
    }
    // The one of them may hear it, or the other, or both.
    model.speak('reply', count, count + 1);
    const stream = await openStream(`${server.url}/events/me?client=a`, { 'Last-Event-ID': cursor });
    connections.push({ cursor, stream, lost: false });
    await stream.until('an event', () => loggedOf(stream).length > 0);
    cursor = stream.lastId;
    if (count % 10 === 0) await post(server, { client: 'a', ack: cursor });
  }
  model.send({ serverContent: { turnComplete: true } });
  const newest = connections.at(-1)?.stream;
  await newest?.nextTurn();
  await witness.nextTurn();

  const log = loggedOf(witness);
  const ids = log.map(({ id }) => id);
  expect(ids).toHaveLength(2 + 2 * (RECONNECTS + 1) + 1);
  for (const { cursor, stream, lost } of connections) {
    const told = loggedOf(stream);
    // The events continue from the cursor without a gap, so the client receives each event once over all connections.
    const from = ids.indexOf(cursor) + 1;
    expect(told).toEqual(log.slice(from, from + told.length));
    for (const never of ['reset', 'gap'] as const) expect(stream.named(never)).toEqual([]);
    if (stream === newest) continue;
    await stream.untilEnded();
    expect(stream.events.at(-1)?.event === 'superseded').toBe(!lost);
  }
  expect(witness.ended).toBe(false);
  for (const never of ['reset', 'gap', 'superseded'] as const) expect(witness.named(never)).toEqual([]);
  await waitFor('the connections to be closed', () => openSockets() === before + 2);
  await waitFor('their timers to be cleared', () => timers() < SOME_TIMERS);
}, 60_000);
