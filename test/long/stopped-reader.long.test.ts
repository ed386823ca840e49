import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { post, rawConnection } from '../http/requests.ts';
import { audioOf, loggedOf, untilNextHeartbeat } from '../http/scripted-session.ts';
import { nextResponse } from '../http/server-response.ts';
import { openStream, SseClient } from '../http/sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from '../http/test-server.ts';
import { UNLIMITED } from '../http/unlimited.ts';
import { MEGABYTE, memoryInUse } from './memory.ts';
import { PIECE_MS, type ScriptedModel, startScriptedModel } from './scripted-model.ts';
import { formatLine, TurnReader } from './turn-reader.ts';

/** Ten seconds of speech, 640 kB on its way. */
const PIECES = 50;
/** Duration of the speech for a reader that does not read, in seconds: 38 MB. */
const LONG = 60;
/** Maximum number of bytes that wait for such a reader besides the system's buffers: an event or two. */
const WAITING_BYTES = MEGABYTE / 8;
/** Maximum growth of memory during the test. */
const FLAT_BYTES = 12 * MEGABYTE;

test('a reader that stops reading is cut after STALL_MS and resumes with everything it missed while the log holds its position', async () => {
  const { server, model, witness } = await openTalk({ LOG_BYTES: `${64 * MEGABYTE}` });
  const reader = await openReader(server, 'since=nowhere');
  await reader.client.untilNamed('reset');
  const told = [await speak(model, witness, 1)];
  await reader.client.nextTurn();
  reader.response.pause();
  await speakUntilStuck(reader, async () => told.push(await speak(model, witness, told.length + 1)));
  await waitFor('the connection to be cut', () => reader.atServer.destroyed);
  told.push(await speak(model, witness, told.length + 1));

  // Read the data that had already left the server.
  reader.response.resume();
  await reader.client.untilEnded();
  const again = await openReader(server, `since=${reader.client.lastId}`);
  const lastId = told.at(-1)?.ids.at(-1);
  await again.client.until('all of it', () => again.client.lastId === lastId);
  const heard = [...loggedOf(reader.client), ...loggedOf(again.client)];
  expect(heard.map(({ id }) => id)).toEqual(told.flatMap(({ ids }) => ids));
  expect(heard.map(formatLine)).toEqual(told.flatMap(({ lines }) => lines));
  expect(again.client.named('reset')).toEqual([]);
});

test('a reader that stops reading for long costs no memory and harms no other; it resumes behind the log with `reset`', async () => {
  const { server, model, witness } = await openTalk({ LOG_BYTES: '65536' });
  const reader = await openReader(server, 'since=nowhere');
  await reader.client.untilNamed('reset');
  reader.response.pause();
  let turn = 0;
  await speakUntilStuck(reader, () => speak(model, witness, ++turn));
  const before = memoryInUse();
  for (let more = 0; more < LONG; more += 1) {
    await speak(model, witness, ++turn);
    expect(reader.atServer.writableLength).toBeLessThan(WAITING_BYTES);
  }
  expect(memoryInUse() - before).toBeLessThan(FLAT_BYTES);
  await waitFor('the connection to be cut', () => reader.atServer.destroyed);

  reader.response.resume();
  await reader.client.untilEnded();
  const again = await openReader(server, `since=${reader.client.lastId}`);
  expect(await again.client.untilNamed('reset')).toMatchObject({
    reason: 'too_old',
    turns: expect.arrayContaining([
      { role: 'model', spoken: true, text: expect.stringContaining(`${turn} ${PIECES - 1}. `) },
    ]),
  });
  await speak(model, witness, ++turn);
  await again.client.nextTurn();
  expect(audioOf(again.client)).toHaveLength(PIECES);
});

