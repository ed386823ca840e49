import { describe, expect, test } from '@jest/globals';
import type { ModelCapabilities, ModelInput, ModelSetup } from '../../src/models/realtime-model.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { EventReader } from './event-reader.ts';
import type { FakeConnection, InputScript } from './fake-connection.ts';
import { FakeModel } from './fake-model.ts';
import { type ProviderBehaviour, testRealtimeModelContract } from './realtime-model-contract.ts';

/** Answers the questions of the contract suite. */
class ContractAgent {
  readonly #behaviour: ProviderBehaviour;
  /** Texts of the user, by the handle that was given after them. */
  readonly #remembered = new Map<string, readonly string[]>();
  readonly #heard = new WeakMap<FakeConnection, string[]>();
  readonly #partial = new WeakMap<FakeConnection, string>();

  constructor(behaviour: ProviderBehaviour) {
    this.#behaviour = behaviour;
  }

  onConnect(connection: FakeConnection): void {
    const { history, handle, answered } = connection.setup;
    const users = history.filter(({ role }) => role === 'user').map(({ parts = [] }) => parts[0]?.text ?? '');
    this.#heard.set(connection, [...(handle === undefined ? users : (this.#remembered.get(handle) ?? []))]);
    if (this.#behaviour === 'stops_reading') connection.freeze();
    const asked = history.at(-1)?.role === 'user' && answered !== true ? (users.at(-1) ?? '') : '';
    if (asked) setImmediate(() => void this.#answer(connection, asked));
  }

  readonly onInput: InputScript = (connection, input) => {
    if (this.#behaviour === 'rejected') connection.closeWith(new WireError('model_request_refused'));
    else if (this.#behaviour === 'auth') connection.closeWith(new WireError('model_key_refused'));
    else if (input.type === 'partial_text') this.#partial.set(connection, input.text);
    else if (input.type === 'text' || (input.type === 'text_end' && this.#partial.has(connection))) {
      const text = `${this.#partial.get(connection) ?? ''}${input.type === 'text' ? input.text : ''}`;
      this.#partial.delete(connection);
      void this.#answer(connection, text).then(() => this.#heard.get(connection)?.push(text));
    } else if (input.type === 'activity_end') void this.#say(connection, ['I heard you.']);
    else if (input.type === 'tool_results' && !hasCancel(connection.received)) {
      void this.#say(connection, ['It is ', String(input.results[0]?.response.result)]);
    }
  };

  async #answer(connection: FakeConnection, text: string): Promise<void> {
    if (text.includes('count')) await this.#say(connection, new Array(1_000).fill('1, '));
    else if (text.includes('dice')) connection.call({ name: 'dice' });
    else if (text.includes('What did I say')) {
      await this.#say(connection, ['You said: ', this.#heard.get(connection)?.at(-1) ?? '']);
    } else await this.#say(connection, ['You are ', 'welcome.']);
  }

  /** Says the pieces one after the other. A cancelled reply ends like those of real providers: late, and without a word if it has not begun. */
  async #say(connection: FakeConnection, pieces: readonly string[]): Promise<void> {
    const since = connection.received.length;
    const isStopped = () => connection.closed || hasCancel(connection.received.slice(since));
    for (const [index, piece] of pieces.entries()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isStopped()) {
        if (index > 0) connection.completeTurn();
        return;
      }
      connection.say(piece);
      if (this.#behaviour === 'drops_reply') connection.drop();
    }
    connection.completeGeneration();
    connection.completeTurn();
    setImmediate(() => this.#endTurn(connection));
  }

  #endTurn(connection: FakeConnection): void {
    if (this.#behaviour === 'go_away') connection.goAway(5_000);
    const handle = `handle-${Math.random()}`;
    this.#remembered.set(handle, this.#heard.get(connection) ?? []);
    connection.giveHandle(handle);
  }
}

function hasCancel(inputs: readonly ModelInput[]): boolean {
  return inputs.some(({ type }) => type === 'cancel');
}

testRealtimeModelContract('FakeModel', async (behaviour) => {
  const agent = new ContractAgent(behaviour);
  const model = new FakeModel({ onConnect: (connection) => agent.onConnect(connection), onInput: agent.onInput });
  if (behaviour === 'quota') model.refuse(new WireError('model_quota'));
  if (behaviour === 'silent') model.hold();
  return {
    model,
    get openConnections() {
      return model.connections.filter(({ open }) => open).length;
    },
    close() {},
  };
});

const SETUP: ModelSetup = {
  modality: 'TEXT',
  instruction: '',
  tools: [],
  history: [],
  inputAudioTranscription: {},
  outputAudioTranscription: {},
};
const never = new AbortController().signal;

async function connected(setup: Partial<ModelSetup> = {}) {
  const model = new FakeModel();
  const connection = await model.connect({ ...SETUP, ...setup }, never);
  return { model, connection, provider: model.latest };
}

describe('FakeModel is as strict as a provider:', () => {
  const manual: Partial<ModelSetup> = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };

  test.each<[what: string, setup: Partial<ModelSetup>, input: ModelInput]>([
    ['audio at another rate', {}, { type: 'audio', mimeType: 'audio/pcm;rate=48000', data: 'AAAA' }],
    ['audio that is not base64', {}, { type: 'audio', mimeType: 'audio/pcm;rate=16000', data: '?' }],
    ['a frame that is no image', {}, { type: 'image', mimeType: 'text/plain', data: 'AAAA' }],
    ['an empty text', {}, { type: 'text', text: '' }],
    ['a result without a call', {}, { type: 'tool_results', results: [{ id: 'x', name: 'x', response: {} }] }],
    ['activity_start where activity is detected', {}, { type: 'activity_start' }],
    ['activity_end without activity_start', manual, { type: 'activity_end' }],
    ['audio_end where activity is not detected', manual, { type: 'audio_end' }],
  ])('%s ends the connection as rejected', async (_what, setup, input) => {
    const { connection, provider } = await connected(setup);
    connection.send(input);
    expect(await provider.ended()).toMatchObject({ cause: 'rejected', code: 1007 });
  });

  test('a second result of one call ends the connection as rejected', async () => {
    const { connection, provider } = await connected();
    const [id = ''] = provider.call({ name: 'dice' });
    const result: ModelInput = { type: 'tool_results', results: [{ id, name: 'dice', response: {} }] };
    connection.send(result);
    connection.send(result);
    expect(await provider.ended()).toMatchObject({ cause: 'rejected' });
    expect(provider.received).toEqual([result, result]);
  });

  test.each<[string, Partial<ModelCapabilities>, Partial<ModelSetup>]>([
    ['a modality', { modalities: ['AUDIO'] }, {}],
    [
      'functions',
      { tools: { functions: false, builtIn: [], scheduling: false, repliesToResults: 'auto', resultImages: [] } },
      { tools: [{ type: 'google_search' }] },
    ],
    ['handles', { resumption: 'reseed' }, { handle: 'h1' }],
  ])('a setup with %s that the model lacks is refused', async (_what, capabilities, setup) => {
    const model = new FakeModel({ capabilities });
    await expect(model.connect({ ...SETUP, ...setup }, never)).rejects.toMatchObject({ code: 'model_request_refused' });
    expect(model.connections).toEqual([]);
  });

  test('a handle whose connection is still open is refused', async () => {
    const { model, connection, provider } = await connected();
    provider.giveHandle('h1');
    await expect(model.connect({ ...SETUP, handle: 'h1' }, never)).rejects.toMatchObject({ code: 'model_closed' });
    connection.close();
    await provider.ended();
    expect((await model.connect({ ...SETUP, handle: 'h1' }, never)).open).toBe(true);
  });
});

describe('FakeConnection', () => {
  test('discards what the provider says after a cancel, until the turn is complete', async () => {
    const { connection, provider } = await connected();
    const reader = new EventReader(connection);
    connection.send({ type: 'text', text: 'hello' });
    await provider.nextInput('text');
    provider.say('One, ');
    connection.send({ type: 'cancel' });
    await provider.nextInput('cancel');
    provider.say('two, ');
    provider.completeTurn();
    provider.say('next');
    provider.completeTurn();
    const types = [...(await reader.readTurn()), ...(await reader.readTurn())].map((event) =>
      event.type === 'text' ? event.text : event.type,
    );
    expect(types).toEqual(['One, ', 'interrupted', 'turn_complete', 'next', 'turn_complete']);
  });

  test('delivers nothing within send, and everything that was sent before close', async () => {
    const { connection, provider } = await connected();
    connection.send({ type: 'text', text: 'one' });
    expect(provider.received).toEqual([]);
    connection.close();
    connection.send({ type: 'text', text: 'two' });
    await provider.ended();
    expect(provider.received).toEqual([{ type: 'text', text: 'one' }]);
  });

  test('loses what is on its way when the network fails', async () => {
    const { connection, provider } = await connected();
    connection.send({ type: 'text', text: 'one' });
    provider.drop();
    expect(await provider.ended()).toMatchObject({ cause: 'transient', code: 1006 });
    expect(provider.received).toEqual([]);
  });

  test('answers neither an input nor a close while it is frozen', async () => {
    const { connection, provider } = await connected();
    provider.freeze();
    connection.send({ type: 'text', text: 'one' });
    connection.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect([provider.received, provider.closed]).toEqual([[], undefined]);
    provider.thaw();
    await provider.ended();
    expect(provider.received).toEqual([{ type: 'text', text: 'one' }]);
  });

  test('returns each input of a type once from nextInput, in order', async () => {
    const { connection, provider } = await connected();
    for (const text of ['one', 'two']) connection.send({ type: 'text', text });
    connection.send({ type: 'audio_end' });
    expect(await provider.nextInput('audio_end')).toEqual({ type: 'audio_end' });
    expect([await provider.nextInput('text'), await provider.nextInput('text')].map(({ text }) => text)).toEqual([
      'one',
      'two',
    ]);
  });
});
