// The rules by which the families of the emulator differ, as a client without our own code meets them.
import { type FunctionDeclaration, Modality, ThinkingLevel, Type } from '@google/genai';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { until } from '../../models/until.ts';
import { join, room, say, speech } from '../microphone.ts';
import { connect, joinInputTranscript, joinTranscript } from './live-client.ts';
import { openRaw } from './raw-client.ts';

const SPOKEN = { responseModalities: [Modality.AUDIO], outputAudioTranscription: {} };
const HALF_CASCADE = 'gemini-live-2.5-flash-preview';
const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const THREE_ONE = 'gemini-3.1-flash-live-preview';
const THREE_EIGHT = 'gemini-3.8-live';
const EXTENDED = 'gemini-3.8-live-extended-thinking';
const LOW = { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } };

let emulator: GeminiEmulator;
beforeAll(async () => {
  emulator = await startGeminiEmulator({ pace: 20 });
});
afterAll(() => emulator.close());

/** Opens a session of a model, with the level that its family needs. */
function open(model: string, config: Parameters<typeof connect>[1] = {}) {
  return connect(emulator, { ...SPOKEN, ...(model === EXTENDED ? LOW : {}), ...config }, { model });
}

/** The close code and reason with which a setup is refused. */
async function refusalOf(setup: object): Promise<{ code: number; reason: string }> {
  const client = await openRaw(emulator);
  client.send({ setup });
  return client.closed;
}

describe('the end of audio', () => {
  test.each([HALF_CASCADE, NATIVE, THREE_ONE])('audioStreamEnd is the end of an utterance for %s', async (model) => {
    const { session, turn } = await open(model);
    say(session, join(room(0.4), speech(1)));
    session.sendRealtimeInput({ audioStreamEnd: true });
    expect(joinTranscript(await turn())).toMatch(/^You spoke for/);
    session.close();
  });

  test.each([THREE_EIGHT, EXTENDED])(
    '%s ignores audioStreamEnd, and answers after silence has arrived',
    async (model) => {
      const { session, messages, turn, until } = await open(model);
      say(session, join(room(0.4), speech(1)));
      session.sendRealtimeInput({ audioStreamEnd: true });
      // Whatever follows on the connection is answered first.
      session.sendClientContent({ turns: 'thanks' });
      await until(({ serverContent }) => serverContent?.turnComplete === true);
      expect(joinTranscript(messages)).toBe('You are welcome.');
      const from = messages.length;
      say(session, room(1));
      expect(joinTranscript(await turn(from))).toMatch(/^You spoke for/);
      session.close();
    },
  );
});

describe('the parameters of a function', () => {
  const jsonSchema = { parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } };
  const openApi = { parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } } };
  const callOf = async (model: string, declared: FunctionDeclaration) => {
    const { session, until } = await open(model, { tools: [{ functionDeclarations: [declared] }] });
    const text = 'get weather {"city":"Oslo"}';
    if (model === THREE_ONE) session.sendRealtimeInput({ text });
    else session.sendClientContent({ turns: text });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    session.close();
    return toolCall?.functionCalls?.[0]?.args;
  };

  test.each([
    [HALF_CASCADE, {}, { city: 'Oslo' }],
    [NATIVE, {}, { city: 'Oslo' }],
    [THREE_ONE, { city: 'Oslo' }, { city: 'Oslo' }],
    [THREE_EIGHT, { city: 'Oslo' }, { city: 'Oslo' }],
    [EXTENDED, {}, { city: 'Oslo' }],
  ])('%s calls with %j for a JSON schema, and with %j for an OpenAPI schema', async (model, fromJson, fromOpenApi) => {
    const behavior = { behavior: 'NON_BLOCKING' } as object;
    expect(await callOf(model, { name: 'get_weather', ...behavior, ...jsonSchema })).toEqual(fromJson);
    expect(await callOf(model, { name: 'get_weather', ...behavior, ...openApi })).toEqual(fromOpenApi);
  });

  test.each([
    [THREE_EIGHT, true],
    [THREE_ONE, true],
    [HALF_CASCADE, false],
  ])('additionalProperties inside parameters closes %s: %s', async (model, closes) => {
    const parameters = { type: 'OBJECT', properties: { at: { type: 'OBJECT', additionalProperties: false } } };
    const client = await openRaw(emulator);
    client.send({
      setup: { model: `models/${model}`, tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] },
    });
    if (closes)
      expect(await client.closed).toMatchObject({
        code: 1007,
        reason: expect.stringContaining('additional_properties'),
      });
    else await client.until('setupComplete');
    client.close();
  });

  test.each([
    [undefined, 'setup.tools[0].function_declarations[0].behavior must be specified.'],
    ['BLOCKING', 'BLOCKING function calls are not supported for this model.'],
  ])('extended thinking closes for a declaration with the behavior %s', async (behavior, reason) => {
    const tools = [{ functionDeclarations: [{ name: 'f', ...(behavior === undefined ? {} : { behavior }) }] }];
    const generationConfig = { thinkingConfig: { thinkingLevel: 'LOW' } };
    expect(await refusalOf({ model: `models/${EXTENDED}`, generationConfig, tools })).toEqual({ code: 1007, reason });
  });
});

