import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { SCENARIOS } from '../../src/emulator/gemini/scenarios.ts';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { heard, runnerFor, startTalk } from '../agent/talk.ts';
import { post, say } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';
import { openStream } from '../http/sse-client.ts';
import type { TestServer } from '../http/test-server.ts';
import { afterTest, waitFor } from '../http/test-server.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { until } from '../models/until.ts';
import { picture } from '../picture.ts';

const play = (scenario: Scenario, environment = {}) =>
  openSession(environment, { emulator: { pace: 50, strict: true, scenario } });
const listSetups = ({ upstream }: TestServer) => upstream?.setups as Record<string, unknown>[];

describe('pain 10: "transparent resumption is forced, and the Gemini API refuses it":', () => {
  test('on the Gemini API a lost connection is resumed by its handle, without the field transparent', async () => {
    const { server, stream } = await play([[{ at: { turn: 1 }, do: 'drop' }]]);
    await say(server, 'count to two');
    await stream.nextTurn();
    await stream.until('the resumption', () => stream.named('status').some(({ upstream }) => upstream === 'resumed'));
    expect(listSetups(server).map(({ sessionResumption }) => sessionResumption)).toEqual([
      {},
      { handle: expect.any(String) },
    ]);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
  });

  test('on Vertex AI resumption is transparent', async () => {
    const { server, stream } = await play([[{ at: { turn: 1 }, do: 'drop' }]], { GOOGLE_GENAI_USE_VERTEXAI: 'true' });
    await say(server, 'count to two');
    await stream.nextTurn();
    await stream.until('the resumption', () => stream.named('status').some(({ upstream }) => upstream === 'resumed'));
    expect(listSetups(server).map(({ sessionResumption }) => sessionResumption)).toEqual([
      { transparent: true },
      { handle: expect.any(String), transparent: true },
    ]);
  });
});

describe('pain 11: "no handle outlives a connection, so a returning caller starts again":', () => {
  test('a client that returns within LINGER_MS resumes the same live session and misses nothing', async () => {
    const { server, stream } = await openSession();
    await say(server, 'my favourite number is seven');
    await stream.nextTurn();
    stream.close();
    await say(server, 'what did I say?');
    const back = await openStream(`${server.url}/events/me`);
    expect(await back.nextAnswer()).toBe('You said: my favourite number is seven');
    expect(server.upstream?.setups).toHaveLength(1);
  });

  test('a client that returns later finds the conversation although the session at the provider has ended', async () => {
    const { server, stream } = await openSession({ LINGER_MS: '50' });
    await say(server, 'my favourite number is seven');
    await stream.nextTurn();
    stream.close();
    await waitFor('the end of the session', () => server.upstream?.connections === 0);
    const back = await openStream(`${server.url}/events/me`);
    await back.untilNamed('session');
    await say(server, 'what did I say?');
    expect(await back.nextAnswer()).toBe('You said: my favourite number is seven');
    expect(server.upstream?.setups).toHaveLength(2);
  });

  test('a caller of runLive receives each handle and can resume with it in another run', async () => {
    const emulator = await startGeminiEmulator({ pace: 50, strict: true });
    afterTest(() => emulator.close());
    const first = startTalk(runnerFor(modelAt(emulator.url)));
    first.say('my favourite number is seven');
    await first.turn(1);
    // The server sends a handle with the setup and a newer one after the turn.
    const handle = await until(() => {
      const end = first.events.findIndex(({ turnComplete }) => turnComplete);
      const updates = first.events.slice(end).map((event) => event.liveSessionResumptionUpdate);
      return updates.find((update) => update)?.newHandle;
    });
    await first.close();

    // Another Runner, with a store of its own: what it knows, it knows from the provider.
    const second = startTalk(runnerFor(modelAt(emulator.url)), { sessionResumption: { handle } });
    second.say('what did I say?');
    expect(heard(await second.turn(1))).toBe('You said: my favourite number is seven');
    await second.close();
  });
});

describe('pain 12: "sessions end after ten minutes in spite of compression":', () => {
  test('compression is on by default, and each connection at its time limit is followed by another without loss', async () => {
    const { server, stream } = await play(SCENARIOS['goaway-each-turn']);
    for (let turn = 1; turn <= 8; turn += 1) {
      await say(server, 'count to six');
      expect(await stream.nextAnswer()).toBe('One, two, three, four, five, six.');
    }
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to six');
    expect(stream.messages.filter(({ interrupted }) => interrupted)).toEqual([]);
    expect(stream.named('failure')).toEqual([]);
    for (const setup of listSetups(server))
      expect(setup).toMatchObject({ contextWindowCompression: { slidingWindow: {} } });
  });

  test('an answer in progress at the time limit is completed', async () => {
    const { server, stream } = await play(SCENARIOS['goaway-mid-turn']);
    await say(server, 'count to thirty');
    const turn = await stream.nextTurn();
    expect(turn.filter(({ interrupted }) => interrupted)).toEqual([]);
    await stream.until('the resumption', () => stream.named('status').some(({ upstream }) => upstream === 'resumed'));
  });

  test('a resumption refused with 1007, as after pictures, is followed by a new connection that knows the conversation', async () => {
    const { server, stream } = await play([
      [{ at: { turn: 1 }, do: 'drop' }],
      [{ at: 'setup', do: { close: 1007, reason: 'Request contains an invalid argument.' } }],
    ]);
    expect((await post(server, { mime_type: 'image/jpeg', data: picture('image/jpeg') })).status).toBe(200);
    await say(server, 'my favourite number is seven, look');
    await stream.nextTurn();
    await stream.until('the fresh connection', () =>
      stream.named('status').some(({ upstream }) => upstream === 'reseeded'),
    );
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: my favourite number is seven, look');
    expect(stream.named('failure')).toEqual([]);
  });
});
