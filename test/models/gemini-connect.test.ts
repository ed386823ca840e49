import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini-emulator.ts';
import type { GeminiOptions } from '../../src/models/gemini.ts';
import { geminiCapabilities } from '../../src/models/gemini-capabilities.ts';
import { type ConnectConfig, type RealtimeConnection, ResumptionRefused } from '../../src/models/realtime-model.ts';
import { type ErrorCode, WireError } from '../../src/wire/error-catalogue.ts';
import { closesAfterEach } from './cleanup.ts';
import { AUDIO, eventsUntil, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type Frame, type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';
import { until } from './until.ts';

const closing = closesAfterEach();

async function scripted(options?: ScriptedGeminiOptions) {
  return closing(await startScriptedGemini(options));
}

/** The setup that a connection with this config sends. */
async function setupOf(config: ConnectConfig, options?: Partial<GeminiOptions>): Promise<Frame> {
  const server = await scripted();
  closing(await modelAt(server.url, options).connect(config, never));
  return (await server.connection(0)).setup;
}

async function errorOf(connecting: Promise<RealtimeConnection>): Promise<WireError> {
  const error = await connecting.then(
    (connection) => {
      closing(connection);
      return undefined;
    },
    (reason: unknown) => reason,
  );
  if (error instanceof WireError) return error;
  throw new Error('no WireError', { cause: error });
}

describe('setup', () => {
  test('TEXT without anything else asks for handles and transcripts of speech, and for no more', async () => {
    expect(await setupOf(TEXT)).toEqual({
      model: 'models/gemini-live-2.5-flash-preview',
      generationConfig: { responseModalities: ['TEXT'] },
      sessionResumption: {},
      inputAudioTranscription: {},
    });
  });

  test('AUDIO with all that a run can ask for', async () => {
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
            { name: 'clock', description: 'Tells the time.', parametersJsonSchema: parameters },
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

  test('transcripts that are turned off are not asked for', async () => {
    const setup = await setupOf({ ...AUDIO, inputAudioTranscription: undefined, outputAudioTranscription: undefined });
    expect(setup).not.toHaveProperty('inputAudioTranscription');
    expect(setup).not.toHaveProperty('outputAudioTranscription');
  });

  test('a handle is handed over, and no history sent with it', async () => {
    const server = await scripted();
    const history = [{ role: 'user', parts: [{ text: 'hello' }] }];
    const connection = closing(await modelAt(server.url).connect({ ...TEXT, history, handle: 'h1' }, never));
    connection.sendText('next');
    const { frames } = await server.connection(0);
    await until(() => server.connections[0]?.frames.length === 2);
    expect(frames[0].setup.sessionResumption).toEqual({ handle: 'h1' });
    expect((await server.connection(0)).frames[1].clientContent.turns).toHaveLength(1);
  });

  test('Vertex AI with a key resumes transparently, and has the key in a header, not in the URL', async () => {
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

  test.each([
    ['', '/ws/google.ai'],
    ['/', '/ws/google.ai'],
    ['/proxy/a', '/proxy/a/ws/google.ai'],
    ['/proxy/a/', '/proxy/a/ws/google.ai'],
  ])('the path behind base URL %j has single slashes: %s…', async (base, start) => {
    const server = await scripted();
    closing(await modelAt(`${server.url}${base}`, { apiVersion: 'v1alpha' }).connect(TEXT, never));
    expect((await server.connection(0)).path).toBe(
      `${start}.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent?key=${KEY}`,
    );
  });

  test('the socket offers no compression', async () => {
    const server = await scripted();
    closing(await modelAt(server.url).connect(TEXT, never));
    expect((await server.connection(0)).headers).not.toHaveProperty('sec-websocket-extensions');
  });
});

describe('history', () => {
  const asked = { role: 'user', parts: [{ text: 'My name is Ann.' }] };
  const answered = { role: 'model', parts: [{ text: 'Hello Ann.' }] };
  const THREE_ONE = { model: 'gemini-3.1-flash-live-preview' };

  /** The frames after setup, up to a message that is sent behind the history. */
  async function framesOf(history: ConnectConfig['history'], options?: Partial<GeminiOptions>) {
    const server = await scripted();
    const connection = closing(await modelAt(server.url, options).connect({ ...AUDIO, history }, never));
    connection.activityEnd();
    const sent = await server.connection(0);
    await sent.received('realtimeInput');
    await until(() => sent.frames.at(-1)?.realtimeInput?.activityEnd !== undefined);
    return { setup: sent.setup, frames: sent.frames.slice(1, -1) };
  }

  test('that ends with the model is told and not answered', async () => {
    const { frames } = await framesOf([asked, answered]);
    expect(frames).toEqual([{ clientContent: { turns: [asked, answered], turnComplete: false } }]);
  });

  test('that ends with the user is told and answered', async () => {
    const { frames } = await framesOf([asked]);
    expect(frames).toEqual([{ clientContent: { turns: [asked], turnComplete: true } }]);
  });

  test('that is empty is not told', async () => {
    expect((await framesOf([])).frames).toEqual([]);
  });

  test('of generation 3.1 is announced, and complete whoever had the last word', async () => {
    const { setup, frames } = await framesOf([asked, answered], THREE_ONE);
    expect(setup.historyConfig).toEqual({ initialHistoryInClientContent: true });
    expect(frames).toEqual([{ clientContent: { turns: [asked, answered], turnComplete: true } }]);
  });

  test('of generation 3.1 that ends with the user has the last message said anew, to be answered', async () => {
    expect((await framesOf([asked, answered, asked], THREE_ONE)).frames).toEqual([
      { clientContent: { turns: [asked, answered], turnComplete: true } },
      { realtimeInput: { text: 'My name is Ann.' } },
    ]);
    expect((await framesOf([asked], THREE_ONE)).frames).toEqual([
      { clientContent: { turnComplete: true } },
      { realtimeInput: { text: 'My name is Ann.' } },
    ]);
  });

  test('of generation 3.1 that is empty is not announced: the model would wait for it', async () => {
    const { setup, frames } = await framesOf([], THREE_ONE);
    expect(setup).not.toHaveProperty('historyConfig');
    expect(frames).toEqual([]);
  });

  test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview', 'gemini-3.8-live'])(
    'that ends with the user is answered by the emulated %s',
    async (model) => {
      const emulator = closing(await startGeminiEmulator({ pace: 50 }));
      const history = [asked, answered, { role: 'user', parts: [{ text: 'What did I say?' }] }];
      const connection = closing(await modelAt(emulator.url, { model }).connect({ ...AUDIO, history }, never));
      const said = (await eventsUntil(connection, 'turn_complete'))
        .map((event) => (event.type === 'output_transcript' ? event.text : ''))
        .join('');
      expect(said).toBe('You said: My name is Ann.');
    },
  );
});

test.each([
  ['gemini-2.5-flash-native-audio-preview-12-2025', true],
  ['gemini-live-2.5-flash-native-audio', true],
  ['gemini-3.1-flash-live-preview', true],
  ['models/gemini-3.8-live', true],
  ['gemini-live-2.5-flash-preview', false],
  ['gemini-2.0-flash-live-001', false],
])('%s only speaks: %s', (model, audioOnly) => {
  expect(geminiCapabilities(model, false).audioOnly).toBe(audioOnly);
  expect(modelAt('http://127.0.0.1:1', { model }).capabilities.audioOnly).toBe(audioOnly);
});

describe('a connection that cannot be made', () => {
  test.each<[number, ErrorCode]>([
    [401, 'model_key_refused'],
    [403, 'model_key_refused'],
    [404, 'model_not_found'],
    [429, 'model_quota'],
    [500, 'model_unreachable'],
    [503, 'model_unreachable'],
    [301, 'model_unreachable'],
  ])('HTTP %i at the upgrade throws %s, with the status in its text', async (refuse, code) => {
    const server = await scripted({ refuse });
    const error = await errorOf(modelAt(server.url).connect(TEXT, never));
    expect(error.code).toBe(code);
    if (code !== 'model_quota') expect(error.message).toContain(`HTTP ${refuse}`);
  });

  test('nobody listening throws model_unreachable with ECONNREFUSED in its text', async () => {
    const server = await startScriptedGemini();
    await server.close();
    const error = await errorOf(modelAt(server.url).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a server that never answers setup throws model_unreachable after connectTimeoutMs, and its socket is closed', async () => {
    const server = await scripted({ onSetup: () => {} });
    const error = await errorOf(modelAt(server.url, { connectTimeoutMs: 200 }).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
    expect(error.message).toContain('200 ms');
    await until(() => server.open === 0);
  });

  test('a server that takes TCP and never answers HTTP throws model_unreachable after connectTimeoutMs', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing({
      close() {
        for (const socket of sockets) socket.destroy();
        return new Promise((resolve) => server.close(resolve));
      },
    });
    const { port } = server.address() as AddressInfo;
    const error = await errorOf(modelAt(`http://127.0.0.1:${port}`, { connectTimeoutMs: 200 }).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
    await until(() => sockets[0]?.closed);
  });

  test('setupComplete before setup counts for nothing, and harms nothing', async () => {
    const server = await scripted({ onOpen: (connection) => connection.completeSetup(), onSetup: () => {} });
    const error = await errorOf(modelAt(server.url, { connectTimeoutMs: 200 }).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
  });

  test.each<[number, string, ErrorCode]>([
    [1007, 'API key not valid. Please pass a valid API key.', 'model_key_refused'],
    [1007, 'Request contains an invalid argument.', 'model_request_refused'],
    [1008, 'models/x is not found for API version v1beta', 'model_not_found'],
    [1011, 'Internal error encountered.', 'model_closed'],
    [1011, 'RESOURCE_EXHAUSTED: quota', 'model_quota'],
  ])('a close %i "%s" instead of setupComplete throws %s with that text', async (code, reason, expected) => {
    const server = await scripted({ onSetup: (connection) => connection.closeWith(code, reason) });
    const error = await errorOf(modelAt(server.url).connect(TEXT, never));
    expect(error.code).toBe(expected);
    expect(error.message).toContain(reason);
  });

  test('a lost connection before setupComplete throws model_closed', async () => {
    const server = await scripted({ onSetup: (connection) => connection.drop() });
    expect((await errorOf(modelAt(server.url).connect(TEXT, never))).code).toBe('model_closed');
  });

  test.each([1007, 1008])('a handle that is answered by close %i throws ResumptionRefused', async (code) => {
    const server = await scripted({ onSetup: (connection) => connection.closeWith(code, 'session not found') });
    const connecting = modelAt(server.url).connect({ ...TEXT, handle: 'old' }, never);
    await expect(connecting).rejects.toThrow(new ResumptionRefused('session not found'));
  });

  test('a handle that is answered by close 1011 throws what it would without a handle', async () => {
    const server = await scripted({ onSetup: (connection) => connection.closeWith(1011, 'busy') });
    expect((await errorOf(modelAt(server.url).connect({ ...TEXT, handle: 'old' }, never))).code).toBe('model_closed');
  });

  test('the emulator refuses a handle that it never issued, with ResumptionRefused', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50 }));
    const connecting = modelAt(emulator.url).connect({ ...TEXT, handle: 'unknown' }, never);
    await expect(connecting).rejects.toBeInstanceOf(ResumptionRefused);
  });

  test('a config that the SDK refuses throws model_request_refused and leaves no open socket', async () => {
    const server = await scripted();
    const speechConfig = { languageCode: 'de-DE', multiSpeakerVoiceConfig: {} };
    const error = await errorOf(modelAt(server.url).connect({ ...AUDIO, speechConfig }, never));
    expect(error.code).toBe('model_request_refused');
    expect(error.message).toContain('multiSpeakerVoiceConfig');
    await until(() => server.connections.length === 1 && server.open === 0);
    expect(server.connections[0]?.texts).toEqual([]);
  });
});

describe('the key', () => {
  test.each<[string, ScriptedGeminiOptions]>([
    ['a close reason that quotes it', { onSetup: (it) => it.closeWith(1007, `API key not valid: ${KEY}`) }],
    [
      'a close reason that quotes the URL',
      { onSetup: (it) => it.closeWith(1008, `not found: wss://x/y?key=${KEY}&z`) },
    ],
    [
      'a close reason with another key',
      { onSetup: (it) => it.closeWith(1008, 'not found: ?access_token=4711&key=4711') },
    ],
    ['an upgrade that is refused', { refuse: 401 }],
    ['a lost connection', { onSetup: (it) => it.drop() }],
    ['silence', { onSetup: () => {} }],
  ])('appears in no error text after %s', async (_what, options) => {
    const server = await scripted(options);
    const error = await errorOf(modelAt(server.url, { connectTimeoutMs: 300 }).connect(TEXT, never));
    expect(`${error.stack}${JSON.stringify(error.body())}${String(error.cause)}`).not.toContain('4711');
  });

  test('appears in no text of a connection that is closed later', async () => {
    const server = await scripted();
    const connection = closing(await modelAt(server.url).connect(TEXT, never));
    (await server.connection(0)).closeWith(1011, `failed for ${KEY}`);
    expect(JSON.stringify(await eventsUntil(connection, 'closed'))).not.toContain(KEY);
  });

  test('that the emulator does not know throws model_key_refused', async () => {
    const emulator = closing(await startGeminiEmulator({ apiKey: 'another' }));
    const error = await errorOf(modelAt(emulator.url).connect(TEXT, never));
    expect(error.code).toBe('model_key_refused');
    expect(error.message).toContain('API key not valid');
  });
});

describe('an abort', () => {
  test('before connecting throws its reason, and nothing is opened', async () => {
    const server = await scripted();
    const reason = new Error('enough');
    await expect(modelAt(server.url).connect(TEXT, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.connections).toEqual([]);
  });

  test('while the server is silent throws its reason, and the socket is closed', async () => {
    const server = await scripted({ onSetup: () => {} });
    const controller = new AbortController();
    const connecting = modelAt(server.url).connect(TEXT, controller.signal);
    await server.connection(0);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await until(() => server.open === 0);
  });

  test('while the SDK looks for credentials throws its reason, and no socket is opened later', async () => {
    const server = await scripted();
    const model = modelAt(server.url, { vertexai: true, apiVersion: 'v1beta1' });
    const controller = new AbortController();
    const connecting = model.connect(TEXT, controller.signal);
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    closing(await model.connect(TEXT, never));
    expect(server.connections).toHaveLength(1);
  });

  test('after connecting closes nothing: that is for its owner to do', async () => {
    const server = await scripted();
    const controller = new AbortController();
    const connection = closing(await modelAt(server.url).connect(TEXT, controller.signal));
    controller.abort();
    (await server.connection(0)).say('still here');
    expect((await eventsUntil(connection, 'text')).at(-1)).toMatchObject({ text: 'still here' });
  });
});
