import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readClientMessage } from '../../../src/emulator/gemini/client-message.ts';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GeminiRefusal, truncateCloseReason } from '../../../src/emulator/gemini/refusal.ts';
import { openRaw, PREVIEW_PATH, STUDIO_PATH, setup, VERTEX_PATH } from './raw-client.ts';

let emulator: GeminiEmulator;
beforeAll(async () => {
  emulator = await startGeminiEmulator({ pace: 1_000 });
});
afterAll(() => emulator.close());

test('an emulator with a model of its own has no other', async () => {
  const single = await startGeminiEmulator({ pace: 1_000, model: 'gemini-3.8-live' });
  try {
    const client = await openRaw(single);
    client.send({ setup: { model: 'models/gemini-3.8-live' } });
    await client.until('setupComplete');
    client.close();
    const stranger = await openRaw(single);
    stranger.send(setup());
    expect(await stranger.closed).toMatchObject({
      code: 1008,
      reason: expect.stringMatching(/^models\/gemini-live-2\.5-flash-preview is not found for API version v1beta/),
    });
  } finally {
    await single.close();
  }
});

describe('frames', () => {
  test('server frames are binary and hold JSON over several lines', async () => {
    const client = await openRaw(emulator);
    client.send(setup());
    expect(await client.until('setupComplete')).toBe('{\n  "setupComplete": {}\n}\n');
    client.send({ clientContent: { turns: [{ role: 'user', parts: [{ text: 'bye' }] }], turnComplete: true } });
    await client.until('turnComplete');
    expect(client.frames.every(({ isBinary }) => isBinary)).toBe(true);
    expect(client.frames.map(({ data }) => Object.keys(JSON.parse(data)))).toEqual([
      ['setupComplete'],
      ['serverContent'],
      ['serverContent'],
      ['serverContent', 'usageMetadata'],
    ]);
    client.close();
  });

  test('client frames may be binary, empty and in snake_case', async () => {
    const client = await openRaw(emulator);
    client.send(
      Buffer.from(
        JSON.stringify({
          setup: { model: 'models/gemini-live-x', generation_config: { response_modalities: ['TEXT'] } },
        }),
      ),
    );
    await client.until('setupComplete');
    client.send({});
    client.send({ realtime_input: { text: 'bye' } });
    expect(await client.until('modelTurn')).toContain('Goodbye.');
    client.close();
  });

  test('Vertex names the token counts of the answer after candidates', async () => {
    const client = await openRaw(emulator, VERTEX_PATH);
    client.send({ setup: { model: 'projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash' } });
    expect(await client.until('setupComplete')).toContain('"sessionId"');
    client.send({ realtimeInput: { text: 'bye' } });
    const usage = JSON.parse(await client.until('turnComplete')).usageMetadata;
    expect(usage).toMatchObject({
      candidatesTokenCount: 20,
      candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }],
    });
    client.close();
  });

  test('with initialHistoryInClientContent the first client content is history and gets no answer', async () => {
    const client = await openRaw(emulator);
    client.send(setup({ historyConfig: { initialHistoryInClientContent: true } }));
    client.send({ clientContent: { turns: [{ parts: [{ text: 'I like pears' }] }], turnComplete: true } });
    client.send({ realtimeInput: { text: 'what did I say?' } });
    await client.until('turnComplete');
    const texts = client.frames.map(({ data }) => JSON.parse(data).serverContent?.modelTurn?.parts[0].text ?? '');
    expect(texts.join('')).toBe('You said: I like pears');
    client.close();
  });
});

describe('upgrades', () => {
  test.each([
    '/',
    '/ws/other',
    '/ws/google.ai.generativelanguage.v2.GenerativeService.BidiGenerateContent?key=k',
    '//',
  ])('an unknown path %s is answered with 404', async (path) => {
    await expect(openRaw(emulator, path)).rejects.toThrow('Unexpected server response: 404');
  });

  test('a plain request is answered with 404', async () => {
    expect((await fetch(emulator.url)).status).toBe(404);
  });

  test('a connection without a key is refused with 1008', async () => {
    const client = await openRaw(emulator, STUDIO_PATH.replace('?key=k', ''));
    client.send(setup());
    const { code, reason } = await client.closed;
    expect(code).toBe(1008);
    expect(reason).toContain("Method doesn't allow unregistered callers");
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });

  test.each<Record<string, string>>([{ authorization: 'Bearer token' }, { 'x-goog-api-key': 'key' }])(
    'a credential in the headers is taken: %o',
    async (headers) => {
      const client = await openRaw(emulator, VERTEX_PATH.replace('?key=k', ''), headers);
      client.send({ setup: { model: 'publishers/google/models/gemini-live-2.5-flash' } });
      await client.until('setupComplete');
      client.close();
    },
  );
});

