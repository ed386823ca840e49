import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { exchange, rawConnection, say } from './requests.ts';
import { nextResponse } from './server-response.ts';
import { openStream, type PlainMessage, type SseClient, textOf } from './sse-client.ts';
import { startTestServer, type TestServer, waitFor } from './test-server.ts';

/** As fast as it can: hours of speech in no time. */
const TORRENT = { emulator: { pace: 100_000 } };
const MEGABYTE = 1024 * 1024;

test('a reader that does not read costs no memory and does not hold up other readers', async () => {
  const server = await startTestServer({ LOG_BYTES: `${MEGABYTE}` }, TORRENT);
  const other = await openStream(`${server.url}/events/me?is_audio=true`);
  const [, response] = await silentReader(server);
  await sayUntilStuck(server, other, response);
  let most = 0;
  for (let turns = 0; turns < 4; turns += 1) {
    await say(server, 'count to thirty');
    expect(textOf(await other.nextTurn())).toMatch(/^One, two, .* thirty\.$/);
    most = Math.max(most, response.writableLength);
  }
  // What waits for it is one event, not the megabytes that the other one has heard meanwhile.
  expect(other.text.length).toBeGreaterThan(8 * MEGABYTE);
  expect(most).toBeLessThan(MEGABYTE / 8);
  expect(other.named('reset')).toEqual([]);
});

test('a reader that reads again while the log holds its position gets every turn, without the oldest audio', async () => {
  const server = await startTestServer({ LOG_BYTES: `${MEGABYTE}` }, TORRENT);
  const other = await openStream(`${server.url}/events/me?is_audio=true`);
  const { epoch } = await other.untilNamed('session');
  const [socket, response] = await silentReader(server, `${epoch}.0`);
  await sayUntilStuck(server, other, response);
  const read = readAll(socket);
  const withoutAudio = other.events.filter(({ data }) => (data as PlainMessage).mime_type !== 'audio/pcm');
  const ids = withoutAudio.filter(({ event }) => event !== 'session' && event !== 'hb').map(({ id }) => id);
  await waitFor('the last event', () => read().includes(`\nid: ${ids.at(-1)}\n`));
  const readIds = new Set(idsIn(read()));
  expect(ids.filter((id) => id && !readIds.has(id))).toEqual([]);
  expect(read()).not.toContain('\nevent: reset\n');
  expect(readIds.size).toBeLessThan(other.events.length);
});

test('a reader that reads again after the log has overtaken it gets a reset and continues at the head', async () => {
  const server = await startTestServer({ LOG_BYTES: '65536' }, TORRENT);
  const other = await openStream(`${server.url}/events/me?is_audio=true`);
  const [socket, response] = await silentReader(server);
  await sayUntilStuck(server, other, response);
  const read = readAll(socket);
  await waitFor('reset', () => read().includes('\nevent: reset\n'));
  await say(server, 'thank you');
  expect(textOf(await other.nextTurn())).toBe('You are welcome.');
  await waitFor('the next event', () => read().includes(`\nid: ${other.lastId}\n`));
  const [, before = '', after = ''] = /^(.*\n)id: \S+\nevent: reset\n(.*)$/s.exec(read()) ?? [];
  expect(JSON.parse(after.slice('data: '.length, after.indexOf('\n')))).toMatchObject({ reason: 'too_old' });
  // Nothing comes twice, and from there on nothing is missing that the other one hears.
  const ids = idsIn(after);
  const heard = other.events.filter(({ event }) => event !== 'hb').map(({ id }) => id);
  expect(heard.slice(-ids.length)).toEqual(ids);
  expect(idsIn(before)).not.toContain(ids[0]);
});

test('a reader that does not read is disconnected after STALL_MS, whenever the next heartbeat is due, and the session continues', async () => {
  const server = await startTestServer({ LOG_BYTES: `${MEGABYTE}`, HEARTBEAT_MS: '60000', STALL_MS: '1000' }, TORRENT);
  const other = await openStream(`${server.url}/events/me?is_audio=true`);
  const [, response] = await silentReader(server);
  await sayUntilStuck(server, other, response);
  await waitFor('the connection to be cut', () => response.destroyed);
  await say(server, 'thank you');
  expect(await other.nextAnswer()).toBe('You are welcome.');
  expect((await exchange(server, '/readyz')).status).toBe(200);
});

/** Has the agent talk until the buffers of the sockets are full, and a whole answer does not move the reader any more. */
async function sayUntilStuck(server: TestServer, other: SseClient, { socket }: ServerResponse): Promise<void> {
  let before = -1;
  while (socket?.bytesWritten !== before) {
    before = socket?.bytesWritten ?? 0;
    await say(server, 'count to thirty');
    await other.nextTurn();
  }
}

/** Opens a stream and reads nothing of it. */
async function silentReader(server: TestServer, since = ''): Promise<[Socket, ServerResponse]> {
  const url = `/events/me?${since ? `since=${since}` : 'silent'}`;
  const opened = nextResponse(url);
  const socket = await rawConnection(server);
  socket.pause();
  socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return [socket, await opened];
}

/** Reads from now on. @returns what came so far */
function readAll(socket: Socket): () => string {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.resume();
  return () => text;
}

/** The ids of the log's events in a raw response, each once. */
function idsIn(text: string): string[] {
  return [...text.matchAll(/^id: (\S+)\n(?!event: (?:session|hb|reset)\n)(?!\n)/gm)].map(([, id = '']) => id);
}
