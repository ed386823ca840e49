import { describe, expect, test } from '@jest/globals';
import type { GeminiOptions } from '../../../src/models/gemini/model.ts';
import type { ModelSetup } from '../../../src/models/realtime-model.ts';
import { closesAfterEach } from '../cleanup.ts';
import { until } from '../until.ts';
import { AUDIO, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type Frame, type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

async function scripted(options?: ScriptedGeminiOptions) {
  return closing(await startScriptedGemini(options));
}

/** The setup message that a connection with this setup sends. */
async function setupOf(setup: ModelSetup, options?: Partial<GeminiOptions>): Promise<Frame> {
  const server = await scripted();
  closing(await modelAt(server.url, options).connect(setup, never));
  return (await server.connection(0)).setup;
}

describe('the setup message of Gemini', () => {
  test('a plain TEXT setup requests handles and transcripts of the user, and nothing else', async () => {
    expect(await setupOf(TEXT)).toEqual({
      model: 'models/gemini-live-2.5-flash-preview',
      generationConfig: { responseModalities: ['TEXT'] },
      sessionResumption: {},
      inputAudioTranscription: {},
    });
  });

  test('an AUDIO setup contains everything that a run can set', async () => {
    const parameters = { type: 'object', properties: { time_zone: { type: 'string' } } };
    const setup = await setupOf({
      ...AUDIO,
      instruction: 'Be brief.',
      tools: [
        { type: 'function', name: 'clock', description: 'Tells the time.', parameters },
        { type: 'function', name: 'dice', description: 'Rolls.' },
        { type: 'google_search' },
      ],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } }, languageCode: 'de-DE' },
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 300 } },
    });
    expect(setup).toEqual({
      model: 'models/gemini-live-2.5-flash-preview',
      generationConfig: {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } }, languageCode: 'de-DE' },
      },
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      tools: [
        {
          functionDeclarations: [
            {
              name: 'clock',
              description: 'Tells the time.',
              parameters: { type: 'OBJECT', properties: { time_zone: { type: 'STRING' } } },
            },
            { name: 'dice', description: 'Rolls.' },
          ],
        },
        { googleSearch: {} },
      ],
      sessionResumption: {},
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 300 } },
    });
  });

  test('a setup without transcripts requests none', async () => {
    const setup = await setupOf({ ...AUDIO, inputAudioTranscription: undefined, outputAudioTranscription: undefined });
    expect(setup).not.toHaveProperty('inputAudioTranscription');
    expect(setup).not.toHaveProperty('outputAudioTranscription');
  });

  test('a setup with a handle contains it, and no history follows', async () => {
    const server = await scripted();
    const history = [{ role: 'user', parts: [{ text: 'hello' }] }];
    const connection = closing(await modelAt(server.url).connect({ ...TEXT, history, handle: 'h1' }, never));
    connection.send({ type: 'text', text: 'next' });
    const { frames } = await server.connection(0);
    await until(() => server.connections[0]?.frames.length === 2);
    expect(frames[0].setup.sessionResumption).toEqual({ handle: 'h1' });
    expect((await server.connection(0)).frames[1].clientContent.turns).toHaveLength(1);
  });

  test('a setup for Vertex AI requests transparent resumption, and the key is in a header and not in the URL', async () => {
    const server = await scripted();
    closing(
      await modelAt(server.url, { vertexai: true, apiVersion: 'v1beta1' }).connect({ ...TEXT, handle: 'h1' }, never),
    );
    const { setup, path, headers } = await server.connection(0);
    expect(path).toBe('/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent');
    expect(headers['x-goog-api-key']).toBe(KEY);
    expect(setup.model).toBe('publishers/google/models/gemini-live-2.5-flash-preview');
    expect(setup.sessionResumption).toEqual({ handle: 'h1', transparent: true });
  });
});
