import type { Socket } from 'node:net';
import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { watchAccepted } from './accepted-sockets.ts';
import { cuttableLine } from './cuttable-line.ts';
import { exchange, post, say } from './requests.ts';
import { audioOf, loggedOf, openScripted, speakSlowly, speech, untilNextHeartbeat } from './scripted-session.ts';
import { openStream, textOf } from './sse-client.ts';
import { startTestServer, type TestServer, waitFor } from './test-server.ts';
import { openSocket, type WsClient } from './ws-client.ts';

/** As fast as it can: hours of speech in no time. */
const TORRENT = { emulator: { pace: 100_000 } };
const MEGABYTE = 1024 * 1024;
const COUNT_TO_TWELVE = 'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.';

/** Waits until everything that the server would write by itself is there. */
async function settled(socket: WsClient): Promise<void> {
  // The first may have been on its way already.
  await untilNextHeartbeat(socket);
  await untilNextHeartbeat(socket);
}

describe('a WebSocket whose connection dropped', () => {
  test('in the middle of an answer resumes with since, many times, and gets every piece once, in order', async () => {
    const { server, provider, witness: uncut } = await openScripted();
    const line = await cuttableLine(server);
    const behindLine = { port: Number(new URL(line.url).port) };
    let socket = await openSocket(behindLine);
    await socket.untilNamed('session');
    const sockets = [socket];
    for (const words of [
      'One, two, three, ',
      'four, five, ',
      'six, seven, eight, ',
      'nine, ten, ',
      'eleven, twelve.',
    ]) {
      const [first = '', ...others] = words.split(/(?<= )/);
      provider.transcribe(first);
      await socket.until('one more message', () => socket.messages.length > 0);
      line.cut();
      for (const other of others) provider.transcribe(other);
      await socket.untilEnded();
      socket = await openSocket(behindLine, `/ws/me?client=a&since=${socket.lastId}`);
      sockets.push(socket);
    }
    provider.completeTurn();
    await socket.nextTurn();
    await uncut.nextTurn();
    expect(textOf(sockets.flatMap(({ messages }) => messages))).toBe(COUNT_TO_TWELVE);
    const ids = (events: { id: string | undefined; event: string | undefined }[]) =>
      events.filter(({ event }) => event === undefined).map(({ id }) => id);
    expect(ids(sockets.flatMap(({ events }) => events))).toEqual(ids(uncut.events));
    expect(sockets.flatMap((each) => each.named('reset'))).toEqual([]);
  });

  test('resumes as a stream, and a stream as a WebSocket, even in the middle of an entry', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    await say(server, 'what time is it?');
    await socket.nextTurn();
    const events = loggedOf(socket);
    for (const [index, { id = '' }] of events.entries()) {
      const rest = events.slice(index + 1);
      const stream = await openStream(`${server.url}/events/me?since=${id}`);
      const again = await openSocket(server, `/ws/me?client=b&since=${id}`);
      for (const reader of [stream, again]) {
        await reader.untilNamed('session');
        await reader.until(`the rest after ${id}`, () => loggedOf(reader).length >= rest.length);
        expect(loggedOf(reader)).toEqual(rest);
      }
      stream.close();
    }
  });

  test('resumes without a cursor where it left, if no other reader is attached', async () => {
    const server = await startTestServer();
    const before = await openSocket(server);
    before.send({ mime_type: 'text/plain', data: 'count to two' });
    expect(await before.nextAnswer()).toBe('One, two.');
    before.socket.close();
    await before.untilEnded();
    await say(server, 'count to three');
    const after = await openSocket(server);
    expect(await after.nextAnswer()).toBe('One, two, three.');
    expect(loggedOf(after)[0]?.id).not.toBe(loggedOf(before)[0]?.id);
  });

  test('because its client closed it resumes with what was said before the close', async () => {
    const server = await startTestServer();
    const [socket, connection] = await openSilent(server);
    socket.socket.resume();
    const { epoch } = await socket.untilNamed('session');
    // It does not see that the server has heard of it.
    socket.socket.close();
    socket.socket.pause();
    await waitFor('the close', () => connection.writableEnded);
    await say(server, 'count to two');
    for (let text = ''; !text.includes('"turn_complete":true'); ) {
      ({ text } = await exchange(server, `/poll/me?since=${epoch}.0&wait=1`));
    }
    socket.close();
    await socket.untilEnded();
    await waitFor('the end', () => connection.destroyed);
    const after = await openSocket(server);
    expect(await after.nextAnswer()).toBe('One, two.');
  });

  test.each([
    ['some-other-epoch12.5', 'unknown_epoch'],
    ['nonsense', 'malformed'],
  ])('and resumes with the cursor %s gets a reset after session, and then continues', async (since, reason) => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await stream.nextTurn();
    const socket = await openSocket(server, `/ws/me?client=a&since=${since}`);
    await socket.untilNamed('reset');
    expect(socket.events.slice(0, 2)).toMatchObject([
      { event: 'session' },
      { event: 'reset', data: { reason, turns: [{ role: 'user' }, { role: 'model', text: 'One, two.' }] } },
    ]);
    await say(server, 'count to three');
    expect(await socket.nextAnswer()).toBe('One, two, three.');
  });
});