test.each([
  [HALF_CASCADE, undefined, undefined],
  [HALF_CASCADE, 'LOW', undefined],
  [NATIVE, 'LOW', undefined],
  [THREE_ONE, undefined, undefined],
  [THREE_ONE, 'MINIMAL', undefined],
  [THREE_EIGHT, undefined, undefined],
  [THREE_EIGHT, 'LOW', 'Thinking level is not supported for this model.'],
  [EXTENDED, undefined, 'Thinking level must be specified.'],
  [EXTENDED, 'MINIMAL', 'Thinking level MINIMAL is not supported for this model.'],
  [EXTENDED, 'HIGH', undefined],
])('a setup of %s with the thinking level %s closes with the reason %s', async (model, thinkingLevel, reason) => {
  const generationConfig = thinkingLevel === undefined ? {} : { thinkingConfig: { thinkingLevel } };
  if (reason !== undefined) {
    expect(await refusalOf({ model: `models/${model}`, generationConfig })).toEqual({ code: 1007, reason });
    return;
  }
  const client = await openRaw(emulator);
  client.send({ setup: { model: `models/${model}`, generationConfig } });
  await client.until('setupComplete');
  client.close();
});

test('generation 3 transcribes the user even if the setup does not ask for it, and generation 2.5 does not', async () => {
  for (const [model, transcribes] of [
    [THREE_EIGHT, true],
    [NATIVE, false],
  ] as const) {
    const { session, turn } = await open(model);
    say(session, join(room(0.4), speech(1), room(1)));
    expect(joinInputTranscript(await turn()) !== '').toBe(transcribes);
    session.close();
  }
});

test.each([
  [HALF_CASCADE, []],
  [THREE_ONE, []],
  [THREE_EIGHT, ['0.5 s of speech', '1.0 s of speech']],
  [EXTENDED, ['0.5 s of speech', '1.0 s of speech']],
])(
  '%s sends the interim transcripts %j while the user speaks, and one complete transcript',
  async (model, expected) => {
    const { session, turn } = await open(model, { inputAudioTranscription: {} });
    say(session, join(room(0.4), speech(1.2), room(1)));
    const messages = await turn();
    const contents = messages.flatMap(({ serverContent }) => serverContent ?? []);
    expect(contents.flatMap((content) => content.interimInputTranscription?.text ?? [])).toEqual(expected);
    expect(contents.flatMap((content) => content.inputTranscription ?? [])).toEqual([{ text: expect.any(String) }]);
    session.close();
  },
);

test('an empty clientContent cancels a reply of 3.8', async () => {
  const { session, turn, until } = await open(THREE_EIGHT);
  session.sendClientContent({ turns: 'count to thirty' });
  await until(({ serverContent }) => serverContent?.modelTurn !== undefined);
  session.sendClientContent({ turnComplete: true });
  const ended = await turn();
  expect(ended.some(({ serverContent }) => serverContent?.interrupted)).toBe(true);
  session.close();
});

