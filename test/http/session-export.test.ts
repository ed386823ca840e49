import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/server.ts';
import { formatArtifactUri } from '../../src/store/artifact-store.ts';
import { createFolderArtifacts } from '../../src/store/folder-artifacts.ts';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createSqliteStore } from '../../src/store/sql/sqlite-store.ts';
import { textEvent } from '../store/events.ts';
import { exchange, post, say } from './requests.ts';
import { utterance } from './speech.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, temporaryDirectory, waitFor } from './test-server.ts';

const KEY = { appName: 'agent', userId: 'me', sessionId: 'one' };

async function startStoreServer({ store = createMemoryStore(), artifacts = createMemoryArtifacts() }) {
  const config = readConfig({ DATABASE_URL: 'memory:', PORT: '0', LOG_LEVEL: 'silent', SHUTDOWN_GRACE_MS: '0' });
  const server = await startServer({ agent: new Agent({ name: 'agent' }), config, store, artifacts });
  afterTest(() => server.close());
  return server;
}

test('a conversation is exported as text, as a file with its title', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me/one?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'count to two', 'me/one');
  await stream.nextAnswer();
  const rename = { method: 'PATCH', body: '{"title":"Zwölf: a/b"}', headers: { 'Content-Type': 'application/json' } };
  await exchange(server, '/sessions/me/one', rename);
  const { status, headers, text } = await exchange(server, '/sessions/me/one?format=text');
  expect({ status, type: headers['content-type'], sniff: headers['x-content-type-options'] }).toEqual({
    status: 200,
    type: 'text/plain; charset=utf-8',
    sniff: 'nosniff',
  });
  expect(headers['content-disposition']).toBe(
    `attachment; filename="Zw_lf a b.txt"; filename*=UTF-8''Zw%C3%B6lf%20a%20b.txt`,
  );
  const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';
  expect(text).toMatch(
    new RegExp(
      `^Zwölf: a/b\nWith google_search_agent, until ${time} \\(UTC\\)\n\n${time}  User\ncount to two\n\n${time}  google_search_agent\nOne, two.\n$`,
    ),
  );
});

