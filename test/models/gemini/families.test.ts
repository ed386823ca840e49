// Each rule by which the families differ, with the real SDK against the strict emulator of each family.
import { describe, expect, test } from '@jest/globals';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { findFamily } from '../../../src/models/gemini/model-names.ts';
import type { ModelConnection, ModelEvent, ModelSetup, ToolDeclaration } from '../../../src/models/realtime-model.ts';
import { join, room, speech } from '../../emulator/microphone.ts';
import { closesAfterEach } from '../cleanup.ts';
import { EventReader } from '../event-reader.ts';
import { modelAt, never } from './gemini-model.ts';

const closing = closesAfterEach();
const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);
const THREE_EIGHT = GEMINI_FAMILIES['3.8'].example;
const EXTENDED = GEMINI_FAMILIES['3.8 extended thinking'].example;
const PIXEL = Buffer.from('\x89PNG\r\n\x1a\nIHDR', 'latin1').toString('base64');
const WEATHER = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Tells the weather.',
  parameters: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} satisfies ToolDeclaration;

interface Opened {
  readonly connection: ModelConnection;
  readonly reader: EventReader;
  readonly emulator: GeminiEmulator;
}

async function open(name: string, more: Partial<ModelSetup> = {}): Promise<Opened> {
  const emulator = closing(await startGeminiEmulator({ pace: 20, strict: true }));
  const model = modelAt(emulator.url, { model: name });
  const modality = model.capabilities.modalities[0] ?? 'AUDIO';
  const setup: ModelSetup = {
    modality,
    instruction: '',
    tools: [],
    history: [],
    inputAudioTranscription: {},
    outputAudioTranscription: {},
    ...more,
  };
  const connection = closing(await model.connect(setup, never));
  return { connection, reader: new EventReader(connection), emulator };
}

function textOf(events: readonly ModelEvent[]): string {
  const said = events.filter((event) => event.type === 'text' || event.type === 'output_transcript');
  return said.map(({ text }) => text).join('');
}

function speak(connection: ModelConnection, samples: Int16Array): void {
  for (let at = 0; at < samples.length; at += 1_600) {
    const data = Buffer.from(samples.slice(at, at + 1_600).buffer).toString('base64');
    connection.send({ type: 'audio', mimeType: 'audio/pcm;rate=16000', data });
  }
}

describe.each(FAMILIES)('a model of the family %s', (_family, name) => {
  test('answers a recording that ends without silence', async () => {
    const { connection, reader, emulator } = await open(name);
    speak(connection, join(room(0.4), speech(1)));
    connection.send({ type: 'audio_end' });
    expect(textOf(await reader.readTurn())).toMatch(/^You spoke for/);
    expect(emulator.violations).toEqual([]);
  });

  test('calls a function with its arguments, and reacts to the result', async () => {
    const { connection, reader, emulator } = await open(name, { tools: [WEATHER] });
    connection.send({ type: 'text', text: 'get weather {"city":"Oslo"}' });
    const [call] = await reader.readCalls();
    expect(call).toMatchObject({ name: 'get_weather', args: { city: 'Oslo' } });
    connection.send({
      type: 'tool_results',
      results: [{ id: call?.id ?? '', name: 'get_weather', response: { result: 'rain' } }],
    });
    const reaction = await reader.readUntilText('rain');
    expect(textOf(reaction)).toContain('rain');
    expect(emulator.violations).toEqual([]);
  });

  test('is told the parameters of a function in the form that the family reads, and a behavior only if the family needs one', async () => {
    const { emulator } = await open(name, { tools: [WEATHER] });
    const { $schema: _, ...jsonSchema } = WEATHER.parameters;
    // The SDK writes the types in capitals.
    const openApi = { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] };
    const { toolParameters, asynchronousTools } = findFamily(name);
    const [setup] = emulator.setups as [{ tools: unknown }];
    expect(setup.tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'get_weather',
            description: 'Tells the weather.',
            ...(toolParameters === 'json_schema' ? { parametersJsonSchema: jsonSchema } : { parameters: openApi }),
            ...(asynchronousTools ? { behavior: 'NON_BLOCKING' } : {}),
          },
        ],
      },
    ]);
  });

  test('speaks first when it receives its opening, and not a filler', async () => {
    const { reader, connection } = await open(name);
    const { opening } = modelAt('http://127.0.0.1:1', { model: name }).capabilities;
    connection.send({ type: 'text', text: opening });
    expect(textOf(await reader.readTurn())).toMatch(/^Hello!/);
  });

  test('calls a function with an empty result once', async () => {
    const { connection, reader } = await open(name, { tools: [WEATHER] });
    connection.send({ type: 'text', text: 'get weather' });
    const [call] = await reader.readCalls();
    connection.send({
      type: 'tool_results',
      results: [{ id: call?.id ?? '', name: 'get_weather', response: { result: null } }],
    });
    const reaction = await reader.readUntilText('The tool answered');
    expect(reaction.map(({ type }) => type)).not.toContain('tool_call');
  });

  test('sees the picture that was shown just before a typed question', async () => {
    const { connection, reader } = await open(name);
    connection.send({ type: 'image', mimeType: 'image/png', data: PIXEL });
    connection.send({ type: 'text', text: 'what is this' });
    expect(textOf(await reader.readTurn())).toContain('I received an image');
  });

  test('does not transcribe the user where that is off', async () => {
    const { connection, reader } = await open(name, { inputAudioTranscription: undefined });
    speak(connection, join(room(0.4), speech(1), room(1)));
    const events = await reader.readTurn();
    expect(events.map(({ type }) => type)).not.toContain('input_transcript');
    expect(events.map(({ type }) => type)).not.toContain('interim_transcript');
  });

  test('transcribes an utterance once, and before that in interim transcripts if the family has them', async () => {
    const { connection, reader } = await open(name);
    speak(connection, join(room(0.4), speech(1.2), room(1)));
    const events = await reader.readTurn();
    const final = events.filter((event) => event.type === 'input_transcript');
    expect(final.map(({ text }) => text).join('')).toMatch(/^1\.\d s of speech$/);
    expect(final.every(({ finished }) => !finished)).toBe(true);
    const interim = events.flatMap((event) => (event.type === 'interim_transcript' ? [event.text] : []));
    expect(interim).toEqual(findFamily(name).interimTranscripts ? ['0.5 s of speech', '1.0 s of speech'] : []);
  });

  test('is recognised by its example', () => {
    expect(findFamily(name).example).toBe(name);
  });
});