test.each([
  [NATIVE, false],
  [THREE_EIGHT, false],
  [EXTENDED, true],
])('%s answers an empty turn with a filler: %s', async (model, fills) => {
  const { session, turn, messages } = await open(model);
  session.sendClientContent({ turnComplete: true });
  const said = joinTranscript(await turn());
  if (fills) expect(said).toBe('One moment.');
  else expect(said).toContain('I am the offline agent.');
  // A placeholder makes each family speak first.
  const from = messages.length;
  session.sendClientContent({ turns: '.' });
  expect(joinTranscript(await turn(from))).toContain('Hello!');
  session.close();
});

test('a typed message sees the pictures in it, and none that was sent as video', async () => {
  const data = Buffer.from('\x89PNG\r\n\x1a\nIHDR', 'latin1').toString('base64');
  const { session, messages, turn } = await open(THREE_EIGHT);
  session.sendRealtimeInput({ video: { data, mimeType: 'image/png' } });
  session.sendClientContent({ turns: 'what is this' });
  expect(joinTranscript(await turn())).not.toContain('image');
  const from = messages.length;
  session.sendClientContent({
    turns: [{ role: 'user', parts: [{ inlineData: { data, mimeType: 'image/png' } }, { text: 'what is this' }] }],
  });
  expect(joinTranscript(await turn(from))).toContain('I received an image');
  session.close();
});

test.each([
  [THREE_ONE, true],
  [NATIVE, false],
])(
  '%s is silent about an ignored result until realtime text arrives, even without words: %s',
  async (model, continues) => {
    const single = await startGeminiEmulator({
      pace: 1_000,
      strict: true,
      scenario: [[{ at: { heard: 2 }, do: 'ignore' }]],
    });
    const client = await openRaw(single);
    const tools = [{ functionDeclarations: [{ name: 'dice' }] }];
    client.send({ setup: { model: `models/${model}`, outputAudioTranscription: {}, tools } });
    await client.until('setupComplete');
    client.send({ realtimeInput: { text: 'roll the dice' } });
    const { id } = JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0];
    client.send({ toolResponse: { functionResponses: [{ id, name: 'dice', response: { result: 'six' } }] } });
    client.send({ realtimeInput: { audio: { data: 'AAAA', mimeType: 'audio/pcm;rate=16000' } } });
    client.send({ realtimeInput: { text: continues ? ' ' : 'thanks' } });
    const said = await client.until('outputTranscription');
    expect(said).toContain(continues ? 'The tool answered' : 'You are welcome.');
    expect(single.violations).toEqual([]);
    client.close();
    await single.close();
  },
);

test('extended thinking announces work in the background, calls after its first utterance, and ends the exchange with IDLE', async () => {
  const client = await openRaw(emulator);
  client.send({
    setup: {
      model: `models/${EXTENDED}`,
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } },
      tools: [{ functionDeclarations: [{ name: 'dice', behavior: 'NON_BLOCKING' }] }],
    },
  });
  await client.until('setupComplete');
  client.send({ clientContent: { turns: [{ parts: [{ text: 'roll the dice' }] }], turnComplete: true } });
  await client.until('IN_PROGRESS');
  await client.until('turnComplete');
  const { id } = JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0];
  client.send({ toolResponse: { functionResponses: [{ id, name: 'dice', response: { result: 'six' } }] } });
  expect(JSON.parse(await client.until('turnComplete')).serverContent).toMatchObject({ interactionStatus: 'IDLE' });
  expect(client.frames.filter(({ data }) => data.includes('IDLE'))).toHaveLength(1);
  client.send({ toolResponse: { functionResponses: [{ id: 'x', name: 'dice', response: {}, scheduling: 'SILENT' }] } });
  expect(await client.closed).toMatchObject({ code: 1007, reason: expect.stringContaining('scheduling') });
});

test('extended thinking takes a response with willContinue for the last one: it goes idle, and never speaks the real one', async () => {
  const client = await openRaw(emulator);
  client.send({
    setup: {
      model: `models/${EXTENDED}`,
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } },
      tools: [{ functionDeclarations: [{ name: 'dice', behavior: 'NON_BLOCKING' }] }],
      outputAudioTranscription: {},
    },
  });
  await client.until('setupComplete');
  client.send({ clientContent: { turns: [{ parts: [{ text: 'roll the dice' }] }], turnComplete: true } });
  const { id } = JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0];
  const respond = (result: string, more: object = {}) =>
    client.send({ toolResponse: { functionResponses: [{ id, name: 'dice', response: { result }, ...more }] } });
  respond('rolling', { willContinue: true });
  await client.until('IDLE');
  respond('six');
  client.send({ clientContent: { turns: [{ parts: [{ text: 'thank you' }] }], turnComplete: true } });
  await client.until('IDLE');
  expect(client.frames.filter(({ data }) => data.includes('IDLE'))).toHaveLength(2);
  expect(client.frames.filter(({ data }) => /six|Six/.test(data))).toEqual([]);
  client.close();
});