test('a spoken conversation is exported as WAV with both sides, also after a restart', async () => {
  const environment = {
    DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}`,
    DEMO_AGENT_MODEL: '',
  };
  const agent = new Agent({ name: 'agent', runConfig: { saveLiveBlob: true } });
  const first = await startTestServer(environment, { agent });
  const stream = await openStream(`${first.url}/events/me/one?is_audio=true`);
  await stream.untilNamed('session');
  await post(first, { mime_type: 'audio/pcm;rate=16000', data: utterance().toString('base64') }, '/send/me/one');
  await stream.nextAnswer();
  // The turn is in the recording while the conversation is live: nobody has to say more, or to leave.
  // The speech of the user is stored before that of the model.
  const hearsBoth = async ({ url }: TestServer) => {
    const { status, body } = await fetchBytes(`${url}/sessions/me/one?format=wav`);
    return status === 200 && [0, 2].every((offset) => isHeard(body, offset));
  };
  while (!(await hearsBoth(first))) await delay(20);
  await first.close();
  const second = await startTestServer(environment, { agent });
  const list = await (await fetch(`${second.url}/sessions/me`)).json();
  expect(list).toMatchObject({ sessions: [{ id: 'one', recorded: true }] });
  const { status, headers, body } = await fetchBytes(`${second.url}/sessions/me/one?format=wav`);
  expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'audio/wav' });
  expect(headers.get('content-length')).toBe(`${body.length}`);
  expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w ,.]+\.wav"; filename\*=UTF-8''/);
  expect([isHeard(body, 0), isHeard(body, 2)]).toEqual([true, true]);
});

/** Whether a channel of a WAV file is not silent. @param offset of its first byte in a frame */
function isHeard(wav: Buffer, offset: number): boolean {
  return wav.subarray(44).some((byte, index) => index % 4 === offset && byte !== 0);
}

async function fetchBytes(url: string) {
  const answer = await fetch(url);
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

test('a format that does not exist, a conversation without a recording, and one of nobody are refused', async () => {
  const store = createMemoryStore();
  await store.commit(KEY, { events: [textEvent('hello', 'user')] });
  const { url } = await startStoreServer({ store });
  const refuse = async (path: string) => {
    const { status, body } = await fetchBytes(`${url}${path}`);
    return `${status} ${JSON.parse(body.toString()).code}`;
  };
  expect(await refuse('/sessions/me/one?format=wav')).toBe('404 no_recording');
  expect(await refuse('/sessions/me/one?format=mp3')).toBe('400 invalid_query');
  expect(await refuse('/sessions/me/one?format=toString')).toBe('400 invalid_query');
  for (const format of ['json', 'text', 'wav']) {
    expect(await refuse(`/sessions/me/two?format=${format}`)).toBe('404 session_not_found');
  }
});

test.each([
  ['has no such method', undefined],
  ['fails', () => Promise.reject(new Error('no disk'))],
  ['never answers', () => new Promise<boolean>(() => undefined)],
])('a list does not tell what is recorded if the store of files %s', async (_what, hasFiles) => {
  const store = createMemoryStore();
  await store.commit(KEY, { events: [textEvent('hello', 'user')] });
  const { url } = await startStoreServer({ store, artifacts: Object.assign(createMemoryArtifacts(), { hasFiles }) });
  const { sessions } = (await (await fetch(`${url}/sessions/me`)).json()) as { sessions: object[] };
  expect(sessions).toEqual([{ id: 'one', title: 'hello', lastUpdateTime: expect.any(Number) }]);
});

test.each([
  ['', 'one'],
  ['..', 'conversation'],
  ['con', 'conversation con'],
  ['a\u202eb"c.', 'a b c'],
  ["it's (1)", "it's (1)"],
  ['x'.repeat(80), 'x'.repeat(60)],
])('a conversation with the title %j is downloaded as %s.txt', async (title, name) => {
  const store = createMemoryStore();
  await store.commit(KEY, { events: [textEvent('hello', 'agent')] });
  await store.rename(KEY, title);
  const { url } = await startStoreServer({ store });
  const { headers } = await fetchBytes(`${url}/sessions/me/one?format=text`);
  const disposition = headers.get('content-disposition') ?? '';
  expect(disposition).toMatch(/^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w%.~-]+$/);
  expect(decodeURIComponent(disposition.split("''")[1] ?? '')).toBe(`${name}.txt`);
});

test('a conversation of 100 MB is exported as text, part by part: a reader that stops reading is read nothing more for', async () => {
  const store = createSqliteStore({ file: join(await temporaryDirectory(), 'conversations.db') });
  afterTest(() => store.close());
  const line = 'x'.repeat(1024 * 1024);
  for (let index = 0; index < 100; index += 1) {
    await store.commit(KEY, { events: [textEvent(line, index % 2 ? 'agent' : 'user')] });
  }
  let reads = 0;
  const readEvents = store.readEvents.bind(store);
  store.readEvents = (...parameters) => {
    reads += 1;
    return readEvents(...parameters);
  };
  const { url } = await startStoreServer({ store });
  const slow = await fetch(`${url}/sessions/me/one?format=text`);
  await waitFor('the first part', () => reads > 0);
  let characters = 0;
  const answer = await fetch(`${url}/sessions/me/one?format=text`);
  for await (const part of answer.body ?? []) characters += part.length;
  expect(characters).toBeGreaterThan(100 * line.length);
  // The other reader was served meanwhile.
  expect(reads - 100).toBeLessThan(50);
  await slow.body?.cancel();
});

test('a recording of 100 MB is exported as WAV, file by file: a reader that stops reading is read nothing more for', async () => {
  const store = createMemoryStore();
  const folder = createFolderArtifacts({ folder: await temporaryDirectory() });
  const count = 12;
  const data = new Uint8Array(4 * 1024 * 1024).fill(1);
  for (let index = 0; index < count; index += 1) {
    const revision = await folder.save(KEY, `${index}`, { mimeType: 'audio/pcm;rate=24000', data });
    const fileData = { fileUri: formatArtifactUri(KEY, `${index}`, revision), mimeType: 'audio/pcm;rate=24000' };
    await store.commit(KEY, {
      events: [{ ...textEvent(''), timestamp: index * 100, content: { parts: [{ fileData }] } }],
    });
  }
  let loads = 0;
  const load = folder.load.bind(folder);
  folder.load = (...parameters) => {
    loads += 1;
    return load(...parameters);
  };
  const { url } = await startStoreServer({ store, artifacts: folder });
  const slow = await fetch(`${url}/sessions/me/one?format=wav`);
  // Each file was measured, and the first ones are sent.
  await waitFor('the first part', () => loads > count);
  let bytes = 0;
  const answer = await fetch(`${url}/sessions/me/one?format=wav`);
  for await (const part of answer.body ?? []) bytes += part.length;
  expect(bytes).toBe(Number(answer.headers.get('content-length')));
  expect(bytes).toBeGreaterThan(2 * count * data.length);
  expect(loads).toBeLessThan(3 * count + count / 2);
  await slow.body?.cancel();
});

test.each(['json', 'text', 'wav'])(
  'an export as %s lets others be served between two pages, of which nothing may be written',
  async (format) => {
    const store = createMemoryStore();
    const stateDelta = { note: 'x'.repeat(100_000) };
    for (let index = 0; index < 9; index += 1) {
      await store.commit(KEY, { events: [{ ...textEvent(''), content: {}, actions: { stateDelta } }] });
    }
    let turns = 0;
    const turnsOfReads: number[] = [];
    const readEvents = store.readEvents.bind(store);
    store.readEvents = (...parameters) => {
      if (turnsOfReads.length === 0) countTurns();
      turnsOfReads.push(turns);
      return readEvents(...parameters);
    };
    const countTurns = () => {
      turns += 1;
      if (turnsOfReads.length < 5) setImmediate(countTurns);
    };
    const { url } = await startStoreServer({ store });
    await fetchBytes(`${url}/sessions/me/one?format=${format}`);
    expect(turnsOfReads).toHaveLength(5);
    expect(new Set(turnsOfReads).size).toBe(5);
  },
);

test('many exports at the same time take turns: in one turn of the event loop one of them reads', async () => {
  const store = createMemoryStore();
  const stateDelta = { note: 'x'.repeat(100_000) };
  for (let index = 0; index < 6; index += 1) {
    await store.commit(KEY, { events: [{ ...textEvent(''), content: {}, actions: { stateDelta } }] });
  }
  let turns = 0;
  let isOver = false;
  const readsOfTurn = new Map<number, number>();
  const readEvents = store.readEvents.bind(store);
  store.readEvents = (...parameters) => {
    readsOfTurn.set(turns, (readsOfTurn.get(turns) ?? 0) + 1);
    return readEvents(...parameters);
  };
  const countTurns = () => {
    turns += 1;
    if (!isOver) setImmediate(countTurns);
  };
  const { url } = await startStoreServer({ store });
  countTurns();
  const answers = await Promise.all(Array.from({ length: 30 }, () => fetchBytes(`${url}/sessions/me/one`)));
  isOver = true;
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.length}`)).size).toBe(1);
  expect([...readsOfTurn.values()].reduce((sum, reads) => sum + reads, 0)).toBe(90);
  // A turn is counted before or after the read in it.
  expect(Math.max(...readsOfTurn.values())).toBeLessThanOrEqual(2);
});

