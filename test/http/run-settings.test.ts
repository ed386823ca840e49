import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { type ScriptedGemini, startScriptedGemini } from '../models/scripted-gemini.ts';
import { exchange } from './requests.ts';
import { untilNextHeartbeat } from './scripted-session.ts';
import { expectRefusal } from './sessions.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from './test-server.ts';
import { HANDSHAKE, openSocket } from './ws-client.ts';

const HALF_CASCADE = 'gemini-live-2.5-flash-preview';
const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const THREE_EIGHT = 'gemini-3.8-live';

/** A server with that model and agent, and the provider that it talks to. */
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

/** A reader, when the provider is connected. */
async function ready(server: TestServer, query: string): Promise<SseClient> {
  const stream = await openStream(`${server.url}/events/me?${query}`);
  await stream.until('ready', () => isReady(stream));
  return stream;
}

/** What the newest of so many connections was asked for, of how it talks. */
async function asked(gemini: ScriptedGemini, connections: number): Promise<object> {
  const { setup } = await gemini.connection(connections - 1);
  const { responseModalities, ...generation } = setup.generationConfig;
  const { proactivity } = setup;
  return { in: responseModalities[0], ...generation, ...(proactivity ? { proactivity } : {}) };
}

const prebuilt = (voiceName: string) => ({ voiceConfig: { prebuiltVoiceConfig: { voiceName } } });

describe('a new session', () => {
  test.each<[query: string, model: string, expected: object]>([
    ['', HALF_CASCADE, { in: 'TEXT' }],
    ['is_audio=true', HALF_CASCADE, { in: 'AUDIO' }],
    ['is_audio=true&voice=Kore', HALF_CASCADE, { in: 'AUDIO', speechConfig: prebuilt('Kore') }],
    ['is_audio=true&language=de-DE', HALF_CASCADE, { in: 'AUDIO', speechConfig: { languageCode: 'de-DE' } }],
    ['is_audio=false&voice=Sulafat', NATIVE, { in: 'AUDIO', speechConfig: prebuilt('Sulafat') }],
    ['proactivity=true', NATIVE, { in: 'AUDIO', proactivity: { proactiveAudio: true } }],
    ['affective_dialog=true', NATIVE, { in: 'AUDIO', enableAffectiveDialog: true }],
    ['agent=anna', HALF_CASCADE, { in: 'TEXT' }],
    ['is_audio=&voice=&language=&proactivity=&affective_dialog=&agent=', HALF_CASCADE, { in: 'TEXT' }],
  ])('opened with ?%s of %s talks like that', async (query, model, expected) => {
    const { server, gemini } = await start(model);
    await ready(server, query);
    expect(await asked(gemini, 1)).toEqual(expected);
  });

  test('of an agent with a RunConfig talks like that, where the connection says nothing else', async () => {
    const runConfig: RunConfig = {
      responseModalities: ['AUDIO'],
      speechConfig: { ...prebuilt('Kore'), languageCode: 'de-DE' },
    };
    const { server, gemini } = await start(HALF_CASCADE, runConfig);
    const stream = await ready(server, 'voice=Puck');
    expect(await asked(gemini, 1)).toEqual({
      in: 'AUDIO',
      speechConfig: { ...prebuilt('Puck'), languageCode: 'de-DE' },
    });
    expect(await stream.untilNamed('session')).toMatchObject({ modality: 'AUDIO' });
  });
});

