import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { type ScriptedGemini, startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { exchange } from './requests.ts';
import { untilNextHeartbeat } from './scripted-session.ts';
import { expectRefusal } from './sessions.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from './test-server.ts';
import { HANDSHAKE, openSocket } from './ws-client.ts';

const HALF_CASCADE = 'gemini-live-2.5-flash-preview';
const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const THREE_EIGHT = 'gemini-3.8-live';

/** Starts a server with a model and an agent, and its provider. */
async function start(model = HALF_CASCADE, runConfig: RunConfig = {}) {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const agent = new Agent({ name: 'anna', runConfig });
  const server = await startTestServer(
    { GOOGLE_GEMINI_BASE_URL: gemini.url, DEMO_AGENT_MODEL: model, HEARTBEAT_MS: '1000' },
    { emulator: 'none', agent },
  );
  return { server, gemini };
}

const isReady = (stream: SseClient) => stream.named('status').some(({ upstream }) => upstream === 'ready');

/** Opens a reader and waits until the provider is connected. */
async function ready(server: TestServer, query: string): Promise<SseClient> {
  const stream = await openStream(`${server.url}/events/me?${query}`);
  await stream.until('ready', () => isReady(stream));
  return stream;
}

/** Returns the settings in the setup of the newest of `connections` model connections. */
async function readSettings(gemini: ScriptedGemini, connections: number): Promise<object> {
  const { setup } = await gemini.connection(connections - 1);
  const { responseModalities, ...generation } = setup.generationConfig;
  const { proactivity } = setup;
  return { modality: responseModalities[0], ...generation, ...(proactivity ? { proactivity } : {}) };
}

const prebuilt = (voiceName: string) => ({ voiceConfig: { prebuiltVoiceConfig: { voiceName } } });

describe('new sessions', () => {
  test.each<[query: string, model: string, expected: object]>([
    ['', HALF_CASCADE, { modality: 'TEXT' }],
    ['is_audio=true', HALF_CASCADE, { modality: 'AUDIO' }],
    ['is_audio=true&voice=Kore', HALF_CASCADE, { modality: 'AUDIO', speechConfig: prebuilt('Kore') }],
    ['is_audio=true&language=de-DE', HALF_CASCADE, { modality: 'AUDIO', speechConfig: { languageCode: 'de-DE' } }],
    ['is_audio=false&voice=Sulafat', NATIVE, { modality: 'AUDIO', speechConfig: prebuilt('Sulafat') }],
    ['proactivity=true', NATIVE, { modality: 'AUDIO', proactivity: { proactiveAudio: true } }],
    ['affective_dialog=true', NATIVE, { modality: 'AUDIO', enableAffectiveDialog: true }],
    ['agent=anna', HALF_CASCADE, { modality: 'TEXT' }],
    ['is_audio=&voice=&language=&proactivity=&affective_dialog=&agent=', HALF_CASCADE, { modality: 'TEXT' }],
  ])('a session opened with ?%s of %s has these settings', async (query, model, expected) => {
    const { server, gemini } = await start(model);
    await ready(server, query);
    expect(await readSettings(gemini, 1)).toEqual(expected);
  });

  test("a session has the settings of the agent's RunConfig that the connection does not override", async () => {
    const runConfig: RunConfig = {
      responseModalities: ['AUDIO'],
      speechConfig: { ...prebuilt('Kore'), languageCode: 'de-DE' },
    };
    const { server, gemini } = await start(HALF_CASCADE, runConfig);
    const stream = await ready(server, 'voice=Puck');
    expect(await readSettings(gemini, 1)).toEqual({
      modality: 'AUDIO',
      speechConfig: { ...prebuilt('Puck'), languageCode: 'de-DE' },
    });
    expect(await stream.untilNamed('session')).toMatchObject({ modality: 'AUDIO' });
  });
});

describe('changed settings', () => {
  const CHANGES: [query: string, expected: object][] = [
    ['voice=Puck', { modality: 'AUDIO', speechConfig: prebuilt('Puck') }],
    ['proactivity=true', { modality: 'AUDIO', speechConfig: prebuilt('Kore'), proactivity: { proactiveAudio: true } }],
    ['affective_dialog=true', { modality: 'AUDIO', speechConfig: prebuilt('Kore'), enableAffectiveDialog: true }],
  ];

  test.each(CHANGES)(
    'a different setting (%s) replaces the run, and the other settings stay',
    async (query, expected) => {
      const { server, gemini } = await start(NATIVE);
      const first = await ready(server, 'voice=Kore');
      const { epoch } = await first.untilNamed('session');
      const second = await openStream(`${server.url}/events/me?${query}`);
      expect(await second.untilNamed('session')).toMatchObject({ epoch });
      expect(await readSettings(gemini, 2)).toEqual(expected);
    },
  );

  test('a different language replaces the run', async () => {
    const { server, gemini } = await start();
    await ready(server, 'is_audio=true&language=de-DE');
    await openStream(`${server.url}/events/me?language=fr-FR`);
    expect(await readSettings(gemini, 2)).toEqual({ modality: 'AUDIO', speechConfig: { languageCode: 'fr-FR' } });
  });

  test.each(['voice=Kore&proactivity=true&affective_dialog=true', '', 'is_audio=false&agent=anna'])(
    'settings that are the same or absent (%s) keep the run',
    async (query) => {
      const { server, gemini } = await start(NATIVE);
      const first = await ready(server, 'voice=Kore&proactivity=true&affective_dialog=true');
      await openStream(`${server.url}/events/me?${query}`);
      await untilNextHeartbeat(first);
      expect([gemini.connections.length, first.named('status').length]).toEqual([1, 2]);
    },
  );

  test('a setting that is off, as it is by default, keeps the run', async () => {
    const { server, gemini } = await start(NATIVE);
    const first = await ready(server, '');
    await openStream(`${server.url}/events/me?proactivity=false&affective_dialog=false`);
    await untilNextHeartbeat(first);
    expect(gemini.connections).toHaveLength(1);
  });

  test('settings in a URL that an EventSource repeats with Last-Event-ID are ignored', async () => {
    const { server, gemini } = await start(NATIVE);
    const first = await ready(server, 'voice=Kore');
    const again = await openStream(`${server.url}/events/me?voice=Puck`, { 'Last-Event-ID': first.lastId });
    await untilNextHeartbeat(again);
    expect(gemini.connections).toHaveLength(1);
  });

  test('different settings of a WebSocket or a poll replace the run', async () => {
    const { server, gemini } = await start(NATIVE);
    await ready(server, 'voice=Kore');
    await openSocket(server, '/ws/me?client=a&voice=Puck');
    expect(await readSettings(gemini, 2)).toEqual({ modality: 'AUDIO', speechConfig: prebuilt('Puck') });
    const { status, text } = await exchange(server, '/poll/me?voice=Leda&since=nonsense');
    expect([status, JSON.parse(text).events[0].event]).toEqual([200, 'session']);
    expect(await readSettings(gemini, 3)).toEqual({ modality: 'AUDIO', speechConfig: prebuilt('Leda') });
  });
});

const WRONG: [query: string, model: string, code: string, error: RegExp][] = [
  ['is_audio=yes', HALF_CASCADE, 'invalid_query', /^is_audio must be true or false$/],
  ['proactivity=1', NATIVE, 'invalid_query', /^proactivity must be true or false$/],
  ['affective_dialog=TRUE', NATIVE, 'invalid_query', /^affective_dialog must be true or false$/],
  ['agent=otto', NATIVE, 'invalid_query', /^agent must be anna: this server has no other agent$/],
  ['voice=puck', HALF_CASCADE, 'invalid_run_config', /"puck" is no voice of .*; it has Puck, /],
  ['language=Deutsch!', HALF_CASCADE, 'invalid_run_config', /languageCode must be a BCP-47 tag, as de-DE$/],
  [
    'language=de-DE',
    THREE_EIGHT,
    'invalid_run_config',
    /languageCode: gemini-3\.8-live speaks the language that it hears/,
  ],
  ['proactivity=true', HALF_CASCADE, 'invalid_run_config', /proactiveAudio: .* answers all that it hears/],
  ['proactivity=false', THREE_EIGHT, 'invalid_run_config', /proactiveAudio: .* always keeps silent/],
  ['affective_dialog=true', THREE_EIGHT, 'invalid_run_config', /enableAffectiveDialog: .* has none/],
];

describe('invalid settings', () => {
  test.each(WRONG)(
    '?%s of %s is refused with 400 %s on each route, and no session is opened',
    async (query, model, code, error) => {
      const { server, gemini } = await start(model);
      const refusal = { status: 400, code, error };
      expectRefusal(await exchange(server, `/events/me?${query}`), refusal);
      expectRefusal(await exchange(server, `/poll/me?${query}`), refusal);
      expectRefusal(await exchange(server, `/ws/me?client=a&${query}`, { headers: HANDSHAKE }), refusal);
      expect(JSON.parse((await exchange(server, '/readyz')).text)).toMatchObject({ sessions: 0 });
      expect(gemini.connections).toHaveLength(0);
    },
  );

  test('invalid settings do not change a live session', async () => {
    const { server, gemini } = await start(NATIVE);
    const stream = await ready(server, 'voice=Kore');
    for (const query of ['voice=Nobody', 'voice=Puck&proactivity=maybe', 'voice=Puck&agent=otto']) {
      expect((await exchange(server, `/events/me?${query}`)).status).toBe(400);
    }
    await untilNextHeartbeat(stream);
    expect([gemini.connections.length, stream.named('status').length]).toEqual([1, 2]);
  });

  test.each(WRONG.map(([query, model]) => [query, model] as const))(
    '?%s of %s is not refused to an EventSource that reconnects, because it would never reconnect again',
    async (query, model) => {
      const { server, gemini } = await start(model);
      const stream = await openStream(`${server.url}/events/me?${query}`, { 'Last-Event-ID': 'of-another-server.7' });
      await stream.untilNamed('reset');
      expect(await readSettings(gemini, 1)).toEqual({ modality: model === HALF_CASCADE ? 'TEXT' : 'AUDIO' });
    },
  );

  test('a POST after a refused reader is accepted', async () => {
    const { server, gemini } = await start();
    await ready(server, '');
    await exchange(server, '/events/me?voice=puck');
    const body = 'hello';
    await exchange(server, '/send/me', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body });
    const peer = await gemini.connection(0);
    await waitFor('the text', () => peer.frames.length > 1);
  });
});
