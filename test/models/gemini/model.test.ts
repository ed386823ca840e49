import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { describeCapabilities } from '../../../src/models/gemini/capabilities.ts';
import type { GeminiOptions } from '../../../src/models/gemini/model.ts';
import { findFamily } from '../../../src/models/gemini/model-names.ts';
import { type ModelConnection, type ModelSetup, ResumptionRefused } from '../../../src/models/realtime-model.ts';
import type { ErrorCode } from '../../../src/wire/error-catalogue.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { freePort } from '../../free-port.ts';
import { closesAfterEach } from '../cleanup.ts';
import { until } from '../until.ts';
import { AUDIO, eventsUntil, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

async function scripted(options?: ScriptedGeminiOptions) {
  return closing(await startScriptedGemini(options));
}

async function errorOf(connecting: Promise<ModelConnection>): Promise<WireError> {
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

describe('the history of a fresh session', () => {
  const asked = { role: 'user', parts: [{ text: 'My name is Ann.' }] };
  const answered = { role: 'model', parts: [{ text: 'Hello Ann.' }] };
  const THREE_ONE = { model: 'gemini-3.1-flash-live-preview' };

  /** The frames between the setup and a message that is sent after the history. */
  async function framesOf(history: ModelSetup['history'], options?: Partial<GeminiOptions>) {
    const server = await scripted();
    const connection = closing(await modelAt(server.url, options).connect({ ...AUDIO, history }, never));
    connection.send({ type: 'activity_end' });
    const sent = await server.connection(0);
    await sent.received('realtimeInput');
    await until(() => sent.frames.at(-1)?.realtimeInput?.activityEnd !== undefined);
    return { setup: sent.setup, frames: sent.frames.slice(1, -1) };
  }

  test('a history that ends with the model is sent as incomplete, so that it is not answered', async () => {
    const { frames } = await framesOf([asked, answered]);
    expect(frames).toEqual([{ clientContent: { turns: [asked, answered], turnComplete: false } }]);
  });

  test('a history that ends with the user is sent as complete, so that it is answered', async () => {
    const { frames } = await framesOf([asked]);
    expect(frames).toEqual([{ clientContent: { turns: [asked], turnComplete: true } }]);
  });

  test('an empty history is not sent', async () => {
    expect((await framesOf([])).frames).toEqual([]);
  });

  test('a history for 3.1 is announced in the setup, and complete whoever spoke last', async () => {
    const { setup, frames } = await framesOf([asked, answered], THREE_ONE);
    expect(setup.historyConfig).toEqual({ initialHistoryInClientContent: true });
    expect(frames).toEqual([{ clientContent: { turns: [asked, answered], turnComplete: true } }]);
  });

  test('a history for 3.1 that ends with the user has its last message sent again, as a new one to be answered', async () => {
    expect((await framesOf([asked, answered, asked], THREE_ONE)).frames).toEqual([
      { clientContent: { turns: [asked, answered], turnComplete: true } },
      { realtimeInput: { text: 'My name is Ann.' } },
    ]);
    expect((await framesOf([asked], THREE_ONE)).frames).toEqual([
      { clientContent: { turnComplete: true } },
      { realtimeInput: { text: 'My name is Ann.' } },
    ]);
  });

  test('an empty history for 3.1 is not announced, because the model would wait for it', async () => {
    const { setup, frames } = await framesOf([], THREE_ONE);
    expect(setup).not.toHaveProperty('historyConfig');
    expect(frames).toEqual([]);
  });

  test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview', 'gemini-3.8-live'])(
    'a history that ends with the user is answered by the emulated %s',
    async (model) => {
      const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
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
  ['gemini-live-2.5-flash', false],
])('the model %s only speaks: %s', (model, audioOnly) => {
  const modalities = audioOnly ? ['AUDIO'] : ['TEXT', 'AUDIO'];
  expect(describeCapabilities(findFamily(model), false).modalities).toEqual(modalities);
  expect(modelAt('http://127.0.0.1:1', { model }).capabilities.modalities).toEqual(modalities);
});

describe('GeminiModel.connect that fails', () => {
  test.each<[number, ErrorCode]>([
    [401, 'model_key_refused'],
    [403, 'model_key_refused'],
    [404, 'model_not_found'],
    [429, 'model_quota'],
    [500, 'model_unreachable'],
    [503, 'model_unreachable'],
    [301, 'model_unreachable'],
  ])('HTTP %i at the upgrade makes connect throw %s, with the status in its text', async (refuse, code) => {
    const server = await scripted({ refuse });
    const error = await errorOf(modelAt(server.url).connect(TEXT, never));
    expect(error.code).toBe(code);
    if (code !== 'model_quota') expect(error.message).toContain(`HTTP ${refuse}`);
  });

  test('a port without a listener makes connect throw model_unreachable, with ECONNREFUSED in its text', async () => {
    const error = await errorOf(modelAt(`http://127.0.0.1:${await freePort()}`).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a server that never answers the setup makes connect throw model_unreachable after connectTimeoutMs, and its socket is closed', async () => {
    const server = await scripted({ onSetup: () => {} });
    const error = await errorOf(modelAt(server.url, { connectTimeoutMs: 200 }).connect(TEXT, never));
    expect(error.code).toBe('model_unreachable');
    expect(error.message).toContain('200 ms');
    await until(() => server.open === 0);
  });

  test('a server that accepts TCP and never answers HTTP makes connect throw model_unreachable after connectTimeoutMs', async () => {
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

  test.each<[number, string, ErrorCode]>([
    [1007, 'API key not valid. Please pass a valid API key.', 'model_key_refused'],
    [1007, 'Request contains an invalid argument.', 'model_request_refused'],
    [1008, 'models/x is not found for API version v1beta', 'model_not_found'],
    [1011, 'Internal error encountered.', 'model_closed'],
    [1011, 'RESOURCE_EXHAUSTED: quota', 'model_quota'],
  ])(
    'a close with %i "%s" instead of setupComplete makes connect throw %s without that text',
    async (code, reason, expected) => {
      const server = await scripted({ onSetup: (connection) => connection.closeWith(code, reason) });
      const error = await errorOf(modelAt(server.url).connect(TEXT, never));
      expect(error.code).toBe(expected);
      expect(error.message).not.toContain(reason);
    },
  );

  test('a connection that breaks before setupComplete makes connect throw model_closed', async () => {
    const server = await scripted({ onSetup: (connection) => connection.drop() });
    expect((await errorOf(modelAt(server.url).connect(TEXT, never))).code).toBe('model_closed');
  });

  test.each([1007, 1008])('a close with %i makes connect with a handle throw ResumptionRefused', async (code) => {
    const server = await scripted({ onSetup: (connection) => connection.closeWith(code, 'session not found') });
    const connecting = modelAt(server.url).connect({ ...TEXT, handle: 'old' }, never);
    await expect(connecting).rejects.toThrow(new ResumptionRefused());
  });

  test('a close with 1011 makes connect with a handle throw the same error as without one', async () => {
    const server = await scripted({ onSetup: (connection) => connection.closeWith(1011, 'busy') });
    expect((await errorOf(modelAt(server.url).connect({ ...TEXT, handle: 'old' }, never))).code).toBe('model_closed');
  });

  test('a setup that the SDK refuses makes connect throw model_request_refused, and leaves no open socket', async () => {
    const server = await scripted();
    const speechConfig = { languageCode: 'de-DE', multiSpeakerVoiceConfig: {} };
    const error = await errorOf(modelAt(server.url).connect({ ...AUDIO, speechConfig }, never));
    expect(error.code).toBe('model_request_refused');
    expect(error.message).toContain('multiSpeakerVoiceConfig');
    await until(() => server.connections.length === 1 && server.open === 0);
    expect(server.connections[0]?.texts).toEqual([]);
  });
});

describe('the API key', () => {
  test.each<[string, ScriptedGeminiOptions]>([
    ['a close reason that quotes it', { onSetup: (peer) => peer.closeWith(1007, `API key not valid: ${KEY}`) }],
    [
      'a close reason that quotes the URL',
      { onSetup: (peer) => peer.closeWith(1008, `not found: wss://x/y?key=${KEY}&z`) },
    ],
    [
      'a close reason with another key',
      { onSetup: (peer) => peer.closeWith(1008, 'not found: ?access_token=4711&key=4711') },
    ],
    ['an upgrade that is refused', { refuse: 401 }],
    ['a lost connection', { onSetup: (peer) => peer.drop() }],
    ['silence', { onSetup: () => {} }],
  ])('the key appears in no error text after %s', async (_what, options) => {
    const server = await scripted(options);
    const error = await errorOf(modelAt(server.url, { connectTimeoutMs: 300 }).connect(TEXT, never));
    expect(`${error.stack}${JSON.stringify(error.body())}${String(error.cause)}`).not.toContain('4711');
  });

  test('the key appears in no event of a connection that is closed later', async () => {
    const server = await scripted();
    const connection = closing(await modelAt(server.url).connect(TEXT, never));
    (await server.connection(0)).closeWith(1011, `failed for ${KEY}`);
    expect(JSON.stringify(await eventsUntil(connection, 'closed'))).not.toContain(KEY);
  });

  test('a key that the emulator does not know makes connect throw model_key_refused', async () => {
    const emulator = closing(await startGeminiEmulator({ apiKey: 'another', strict: true }));
    const error = await errorOf(modelAt(emulator.url).connect(TEXT, never));
    expect(error.code).toBe('model_key_refused');
    expect(error.message).toContain('the API key is not valid');
  });
});

test('an abort while the SDK looks for credentials throws its reason, and no socket is opened later', async () => {
  const server = await scripted();
  const model = modelAt(server.url, { vertexai: true, apiVersion: 'v1beta1' });
  const controller = new AbortController();
  const connecting = model.connect(TEXT, controller.signal);
  controller.abort(new Error('enough'));
  await expect(connecting).rejects.toThrow('enough');
  closing(await model.connect(TEXT, never));
  expect(server.connections).toHaveLength(1);
});
