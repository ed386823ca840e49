import { describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner, RunLiveParams } from '../../src/agent/run/runner.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { open, say, send, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();
const PERSONA = { instruction: 'Be a pirate.', agentName: 'Jack', userName: 'Ann' };
const CARD = { appName: 'app', agent: 'echo', model: 'none', audioOnly: false, inputRate: 16_000, outputRate: 24_000 };

/** Sessions of a runner whose runs say nothing, and read their requests. */
function start(card: Partial<LiveRunner['card']> = { acceptsPersona: true, provider: 'gemini' }) {
  const runs: RunLiveParams[] = [];
  const requests: LiveRequest[] = [];
  const runner: LiveRunner = {
    card: { ...CARD, ...card },
    // biome-ignore lint/correctness/useYield: the run has no events
    async *runLive(params) {
      runs.push(params);
      for (let next = await params.liveRequestQueue.get(); next; next = await params.liveRequestQueue.get()) {
        requests.push(next);
      }
    },
  };
  const sessions = closing(sessionsOf(runner));
  return { sessions, runs, requests };
}

/** Waits for everything that needs no timer. */
async function flush(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

describe('a config that a client requests', () => {
  test('replaces the run, which is told the persona and nothing of the request, and is told to all readers', async () => {
    const { sessions, runs, requests } = start();
    const session = await open(sessions);
    await flush();
    const reader = await TestReader.attach(session);
    await send(session, [{ configure: { ...PERSONA, provider: 'gemini' } }, say('hello')]);
    await flush();
    expect(runs.map(({ persona }) => persona)).toEqual([undefined, PERSONA]);
    expect(requests).toEqual([say('hello')]);
    expect(reader.read()).toEqual([
      { reconfigured: { modality: 'TEXT', proactivity: false, affective_dialog: false } },
      { typed: { client: null, text: 'hello', pictures: 0 } },
    ]);
    expect(session.log.at(1)?.entry.names).toMatchObject({ agent: 'echo', agentName: 'Jack' });
    expect(session.info.agentName).toBe('Jack');
  });

  test('that is the one of the session changes nothing, and an empty one returns to what the author wrote', async () => {
    const { sessions, runs } = start();
    const session = await open(sessions);
    await flush();
    for (const configure of [{}, PERSONA, { ...PERSONA, provider: 'gemini' }, {}]) {
      await send(session, [{ configure }]);
      await flush();
    }
    expect(runs.map(({ persona }) => persona)).toEqual([undefined, PERSONA, {}]);
    expect(session.info).not.toHaveProperty('agentName');
  });

  test('is the last of a body: the others start no runs', async () => {
    const { sessions, runs } = start();
    const session = await open(sessions);
    await flush();
    const reader = await TestReader.attach(session);
    const configs = Array.from({ length: 999 }, (_, index) => ({ configure: { agentName: `agent ${index}` } }));
    await send(session, [...configs, { configure: PERSONA }]);
    await flush();
    expect(runs.map(({ persona }) => persona)).toEqual([undefined, PERSONA]);
    expect(reader.read()).toEqual([
      { reconfigured: { modality: 'TEXT', proactivity: false, affective_dialog: false } },
    ]);
  });

  test('that arrives before the first run has started is the one of that run, and is told to all readers', async () => {
    const { sessions, runs } = start();
    const session = await open(sessions);
    const reader = await TestReader.attach(session);
    await send(session, [{ configure: {} }, { configure: PERSONA }]);
    await flush();
    expect(runs.map(({ persona }) => persona)).toEqual([PERSONA]);
    expect(reader.read()).toEqual([
      { reconfigured: { modality: 'TEXT', proactivity: false, affective_dialog: false } },
    ]);
  });

  test('survives a change of the other settings', async () => {
    const { sessions, runs } = start();
    const session = await open(sessions);
    await send(session, [{ configure: PERSONA }]);
    session.reconfigure({ responseModalities: ['AUDIO'] });
    await flush();
    expect(runs.at(-1)).toMatchObject({ persona: PERSONA, runConfig: { responseModalities: ['AUDIO'] } });
  });

  test.each([
    [{ acceptsPersona: false }, PERSONA, 'config_not_allowed', /instruction/],
    [{ acceptsPersona: false }, { userName: 'Ann' }, 'config_not_allowed', /name of the user/],
    [{}, PERSONA, 'config_not_allowed', /runner/],
    [{ acceptsPersona: true, provider: 'gemini' }, { provider: 'openai' }, 'invalid_run_config', /provider/],
    [{ acceptsPersona: true }, { provider: 'gemini' }, 'invalid_run_config', /provider/],
  ])('is refused by a runner with the card %j if it is %j', async (card, configure, code, text) => {
    const { sessions, runs, requests } = start(card);
    const session = await open(sessions);
    await expect(send(session, [{ configure }, say('hello')])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(text),
    });
    await flush();
    expect(runs).toHaveLength(1);
    expect(requests).toEqual([]);
  });
});

describe('a session whose first run waits for the first request', () => {
  const params = { firstRunDelayMs: 500 };

  test('starts the run with the config of that request, which changes nothing that readers knew', async () => {
    const { sessions, runs } = start();
    const session = await open(sessions, params);
    const reader = await TestReader.attach(session);
    await flush();
    expect(runs).toEqual([]);
    await send(session, [{ configure: PERSONA }]);
    await flush();
    expect(runs.map(({ persona }) => persona)).toEqual([PERSONA]);
    expect(reader.read()).toEqual([]);
  });

  test.each([{ configure: {} }, say('hello'), { close: true }])(
    'starts the run with the request %j',
    async (request) => {
      const { sessions, runs } = start();
      const session = await open(sessions, params);
      await send(session, [request]);
      await flush();
      expect(runs).toHaveLength('close' in request ? 0 : 1);
      expect(session.over).toBe('close' in request);
    },
  );

  test('starts the run by itself after the wait, once', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const { sessions, runs } = start();
      const session = await open(sessions, params);
      session.revive();
      await jest.advanceTimersByTimeAsync(499);
      expect(runs).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(runs).toHaveLength(1);
      await send(session, [say('hello')]);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(runs).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });

  test('never starts the run of a session that was stopped before', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const { sessions, runs } = start();
      await open(sessions, params);
      sessions.close();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(runs).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });
});
