// Pictures in the results of tools: what the model, the clients and the conversation get of them.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientTool, tool } from '../../../src/agent/tool.ts';
import { toolResult } from '../../../src/agent/tool-result.ts';
import { toolResult as clientToolResult } from '../../../src/client/tool-result.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../../src/emulator/scenario.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { picture } from '../../picture.ts';
import { startFakeTalk } from '../fake-talk.ts';
import { CONVERSATION, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();
beforeAll(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterAll(() => {
  jest.restoreAllMocks();
});

const PNG = { mimeType: 'image/png', data: picture('image/png', 2_048) };
const JPEG = { mimeType: 'image/jpeg', data: picture('image/jpeg', 4_096) };
const SHOWN = '1 picture was shown to the user. You cannot see it.';

const drawing = (images = [PNG]) =>
  tool({
    name: 'draw_chart',
    description: 'Draws a chart.',
    execute: () => toolResult({ response: { title: 'Sales' }, images }),
  });

const resultsIn = (events: readonly AgentEvent[]) =>
  events.flatMap(({ content }) => content?.parts?.flatMap(({ functionResponse }) => functionResponse ?? []) ?? []);
const saidIn = (events: readonly AgentEvent[]) =>
  events
    .filter(({ partial, author }) => partial && author !== 'user')
    .map((event) => event.outputTranscription?.text ?? event.content?.parts?.[0]?.text ?? '')
    .join('');

/** Whether the last thing that was said is the end of a turn. */
const isComplete = (events: readonly AgentEvent[]) =>
  events.findLast(({ partial, turnComplete }) => partial || turnComplete)?.turnComplete === true;

const FAMILIES = Object.values(GEMINI_FAMILIES).map((family) => [family.name, family] as const);

describe.each(FAMILIES)('a tool that returns a picture to a model of the family %s', (_name, family) => {
  const sees = family.resultMedia.includes('image/png');

  async function open(scenario: Scenario = []) {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true, scenario }));
    const runner = runnerFor(modelAt(emulator.url, { model: family.example }), { tools: [drawing()] });
    const conversation = runner.conversations.open(CONVERSATION);
    const talk = closing(startTalk(runner));
    await talk.until(({ status }) => status?.upstream === 'ready');
    return { emulator, talk, conversation };
  }

  test('gives it to clients, and to the model if the model takes it, and the conversation keeps the number', async () => {
    const { emulator, talk, conversation } = await open();
    talk.say('draw the chart');
    await talk.until(() => /Sales/.test(saidIn(talk.events)) && isComplete(talk.events));
    const [result] = resultsIn(talk.events);
    expect(result).toMatchObject({ name: 'draw_chart', response: { title: 'Sales' }, parts: [{ inlineData: PNG }] });
    if (sees) expect(saidIn(talk.events)).toContain('I received an image: PNG, 2 kilobytes.');
    else expect(saidIn(talk.events)).toContain(SHOWN);
    expect(emulator.violations).toEqual([]);
    const stored = conversation.events;
    expect(resultsIn(stored)).toEqual([{ ...result, parts: undefined, pictures: 1 }]);
    expect(JSON.stringify(stored)).not.toContain(PNG.data);
    expect(conversation.listShownTurns([]).at(-1)?.tools).toMatchObject([{ state: 'done', pictures: 1 }]);
    await conversation.release();
  });

  test('gives it to a new connection in a message, where the old one is lost with the result', async () => {
    const { emulator, talk } = await open([[{ at: { frame: 1 }, do: { close: 1011 } }]]);
    talk.say('draw the chart');
    await talk.until(() => /Sales/.test(saidIn(talk.events)) && isComplete(talk.events));
    expect(saidIn(talk.events)).toContain('The tool answered');
    expect(resultsIn(talk.events)).toHaveLength(1);
    expect(emulator.violations).toEqual([]);
  });
});