test('a client that stops acknowledging costs no memory and harms no other; it receives `gap` for the audio it missed', async () => {
  // With a beat of one second, a slow machine speaks for longer than a client may be unheard.
  const { server, model, witness } = await openTalk({ LOG_BYTES: '65536', HEARTBEAT_MS: '10000' });
  const { client } = await openReader(server, 'client=phone&since=nowhere');
  await client.untilNamed('reset');
  const acknowledge = async () =>
    expect(await post(server, { client: 'phone', ack: client.lastId })).toMatchObject({ status: 200 });
  await acknowledge();
  let turn = 0;
  await speak(model, witness, ++turn);
  const before = memoryInUse();
  for (let more = 0; more < LONG; more += 1) await speak(model, witness, ++turn);
  expect(memoryInUse() - before).toBeLessThan(FLAT_BYTES);

  await acknowledge();
  const { ids } = await speak(model, witness, ++turn, 10);
  await client.until('the last turn', () => client.lastId === ids.at(-1));
  const heardMs = audioOf(client).length * PIECE_MS;
  const gapMs = client.named('gap').reduce((sum, { audio_ms }) => sum + audio_ms, 0);
  expect(heardMs + gapMs).toBe((turn - 1) * PIECES * PIECE_MS + 10 * PIECE_MS);
  // The first three seconds, and what came after it had acknowledged them.
  expect(heardMs).toBeGreaterThanOrEqual(3_000 + 10 * PIECE_MS);
  expect(client.messages.filter((message) => message.is_transcript)).toHaveLength((turn - 1) * PIECES + 10);
  expect(client.named('reset')).toHaveLength(1);
});

test('a poll that does not read its response is cut after STALL_MS', async () => {
  const { server, model, witness, stream } = await openTalk({});
  for (let turn = 1; turn <= 4; turn += 1) await speak(model, witness, turn);
  const [epoch] = witness.lastId.split('.');
  const path = `/poll/me?since=${epoch}.0&wait=0`;
  const atServer = nextResponse(path);
  const socket = await rawConnection(server);
  socket.pause();
  // Send more requests than the buffers of the sockets hold responses for.
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(100));
  const stuck = (await atServer).socket;
  for (let beats = 0; beats < 4; beats += 1) await untilNextHeartbeat(stream);
  expect(stuck?.destroyed).toBe(true);
});

async function openTalk(environment: Record<string, string>) {
  const model = await startScriptedModel();
  const server = await startTestServer(
    { ...UNLIMITED, GOOGLE_GEMINI_BASE_URL: model.url, STALL_MS: '1000', HEARTBEAT_MS: '1000', ...environment },
    { emulator: 'none' },
  );
  const stream = await openStream(`${server.url}/events/me?is_audio=true`);
  await stream.until('the model', () => stream.named('status').length === 2);
  stream.events.length = 0;
  return { server, model, stream, witness: new TurnReader(stream) };
}

interface StoppableReader {
  readonly client: SseClient;
  /** Can be paused. */
  readonly response: IncomingMessage;
  readonly atServer: ServerResponse;
}

async function openReader({ url }: TestServer, query: string): Promise<StoppableReader> {
  const path = `/events/me?${query}`;
  const opened = nextResponse(path);
  const response = await new Promise<IncomingMessage>((resolve) => get(`${url}${path}`, { agent: false }, resolve));
  const client = new SseClient(response);
  afterTest(() => client.close());
  return { client, response, atServer: await opened };
}

/** Has the model speak a turn, and gives it as the witness heard it: all of it. */
async function speak(model: ScriptedModel, witness: TurnReader, turn: number, pieces = PIECES) {
  const expected = [...model.speak(`${turn}`, 0, pieces), 'turn_complete'];
  model.send({ serverContent: { turnComplete: true } });
  const heard = await witness.turn();
  expect(heard.lines).toEqual(expected);
  return heard;
}

/** Speaks until the buffers of the sockets are full and a whole turn does not move the reader. */
async function speakUntilStuck({ atServer }: StoppableReader, speak: () => Promise<unknown>) {
  const { socket } = atServer;
  let before = -1;
  while (socket?.bytesWritten !== before) {
    before = socket?.bytesWritten ?? 0;
    await speak();
    expect(atServer.writableLength).toBeLessThan(WAITING_BYTES);
  }
}