test('extended thinking ends an exchange with exchange_complete, after the utterances and calls that belong to it', async () => {
  const { connection, reader } = await open(EXTENDED, { tools: [WEATHER] });
  connection.send({ type: 'text', text: 'get weather {"city":"Oslo"}' });
  expect(textOf(await reader.readTurn())).toBe('One moment.');
  const [call] = await reader.readCalls();
  connection.send({
    type: 'tool_results',
    results: [{ id: call?.id ?? '', name: 'get_weather', response: { result: 'rain' } }],
  });
  const rest = await reader.readUntil(({ type }) => type === 'exchange_complete');
  expect(rest.filter(({ type }) => type === 'turn_complete')).toHaveLength(1);
});

test('extended thinking is told a thinking level, LOW unless the setup has another, and 3.8 is told none', async () => {
  for (const [name, more] of [
    [EXTENDED, {}],
    [EXTENDED, { thinkingLevel: 'HIGH' }],
    [THREE_EIGHT, {}],
  ] as const) {
    const { connection, reader } = await open(name, more);
    connection.send({ type: 'text', text: 'thanks' });
    expect(textOf(await reader.readTurn())).toBe('You are welcome.');
  }
});

test('3.8 stops generating on cancel: no audio follows that the connection would have to discard', async () => {
  const { connection, reader } = await open(THREE_EIGHT);
  connection.send({ type: 'text', text: 'count to thirty' });
  await reader.readUntil(({ type }) => type === 'audio');
  connection.send({ type: 'cancel' });
  await reader.readTurn();
  connection.send({ type: 'text', text: 'thanks' });
  expect(textOf(await reader.readTurn())).toBe('You are welcome.');
});

test.each([
  ['gemini-3.5-live', '3.8'],
  ['gemini-3.2-flash-live', '3.1'],
  ['gemini-4-live', '3.8'],
  ['gemini-10-live-extended-thinking', '3.8 extended thinking'],
  ['publishers/google/models/gemini-live-2.5-flash-native-audio', '2.5 native audio'],
  ['tunedModels/my-own', '2.5 half-cascade'],
])('the unknown model %s belongs to the nearest family, %s', (name, family) => {
  expect(findFamily(name).name).toBe(family);
});

test.each([
  ['gemini-2.0-flash-exp', 'gemini-3.8-live'],
  ['models/gemini-2.5-flash-native-audio-preview-09-2025', 'gemini-2.5-flash-native-audio-preview-12-2025'],
])('the retired model %s is refused, and the hint names its successor %s', (name, successor) => {
  expect(() => modelAt('http://127.0.0.1:1', { model: name })).toThrow(
    expect.objectContaining({ code: 'model_not_found', hint: expect.stringContaining(successor) }),
  );
});

test('proactive audio and affective dialog are asked for with the version of the API that knows them', async () => {
  const { connection, reader, emulator } = await open(GEMINI_FAMILIES['2.5 native audio'].example, {
    proactiveAudio: true,
    affectiveDialog: true,
  });
  connection.send({ type: 'text', text: 'thanks' });
  expect(textOf(await reader.readTurn())).toBe('You are welcome.');
  expect(emulator.violations).toEqual([]);
});