describe('a result with pictures', () => {
  function open(images: readonly string[], tools = [drawing([PNG, JPEG])]) {
    const tools_ = {
      functions: true,
      builtIn: [],
      scheduling: false,
      repliesToResults: 'auto',
      resultImages: images,
    } as const;
    const { model, talk } = startFakeTalk({ model: { capabilities: { tools: tools_ } }, agent: { tools } });
    closing(talk);
    return { model, talk };
  }

  test('has only the types that the model takes, and says how many it does not see', async () => {
    const { model } = open(['image/jpeg']);
    const provider = await model.connection(0);
    provider.call({ name: 'draw_chart' });
    const { results } = await provider.nextInput('tool_results');
    expect(results).toMatchObject([
      { name: 'draw_chart', response: { title: 'Sales', pictures: SHOWN }, parts: [{ inlineData: JPEG }] },
    ]);
  });

  test.each<[string, readonly ('frames' | 'in_message')[], number]>([
    ['has its pictures', ['in_message'], 2],
    ['says that the model does not see them, if it takes none', [], 0],
  ])('that is told to a new connection %s', async (_what, images, seen) => {
    const input = { rate: 16_000, images, turnDetection: ['server'] } as const;
    const { model, talk } = startFakeTalk({
      model: { capabilities: { input } },
      agent: { tools: [drawing([PNG, JPEG])] },
    });
    closing(talk);
    const provider = await model.connection(0);
    talk.say('draw the chart');
    await provider.nextInput('text');
    provider.call({ name: 'draw_chart' });
    await provider.nextInput('tool_results');
    provider.drop();
    const told = await (await model.connection(1)).nextInput('text');
    expect(told.images).toHaveLength(seen);
    expect(told.text).toContain('Sales');
    expect(told.text.includes('You cannot see them.')).toBe(seen === 0);
  });

  test('keeps a field of its own that is called pictures', async () => {
    const album = tool({
      name: 'open_album',
      description: '',
      execute: () => toolResult({ response: { pictures: 40 }, images: [PNG, JPEG] }),
    });
    const { model } = open([], [album]);
    const provider = await model.connection(0);
    provider.call({ name: 'open_album' });
    const { results } = await provider.nextInput('tool_results');
    expect(results).toMatchObject([
      { response: { result: { pictures: 40 }, pictures: '2 pictures were shown to the user. You cannot see them.' } },
    ]);
    expect(results[0]).not.toHaveProperty('parts');
  });

  test.each<[string, () => unknown, RegExp]>([
    ['is a PDF', () => toolResult({ images: [{ mimeType: 'application/pdf', data: 'JVBERi0=' }] }), /image\/png/],
    ['is not base64', () => toolResult({ images: [{ ...PNG, data: '%%%%' }] }), /not base64/],
    ['is over the limit', () => toolResult({ images: Array(5).fill(PNG) }), /at most 4 pictures/],
    ['is no list', () => toolResult({ images: PNG as never }), /must be a list/],
  ])('that %s is an error, which names the limit', async (_what, execute, reason) => {
    const { model, talk } = open(['image/png'], [tool({ name: 'scan', description: '', execute })]);
    const provider = await model.connection(0);
    provider.call({ name: 'scan' });
    const { results } = await provider.nextInput('tool_results');
    expect(results).toMatchObject([{ response: { error: expect.stringMatching(reason) } }]);
    expect(resultsIn(talk.events)[0]).not.toHaveProperty('parts');
  });

  test('may be created by the SDK, or by another copy of the package, and its pictures are checked again', async () => {
    const mark = Object.getOwnPropertySymbols(toolResult({ images: [] }))[0] ?? '';
    const results = [
      clientToolResult({ images: [PNG] }),
      { [mark]: true, result: 1, images: [{ mimeType: 'a/b', data: '' }] },
    ];
    const scan = tool({ name: 'scan', description: '', execute: () => results.shift() });
    const { model } = open(['image/png'], [scan]);
    const provider = await model.connection(0);
    provider.call({ name: 'scan' });
    expect((await provider.nextInput('tool_results')).results).toMatchObject([{ parts: [{ inlineData: PNG }] }]);
    provider.call({ name: 'scan' });
    expect((await provider.nextInput('tool_results')).results).toMatchObject([
      { response: { error: expect.stringContaining('not a/b') } },
    ]);
  });

  test('of a client reaches the model, and one that nobody checked is an error of the tool', async () => {
    const { model, talk } = open(['image/png'], [clientTool({ name: 'take_photo', description: '' })]);
    const provider = await model.connection(0);
    const [first = '', second = ''] = provider.call({ name: 'take_photo' }, { name: 'take_photo' });
    await talk.until(({ clientToolIds }) => clientToolIds?.includes(second));
    const functionResponse = { id: first, name: 'take_photo', response: { ok: true }, parts: [{ inlineData: PNG }] };
    talk.queue.sendContent({ role: 'user', parts: [{ functionResponse }] });
    talk.queue.sendToolResults([{ id: second, response: {}, images: [{ ...PNG, mimeType: 'text/html' }] }]);
    expect((await provider.nextInput('tool_results')).results).toEqual([functionResponse]);
    expect((await provider.nextInput('tool_results')).results).toMatchObject([
      { id: second, response: { error: expect.stringContaining('not text/html') } },
    ]);
  });
});