test('a user reads two recordings at a time, another one is refused until one of them is over', async () => {
  const store = createMemoryStore();
  const artifacts = createMemoryArtifacts();
  const mimeType = 'audio/pcm;rate=24000';
  const fileData = { fileUri: formatArtifactUri(KEY, 'a', 0), mimeType };
  for (const userId of ['me', 'bob']) {
    const key = { ...KEY, userId };
    await artifacts.save(key, 'a', { mimeType, data: new Uint8Array(1_000) });
    const uri = formatArtifactUri(key, 'a', 0);
    const content = { parts: [{ fileData: { ...fileData, fileUri: uri } }] };
    await store.commit(key, { events: [{ ...textEvent(''), content }] });
  }
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  let loads = 0;
  const load = artifacts.load.bind(artifacts);
  artifacts.load = async (key, ...others) => {
    loads += 1;
    if (key.userId === 'me') await opened;
    return load(key, ...others);
  };
  const { url } = await startStoreServer({ store, artifacts });
  const first = [fetchBytes(`${url}/sessions/me/one?format=wav`), fetchBytes(`${url}/sessions/me/one?format=wav`)];
  await waitFor('both', () => loads === 2);
  const refused = await fetchBytes(`${url}/sessions/me/one?format=wav`);
  expect({ status: refused.status, body: JSON.parse(refused.body.toString()) }).toMatchObject({
    status: 503,
    body: { code: 'server_busy', retry: true },
  });
  expect((await fetchBytes(`${url}/sessions/me/one?format=text`)).status).toBe(200);
  expect((await fetchBytes(`${url}/sessions/bob/one?format=wav`)).status).toBe(200);
  resolve();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await fetchBytes(`${url}/sessions/me/one?format=wav`)).status).toBe(200);
});