describe('a setting of a session that there is', () => {
  const CHANGES: [query: string, expected: object][] = [
    ['voice=Puck', { in: 'AUDIO', speechConfig: prebuilt('Puck') }],
    ['proactivity=true', { in: 'AUDIO', speechConfig: prebuilt('Kore'), proactivity: { proactiveAudio: true } }],
    ['affective_dialog=true', { in: 'AUDIO', speechConfig: prebuilt('Kore'), enableAffectiveDialog: true }],
  ];

  test.each(CHANGES)(
    'given and different (%s) replaces the run, and keeps what else was asked for',
    async (query, expected) => {
      const { server, gemini } = await start(NATIVE);
      const first = await ready(server, 'voice=Kore');
      const { epoch } = await first.untilNamed('session');
      const second = await openStream(`${server.url}/events/me?${query}`);
      expect(await second.untilNamed('session')).toMatchObject({ epoch });
      expect(await asked(gemini, 2)).toEqual(expected);
    },
  );

  test('language, given and different, replaces the run', async () => {
    const { server, gemini } = await start();
    await ready(server, 'is_audio=true&language=de-DE');
    await openStream(`${server.url}/events/me?language=fr-FR`);
    expect(await asked(gemini, 2)).toEqual({ in: 'AUDIO', speechConfig: { languageCode: 'fr-FR' } });
  });

  test.each(['voice=Kore&proactivity=true&affective_dialog=true', '', 'is_audio=false&agent=anna'])(
    'that is the same, or absent (%s), keeps the run',
    async (query) => {
      const { server, gemini } = await start(NATIVE);
      const first = await ready(server, 'voice=Kore&proactivity=true&affective_dialog=true');
      await openStream(`${server.url}/events/me?${query}`);
      await untilNextHeartbeat(first);
      expect([gemini.connections.length, first.named('status').length]).toEqual([1, 2]);
    },
  );

  test('that is off as it was by default keeps the run', async () => {
    const { server, gemini } = await start(NATIVE);
    const first = await ready(server, '');
    await openStream(`${server.url}/events/me?proactivity=false&affective_dialog=false`);
    await untilNextHeartbeat(first);
    expect(gemini.connections).toHaveLength(1);
  });

  test('in a URL that an EventSource repeats with Last-Event-ID is ignored', async () => {
    const { server, gemini } = await start(NATIVE);
    const first = await ready(server, 'voice=Kore');
    const again = await openStream(`${server.url}/events/me?voice=Puck`, { 'Last-Event-ID': first.lastId });
    await untilNextHeartbeat(again);
    expect(gemini.connections).toHaveLength(1);
  });

  test('on a WebSocket, or of a poll, replaces the run too', async () => {
    const { server, gemini } = await start(NATIVE);
    await ready(server, 'voice=Kore');
    await openSocket(server, '/ws/me?client=a&voice=Puck');
    expect(await asked(gemini, 2)).toEqual({ in: 'AUDIO', speechConfig: prebuilt('Puck') });
    const { status, text } = await exchange(server, '/poll/me?voice=Leda&since=nonsense');
    expect([status, JSON.parse(text).events[0].event]).toEqual([200, 'session']);
    expect(await asked(gemini, 3)).toEqual({ in: 'AUDIO', speechConfig: prebuilt('Leda') });
  });
});

const WRONG: [query: string, model: string, code: string, error: RegExp][] = [
  ['is_audio=yes', HALF_CASCADE, 'invalid_query', /^is_audio must be true or false$/],
  ['proactivity=1', NATIVE, 'invalid_query', /^proactivity must be true or false$/],
  ['affective_dialog=TRUE', NATIVE, 'invalid_query', /^affective_dialog must be true or false$/],
  ['agent=otto', NATIVE, 'invalid_query', /^agent must be anna: there is no other here$/],
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

describe('what is wrong, or more than the model can,', () => {
  test.each(WRONG)(
    '?%s of %s is refused with 400 %s on each route, and nothing is opened',
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

  test('leaves a session that there is as it was', async () => {
    const { server, gemini } = await start(NATIVE);
    const stream = await ready(server, 'voice=Kore');
    for (const query of ['voice=Nobody', 'voice=Puck&proactivity=maybe', 'voice=Puck&agent=otto']) {
      expect((await exchange(server, `/events/me?${query}`)).status).toBe(400);
    }
    await untilNextHeartbeat(stream);
    expect([gemini.connections.length, stream.named('status').length]).toEqual([1, 2]);
  });

  test.each(WRONG.map(([query, model]) => [query, model] as const))(
    '?%s of %s is not refused to an EventSource that comes back, which would never come again',
    async (query, model) => {
      const { server, gemini } = await start(model);
      const stream = await openStream(`${server.url}/events/me?${query}`, { 'Last-Event-ID': 'of-another-server.7' });
      await stream.untilNamed('reset');
      expect(await asked(gemini, 1)).toEqual({ in: model === HALF_CASCADE ? 'TEXT' : 'AUDIO' });
    },
  );

  test('a POST goes on after it', async () => {
    const { server, gemini } = await start();
    await ready(server, '');
    await exchange(server, '/events/me?voice=puck');
    const body = 'hello';
    await exchange(server, '/send/me', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body });
    const peer = await gemini.connection(0);
    await waitFor('the text', () => peer.frames.length > 1);
  });
});