/** Opens a session without the SDK, and waits until the setup is complete and the session has a handle. */
async function openResumable(model: string, handle?: string, instruction = 'old') {
  const client = await openRaw(emulator);
  client.send({
    setup: {
      model: `models/${model}`,
      systemInstruction: { parts: [{ text: instruction }] },
      sessionResumption: { ...(handle === undefined ? {} : { handle }) },
      outputAudioTranscription: {},
      tools: [
        { functionDeclarations: [{ name: 'dice', ...(model === EXTENDED ? { behavior: 'NON_BLOCKING' } : {}) }] },
      ],
      ...(model === EXTENDED ? { generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } } : {}),
    },
  });
  const { newHandle = '' } = JSON.parse(await client.until('newHandle')).sessionResumptionUpdate;
  const type = (text: string) =>
    client.send(
      model === THREE_ONE
        ? { realtimeInput: { text } }
        : { clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true } },
    );
  const said = () =>
    client.frames
      .map(({ data }) => JSON.parse(data).serverContent)
      .map((content) => content?.outputTranscription?.text ?? content?.modelTurn?.parts?.[0]?.text ?? '')
      .join('');
  return { client, handle: newHandle, type, said };
}

const ALL = [HALF_CASCADE, NATIVE, THREE_ONE, THREE_EIGHT, EXTENDED];

test.each(ALL)('a connection that resumes a session of %s keeps the old instruction', async (model) => {
  const first = await openResumable(model);
  first.client.close();
  await first.client.closed;
  const second = await openResumable(model, first.handle, 'new');
  second.type('what are your instructions');
  await second.client.until('turnComplete');
  expect(second.said()).toContain('My instructions are: old');
  second.client.close();
});

test.each(ALL)('%s ignores a result of a call that another connection made', async (model) => {
  const { client, type, said } = await openResumable(model);
  client.send({ toolResponse: { functionResponses: [{ id: 'other', name: 'dice', response: { result: 'six' } }] } });
  type('thanks');
  await client.until('turnComplete');
  expect(said()).toBe('You are welcome.');
  client.close();
});

test.each([
  [HALF_CASCADE, 'image/png', true],
  [NATIVE, 'image/png', true],
  [THREE_ONE, 'image/png', false],
  [THREE_EIGHT, 'image/webp', false],
  [EXTENDED, 'image/jpeg', false],
  [THREE_ONE, 'application/pdf', true],
  [THREE_EIGHT, 'application/pdf', true],
])('a result for %s with a part of the type %s closes the session: %s', async (model, mimeType, closes) => {
  const { client, type, said } = await openResumable(model);
  type('roll the dice');
  const { id } = JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0];
  const parts = [{ inlineData: { mimeType, data: 'AAAA' } }];
  client.send({ toolResponse: { functionResponses: [{ id, name: 'dice', response: { result: 'six' }, parts }] } });
  if (closes) {
    expect(await client.closed).toMatchObject({ code: 1007, reason: expect.stringContaining(mimeType) });
    return;
  }
  await until(() => said().includes('six'));
  client.close();
});

test('3.8 resumes a session as the lost connection left it, and takes the next input for the end of a call that was lost', async () => {
  const first = await openResumable(THREE_EIGHT);
  first.type('roll the dice');
  await first.client.until('toolCall');
  first.client.close();
  await first.client.closed;
  const second = await openResumable(THREE_EIGHT, first.handle);
  second.type('what did I say');
  await second.client.until('turnComplete');
  expect(second.said()).toBe('');
  second.type('what did I say');
  await until(() => second.said().includes('dice'));
  expect(second.said()).toContain('You said: roll the dice');
  second.client.close();
});
