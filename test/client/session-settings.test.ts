import { describe, expect } from '@jest/globals';
import type { ClientEvents } from '../../src/client/index.ts';
import { SessionSettings } from '../../src/client/session-settings.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { type Talk, talk } from './conversation.ts';

const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';

async function start(environment: Record<string, string> = {}) {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const server = await startTestServer(
    { GOOGLE_GEMINI_BASE_URL: gemini.url, DEMO_AGENT_MODEL: NATIVE, ...environment },
    { emulator: 'none' },
  );
  const voices = () =>
    gemini.connections.map(
      ({ setup }) => setup?.generationConfig.speechConfig?.voiceConfig.prebuiltVoiceConfig.voiceName,
    );
  return { server, gemini, voices };
}

const hasType = (data: unknown): data is { mime_type: string } =>
  typeof data === 'object' && data !== null && 'mime_type' in data;

describe.each(['sse', 'poll', 'ws'] as const)('over %s', (transport) => {
  test('the model is opened with the settings of the client', async () => {
    const { server, gemini } = await start();
    talk({
      url: server.url,
      transport,
      voice: 'Kore',
      proactivity: true,
      affectiveDialog: true,
      agent: 'google_search_agent',
    });
    expect((await gemini.connection(0)).setup).toMatchObject({
      generationConfig: {
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
        enableAffectiveDialog: true,
      },
      proactivity: { proactiveAudio: true },
    });
  });

  test('a client without audio receives the transcript alone of a model that only speaks, until it asks for audio', async () => {
    const { server, gemini } = await start();
    const [me, other] = [talk({ url: server.url, transport }), talk({ url: server.url, transport, isAudio: true })];
    await waitFor('the sessions', () => me.sessions.length > 0 && other.sessions.length > 0);
    const peer = await gemini.connection(0);
    const reply = async (text: string, turns: number) => {
      await me.client.send('hello');
      peer.send({ serverContent: { outputTranscription: { text } } });
      peer.send({
        serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }] } },
      });
      peer.completeTurn();
      await Promise.all([me.turns(turns), other.turns(turns)]);
    };
    const types = ({ told }: Talk) => told.flatMap(([, data]) => (hasType(data) ? [data.mime_type] : []));
    await reply('One', 1);
    me.client.reconnect();
    await reply('Two', 2);
    expect(types(me)).toEqual(['text/plain', 'text/plain']);
    await me.client.setAudio(true);
    await reply('Three', 3);
    expect(types(me)).toEqual(['text/plain', 'text/plain', 'text/plain', 'audio/pcm']);
    expect(types(other).filter((type) => type === 'audio/pcm')).toHaveLength(3);
    expect(gemini.connections).toHaveLength(1);
  });

  test('setSpeech opens the model again with another voice, keeps the other settings, and asks for no voice that it no longer names', async () => {
    const { server, gemini, voices } = await start();
    const me = talk({ url: server.url, transport, voice: 'Kore', affectiveDialog: true });
    await gemini.connection(0);
    await me.client.setSpeech({ voice: 'Puck' });
    expect((await gemini.connection(1)).setup?.generationConfig).toMatchObject({ enableAffectiveDialog: true });
    await me.client.setSpeech({});
    expect(await me.client.send('hello')).toEqual({ sent: true });
    expect(voices()).toEqual(['Kore', 'Puck']);
  });

  test('a client that reconnects does not undo the settings of a later client', async () => {
    const { server, voices } = await start();
    const me = talk({ url: server.url, transport, voice: 'Kore' });
    await waitFor('the first voice', () => voices().includes('Kore') && me.client.state === 'open');
    const other = talk({ url: server.url, transport, voice: 'Puck' });
    await waitFor('the other voice', () => voices().includes('Puck'));
    await waitFor('the other session', () => other.sessions.length > 0);
    me.client.reconnect();
    expect(await me.client.send('hello')).toEqual({ sent: true });
    await waitFor('both to be open', () => me.client.state === 'open' && other.client.state === 'open');
    expect(voices()).toEqual(['Kore', 'Puck']);
  });

  test('a client repeats its settings to a restarted server', async () => {
    const first = await start({ PORT: `${await freePort()}` });
    const me = talk({ url: first.server.url, transport, isAudio: true, voice: 'Kore', random: () => 0.05 });
    await waitFor('the session', () => me.sessions.length > 0 && me.client.state === 'open');
    await first.server.close();
    const second = await start({ PORT: String(first.server.port) });
    expect(await me.client.send('hello')).toEqual({ sent: true });
    await waitFor('the voice', () => second.voices().at(-1) === 'Kore');
    await second.server.close();
  });

  test('a client that asks for what the model cannot do fails with the reason', async () => {
    const { server, gemini } = await start();
    const me = talk({ url: server.url, transport, voice: 'Kore', language: 'de-DE' });
    const refusal = { code: 'invalid_run_config', status: 400, error: expect.stringContaining('language') };
    expect(await me.client.send('hello')).toMatchObject({ sent: false, refusal });
    expect(me.client.rejection).toMatchObject(refusal);
    expect([me.client.state, me.sessions, gemini.connections]).toEqual(['failed', [], []]);
  });
});

describe('settings of a client that another client has changed', () => {
  const session = (modality: 'TEXT' | 'AUDIO', epoch: string) => ({ modality, epoch }) as ClientEvents['session']; // all that is read
  const changed = { modality: 'AUDIO', voice: 'Puck', proactivity: false, affective_dialog: false } as const;

  test('are not repeated in the next live session, unless they are changed back', () => {
    const settings = new SessionSettings({ url: '', userId: 'u', isAudio: false, voice: 'Kore' });
    expect(settings.createQuery()).toEqual({ audio: 'none', is_audio: 'false', voice: 'Kore' });
    settings.onSession(session('TEXT', 'one'), true);
    settings.onChanged(changed);
    expect(settings.onSession(session('TEXT', 'two'), true)).toBe(true);
    settings.onChanged({ ...changed, modality: 'TEXT', voice: 'Kore' });
    expect(settings.createQuery()).toEqual({ audio: 'none' });
    expect(settings.onSession(session('AUDIO', 'three'), true)).toBe(false);
    void settings.request();
    expect(settings.createQuery()).toEqual({ audio: 'none', is_audio: 'false', voice: 'Kore' });
  });

  test('hold again once the client asks for audio itself', () => {
    const settings = new SessionSettings({ url: '', userId: 'u', isAudio: false });
    settings.createQuery();
    settings.onSession(session('TEXT', 'one'), true);
    settings.onChanged(changed);
    settings.setAudio(true);
    void settings.request();
    expect(settings.createQuery()).toEqual({ is_audio: 'true' });
  });

  test('are none for a client that only receives no audio', () => {
    const settings = new SessionSettings({ url: '', userId: 'u', receivesAudio: false });
    expect(settings.createQuery()).toEqual({ audio: 'none' });
    expect(settings.onSession(session('AUDIO', 'one'), true)).toBe(true);
  });
});