const audioModel = { model: 'models/gemini-2.5-flash-native-audio-preview-12-2025' };

describe('the emulator at setup', () => {
  test.each<[string, object, number, string]>([
    ['no setup in it', { realtimeInput: { text: 'hi' } }, 1007, 'setup must be the first message and only the first'],
    ['an empty message', {}, 1007, 'setup must be the first message and only the first'],
    ['no model', { setup: {} }, 1007, 'model is required'],
    [
      'an unknown model',
      { setup: { model: 'models/gemini-9-pro' } },
      1008,
      'models/gemini-9-pro is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ListModels to se',
    ],
    ['TEXT on a native-audio model', setup(audioModel), 1007, 'Cannot extract voices from a non-audio request.'],
    [
      'TEXT on a model of generation 3',
      setup({ model: 'models/gemini-3.8-live' }),
      1007,
      'The requested combination of response modalities (TEXT) is not supported by the model.',
    ],
    [
      'two modalities',
      setup({}, { responseModalities: ['TEXT', 'AUDIO'] }),
      1007,
      'Only one response modality is supported per session',
    ],
    [
      'an unknown field',
      setup({ modle: 1 }),
      1007,
      `Invalid JSON payload received. Unknown name "modle" at 'setup': Cannot find field.`,
    ],
    [
      'an unknown nested field',
      setup({}, { temprature: 1 }),
      1007,
      `Invalid JSON payload received. Unknown name "temprature" at 'setup.generation_config': Cannot find field.`,
    ],
    [
      'transparent resumption on AI Studio',
      setup({ sessionResumption: { transparent: true } }),
      1007,
      `Invalid JSON payload received. Unknown name "transparent" at 'setup.session_resumption': Cannot find field.`,
    ],
    [
      'explicitVadSignal on AI Studio',
      setup({ explicitVadSignal: true }),
      1007,
      `Invalid JSON payload received. Unknown name "explicitVadSignal" at 'setup': Cannot find field.`,
    ],
    [
      'a voice that a half-cascade model does not have',
      setup({}, { speech_config: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Sulafat' } } } }),
      1007,
      "Requested voice api_name 'Sulafat' is not available for model models/gemini-live-2.5-flash-preview",
    ],
    ['an unknown handle', setup({ sessionResumption: { handle: 'x' } }), 1008, 'BidiGenerateContent session not found'],
    [
      'a function declared twice',
      setup({ tools: [{ functionDeclarations: [{ name: 'f' }, { name: 'f' }] }] }),
      1007,
      'Duplicate function declaration found: f',
    ],
  ])('refuses a first message with %s', async (_, message, code, reason) => {
    const client = await openRaw(emulator);
    client.send(message);
    expect(await client.closed).toEqual({ code, reason });
  });

  test('a setup with every allowed field is accepted', async () => {
    const client = await openRaw(emulator, PREVIEW_PATH);
    client.send({
      setup: {
        model: 'models/gemini-3.8-live',
        generationConfig: {
          responseModalities: ['AUDIO'],
          temperature: 0.7,
          mediaResolution: 'MEDIA_RESOLUTION_LOW',
          thinkingConfig: { thinkingBudget: 0 },
          enableAffectiveDialog: true,
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Sulafat' } }, languageCode: 'en-US' },
        },
        systemInstruction: { parts: [{ text: 'be nice' }], role: 'user' },
        tools: [{ functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING' }] }, { googleSearch: {} }],
        realtimeInputConfig: {
          automaticActivityDetection: {
            disabled: false,
            startOfSpeechSensitivity: 'START_SENSITIVITY_HIGH',
            endOfSpeechSensitivity: 'END_SENSITIVITY_LOW',
            prefixPaddingMs: 20,
            silenceDurationMs: 500,
          },
          activityHandling: 'START_OF_ACTIVITY_INTERRUPTS',
          turnCoverage: 'TURN_INCLUDES_ONLY_ACTIVITY',
        },
        sessionResumption: {},
        contextWindowCompression: { triggerTokens: '25600', slidingWindow: { targetTokens: '12800' } },
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        proactivity: { proactiveAudio: true },
        historyConfig: { initialHistoryInClientContent: true },
        safetySettings: [],
        labels: { a: 'b' },
      },
    });
    await client.until('setupComplete');
    client.close();
  });
});

describe('the emulator after setup', () => {
  const audio = (mimeType: string, data = 'AAAA') => ({ realtimeInput: { audio: { mimeType, data } } });
  test.each<[string, object | string, number, string]>([
    ['a second setup', setup(), 1007, 'setup must be the first message and only the first'],
    ['a frame that is not JSON', '{"realtimeInput":', 1007, 'Invalid JSON payload received. Unexpected token.'],
    ['JSON that is not an object', '[]', 1007, 'Invalid JSON payload received. Root element must be a message.'],
    [
      'an unknown message',
      { hello: 1 },
      1007,
      'Invalid JSON payload received. Unknown name "hello": Cannot find field.',
    ],
    [
      'two messages in one',
      { realtimeInput: { text: 'a' }, clientContent: {} },
      1007,
      "Invalid value at '' (oneof), oneof field 'message_type' is already set. Cannot set 'clientContent'",
    ],
    [
      'mediaChunks',
      { realtimeInput: { mediaChunks: [{ mimeType: 'audio/pcm', data: '' }] } },
      1007,
      'realtime_input.media_chunks is deprecated. Use audio, video, or text instead.',
    ],
    [
      'activityStart while detection is automatic',
      { realtimeInput: { activityStart: {} } },
      1007,
      'Explicit activity control is not supported when automatic activity detection is enabled.',
    ],
    [
      'activityEnd while detection is automatic',
      { realtimeInput: { activityEnd: {} } },
      1007,
      'Explicit activity control is not supported when automatic activity detection is enabled.',
    ],
    [
      'audio that is not PCM',
      audio('audio/webm'),
      1007,
      "Unsupported mime type for audio input: 'audio/webm'. Use audio/pcm.",
    ],
    ['audio at an impossible rate', audio('audio/pcm;rate=1'), 1007, 'Unsupported sample rate: 1'],
    [
      'audio that is not base64',
      audio('audio/pcm', 'a*b'),
      1007,
      "Invalid value at 'realtime_input.audio.data' (TYPE_BYTES), Base64 decoding failed",
    ],
    [
      'video that is not an image',
      { realtimeInput: { video: { mimeType: 'text/plain', data: '' } } },
      1007,
      "Unsupported mime type for video input: 'text/plain'.",
    ],
    [
      'an unknown role',
      { clientContent: { turns: [{ role: 'system', parts: [] }] } },
      1007,
      'Please use a valid role: user, model.',
    ],
  ])('closes the connection for %s', async (_, message, code, reason) => {
    const client = await openRaw(emulator);
    client.send(setup());
    await client.until('setupComplete');
    client.send(message);
    expect(await client.closed).toEqual({ code, reason });
  });

  test('a system instruction with the role system is accepted, as ADK sends it', async () => {
    const client = await openRaw(emulator);
    client.send(setup({ systemInstruction: { role: 'system', parts: [{ text: 'be nice' }] } }));
    await client.until('setupComplete');
  });

  test('a frame over 16 MiB closes the connection with 1009', async () => {
    const client = await openRaw(emulator);
    client.send(setup());
    client.send('x'.repeat(16 * 1024 * 1024 + 1));
    expect((await client.closed).code).toBe(1009);
  });

  test('client content after the first turn of a 3.1 model closes the connection with 1007', async () => {
    const client = await openRaw(emulator);
    client.send({ setup: { model: 'models/gemini-3.1-flash-live-preview' } });
    const content = { clientContent: { turns: [{ parts: [{ text: 'bye' }] }], turnComplete: true } };
    client.send(content);
    await client.until('turnComplete');
    client.send(content);
    expect(await client.closed).toEqual({ code: 1007, reason: 'Request contains an invalid argument.' });
  });
});

test('the connection of a peer that sends and does not read is terminated', async () => {
  const alone = await startGeminiEmulator({ pace: 1_000 });
  const client = await openRaw(alone);
  client.send(setup({ tools: [{ functionDeclarations: [{ name: 'echo', parameters: { type: 'OBJECT' } }] }] }));
  await client.until('setupComplete');
  client.pause();
  const call = { realtimeInput: { text: `echo {"said":"${'x'.repeat(500_000)}"}` } };
  for (let sent = 0; sent < 200 && alone.connections > 0; sent++) {
    client.send(call);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(alone.connections).toBe(0);
  await alone.close();
});

describe('readClientMessage', () => {
  test('any JSON is either read or refused with 1007', () => {
    const keys = fc.constantFrom('setup', 'clientContent', 'realtimeInput', 'toolResponse', 'contextUpdate', 'x');
    const inner = fc.dictionary(
      fc.constantFrom(
        'turns',
        'turnComplete',
        'audio',
        'video',
        'text',
        'functionResponses',
        'tools',
        'systemInstruction',
        'activityStart',
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.dictionary(keys, fc.oneof(inner, fc.jsonValue()), { maxKeys: 2 }), fc.jsonValue()),
        (value) => {
          try {
            readClientMessage(JSON.stringify(value));
          } catch (error) {
            expect(error).toBeInstanceOf(GeminiRefusal);
            expect(error).toHaveProperty('code', 1007);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('truncateCloseReason', () => {
  test('a text is truncated to 123 bytes between two characters', () => {
    expect(truncateCloseReason('short')).toBe('short');
    const cut = truncateCloseReason('é'.repeat(100));
    expect(cut).toBe('é'.repeat(61));
  });
});