describe('a client that acknowledges', () => {
  test('by frames is sent at most 3 s of audio beyond its ack and the rest after further acks, without a loss', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const socket = await openSocket(server, `/ws/me?client=a&since=${epoch}.0`);
    const acknowledge = (id = `${epoch}.0`) => socket.send({ client: 'a', ack: id });
    acknowledge();
    // An answer to what comes after it: the server has it.
    await socket.ask({ client: 'a', cseq: 1, items: [] });
    for (let index = 0; index < 10; index += 1) provider.send(speech(1_000, index));
    provider.completeTurn();
    await witness.nextTurn();
    await socket.until('3 s', () => audioOf(socket).length === 3);
    await settled(socket);
    expect(audioOf(socket)).toHaveLength(3);

    // Two of them were played.
    acknowledge(audioOf(socket)[1]?.id);
    await socket.until('two more', () => audioOf(socket).length >= 5);
    await settled(socket);
    expect(audioOf(socket)).toHaveLength(5);

    // By a POST it is the same.
    await post(server, { client: 'a', ack: audioOf(socket).at(-1)?.id });
    await socket.until('three more', () => audioOf(socket).length >= 8);
    acknowledge(audioOf(socket).at(-1)?.id);
    await socket.nextTurn();
    expect(loggedOf(socket)).toEqual(loggedOf(witness));
    expect(socket.named('gap')).toEqual([]);
  });

  test('too late gets one gap for the audio that the log dropped, before the next event', async () => {
    const environment = { LOG_BYTES: '65536', HEARTBEAT_MS: '60000' };
    const { server, provider, witness, epoch } = await openScripted(environment);
    const socket = await openSocket(server, `/ws/me?client=a&since=${epoch}.0`);
    await socket.untilNamed('hb');
    socket.send({ client: 'a', ack: `${epoch}.0` });
    await socket.ask({ client: 'a', cseq: 1, items: [] });
    await speakSlowly(provider, witness, 20, 500);
    provider.completeTurn();
    await witness.nextTurn();
    await socket.until('3 s', () => audioOf(socket).length === 6);
    socket.send({ client: 'a', ack: audioOf(socket).at(-1)?.id });
    await socket.nextTurn();
    const lost = 20 - audioOf(socket).length;
    expect(lost).toBeGreaterThan(0);
    expect(socket.named('gap')).toEqual([{ audio_ms: lost * 500 }]);
    const ids = audioOf(witness).map(({ id }) => id);
    expect(audioOf(socket).map(({ id }) => id)).toEqual([...ids.slice(0, 6), ...ids.slice(6 + lost)]);
    const at = socket.events.findIndex(({ event }) => event === 'gap');
    expect(socket.events[at]?.id).toBe(ids[5 + lost]);
  });
});

describe('a client that does not read', () => {
  test('costs no memory, gets a reset when it reads again, and misses no event after that', async () => {
    const server = await startTestServer({ LOG_BYTES: `${MEGABYTE}` }, TORRENT);
    const other = await openStream(`${server.url}/events/me?is_audio=true`);
    const [socket, connection] = await openSilent(server);
    await sayUntilStuck(server, other, connection);
    let most = 0;
    for (let turns = 0; turns < 4; turns += 1) {
      await say(server, 'count to thirty');
      await other.nextTurn();
      most = Math.max(most, connection.writableLength);
    }
    // What waits for it is one event, not the megabytes that the other one has heard meanwhile.
    expect(other.text.length).toBeGreaterThan(8 * MEGABYTE);
    expect(most).toBeLessThan(MEGABYTE / 8);
    socket.socket.resume();
    await say(server, 'thank you');
    expect(textOf(await other.nextTurn()).length).toBeGreaterThan(0);
    await waitFor('the newest', () => socket.events.some(({ id }) => id === loggedOf(other).at(-1)?.id));
    expect(socket.named('gap').length + socket.named('reset').length).toBeGreaterThan(0);
  });

  test('is disconnected after STALL_MS, whenever the next heartbeat is due, and the session continues', async () => {
    const server = await startTestServer(
      { LOG_BYTES: `${MEGABYTE}`, HEARTBEAT_MS: '60000', STALL_MS: '1000' },
      TORRENT,
    );
    const other = await openStream(`${server.url}/events/me?is_audio=true`);
    const [, connection] = await openSilent(server);
    await sayUntilStuck(server, other, connection);
    await waitFor('the connection to be cut', () => connection.destroyed);
    await say(server, 'thank you');
    expect(await other.nextAnswer()).toBe('You are welcome.');
  });

  test('has its own frames left unread once their answers pile up', async () => {
    const server = await startTestServer();
    const [socket, connection] = await openSilent(server);
    const frame = JSON.stringify({ mime_type: 'x'.repeat(90), data: '' });
    let most = 0;
    // Ten times what the buffers of the sockets may take.
    for (let sent = 0; sent < 400_000 && socket.socket.bufferedAmount < MEGABYTE; sent += 1_000) {
      for (let count = 0; count < 1_000; count += 1) socket.send(frame);
      await new Promise((resolve) => setTimeout(resolve, 5));
      most = Math.max(most, connection.writableLength);
    }
    expect(socket.socket.bufferedAmount).toBeGreaterThan(0);
    expect(most).toBeLessThan(2 * MEGABYTE);
    socket.socket.resume();
    await waitFor('an answer to each', () => socket.socket.bufferedAmount === 0);
    await socket.ask({ client: 'a', cseq: 1, items: [] });
  });
});

/** Opens a WebSocket that reads nothing. @returns the server's end of its connection too */
async function openSilent(server: TestServer): Promise<[WsClient, Socket]> {
  const accepted = watchAccepted(server);
  const socket = await openSocket(server);
  socket.socket.pause();
  return [socket, await waitFor('its connection', () => accepted[0])];
}

/** Has the agent talk until the buffers of the sockets are full, and a whole answer does not move the reader any more. */
async function sayUntilStuck(
  server: TestServer,
  other: { nextTurn(): Promise<unknown> },
  connection: Socket,
): Promise<void> {
  let before = -1;
  while (connection.bytesWritten !== before) {
    before = connection.bytesWritten;
    await say(server, 'count to thirty');
    await other.nextTurn();
  }
}
