import { describe, expect, test } from '@jest/globals';
import type { ClientEvents } from '../../src/client/index.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { talk } from './conversation.ts';

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

describe.each(['sse', 'poll', 'ws'] as const)('over %s, a client', (transport) => {
  test('that asks for a manner of talking is answered like that', async () => {
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

  test('that comes back does not undo what another has asked for since', async () => {
    const { server, voices } = await start();
    const me = talk({ url: server.url, transport, voice: 'Kore' });
    await waitFor('the session', () => me.sessions.length > 0 && me.client.state === 'open');
    const other = talk({ url: server.url, transport, voice: 'Puck' });
    await waitFor('the other voice', () => voices().includes('Puck'));
    await waitFor('the other session', () => other.sessions.length > 0);
    me.client.reconnect();
    expect(await me.client.send('hello')).toEqual({ sent: true });
    await waitFor('both to be open', () => me.client.state === 'open' && other.client.state === 'open');
    expect(voices()).toEqual(['Kore', 'Puck']);
  });

  test('asks again of a server that has been started anew', async () => {
    const first = await start();
    const me = talk({ url: first.server.url, transport, isAudio: true, voice: 'Kore', random: () => 0.05 });
    await waitFor('the session', () => me.sessions.length > 0 && me.client.state === 'open');
    await first.server.close();
    const second = await start({ PORT: String(first.server.port) });
    expect(await me.client.send('hello')).toEqual({ sent: true });
    await waitFor('the voice', () => second.voices().at(-1) === 'Kore');
    await second.server.close();
  });

  test('that asks for what the model cannot do is told so', async () => {
    const { server, gemini } = await start();
    const me = talk({ url: server.url, transport, voice: 'Kore', language: 'de-DE' });
    const retries: ClientEvents['retry'][] = [];
    me.client.on('retry', (retry) => retries.push(retry));
    // A WebSocket does not say why it was refused.
    if (transport === 'ws') await waitFor('a try', () => retries.length > 0);
    else await waitFor('the refusal', () => retries.some(({ failure }) => failure?.code === 'invalid_run_config'));
    expect([me.sessions, gemini.connections]).toEqual([[], []]);
  });
});
