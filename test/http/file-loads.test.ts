import { get } from 'node:http';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/server.ts';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { afterTest, waitFor } from './test-server.ts';

const MIB = 1024 * 1024;

/** A server whose store of files has one of 10 MiB for each user, and answers when the test says so. */
async function start() {
  const artifacts = createMemoryArtifacts();
  for (const userId of ['me', 'bob', 'ann']) {
    const key = { appName: 'agent', userId, sessionId: 'one' };
    await artifacts.save(key, 'a', { mimeType: 'audio/pcm', data: new Uint8Array(10 * MIB) });
  }
  const state = { loads: 0, loading: 0, most: 0, gate: Promise.resolve() };
  const load = artifacts.load.bind(artifacts);
  artifacts.load = async (...parameters) => {
    state.loads += 1;
    state.loading += 1;
    state.most = Math.max(state.most, state.loading);
    await state.gate;
    state.loading -= 1;
    return load(...parameters);
  };
  const config = readConfig({
    ...{ DATABASE_URL: 'memory:', PORT: '0', LOG_LEVEL: 'silent', SHUTDOWN_GRACE_MS: '0' },
    MAX_HELD_BYTES: `${80 * MIB}`,
  });
  const server = await startServer({
    agent: new Agent({ name: 'agent' }),
    config,
    store: createMemoryStore(),
    artifacts,
  });
  afterTest(() => server.close());
  return {
    url: server.url,
    state,
    open: (userId: string) => request(`${server.url}/sessions/${userId}/one/artifacts/a`),
  };
}

/** A request whose answer is not read. */
function request(url: string) {
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>();
  const sent = get(url, { agent: false }, (answer) => resolve(answer.statusCode));
  sent.on('error', () => resolve(undefined));
  afterTest(() => void sent.destroy());
  return { status, leave: () => sent.destroy() };
}

test('clients that leave while their file is read cost no memory afterwards', async () => {
  const { url, state, open } = await start();
  for (let round = 0; round < 12; round += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    state.gate = promise;
    const { leave, status } = open('me');
    await waitFor('the load', () => state.loading === 1);
    leave();
    await status;
    // The server learns of it.
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    resolve();
    await waitFor('the end of the load', () => state.loading === 0);
  }
  expect(await open('me').status).toBe(200);
});

test('a user who reads no answers has a few files in memory, and others get theirs', async () => {
  const { open } = await start();
  const statuses: (number | undefined)[] = [];
  for (let index = 0; index < 6; index += 1) statuses.push(await open('me').status);
  expect(statuses).toEqual([200, 200, 200, 503, 503, 503]);
  expect(await open('bob').status).toBe(200);
});

test('files are read a few at a time, and all who wait get theirs', async () => {
  const { state, open } = await start();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  const answers = ['me', 'bob', 'ann', 'me', 'bob', 'ann'].map((user) => open(user));
  await waitFor('the first four', () => state.loading === 4);
  resolve();
  expect(await Promise.all(answers.map(({ status }) => status))).toEqual([200, 200, 200, 200, 200, 200]);
  expect(state).toMatchObject({ loads: 6, most: 4 });
});
