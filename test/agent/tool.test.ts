import { describe, expect, jest, test } from '@jest/globals';
import * as z from 'zod';
import * as z3 from 'zod/v3';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool, googleSearch, tool } from '../../src/agent/tool.ts';
import { createToolContext } from './tools/call-context.ts';

const context = createToolContext();

const SHARED = 'name, description, parameters, timeoutMs, requireConfirmation, scheduling, isLongRunning';

describe('tool', () => {
  const add = tool({
    name: 'add',
    description: 'Adds two numbers.',
    parameters: z.object({ a: z.number(), b: z.number().default(1).describe('Default: 1.') }),
    execute: ({ a, b }) => a + b,
  });

  test('declares its parameters as a JSON schema in which parameters with a default are optional', () => {
    expect(add.declaration).toMatchObject({
      type: 'function',
      name: 'add',
      description: 'Adds two numbers.',
      parameters: {
        type: 'object',
        properties: { a: { type: 'number' }, b: { type: 'number', description: 'Default: 1.' } },
        required: ['a'],
      },
    });
  });

  test('without parameters declares none, and calls execute with an empty object whatever the arguments are', async () => {
    const plain = tool({ name: 'plain', description: 'Does it.', execute: (...given) => given });
    expect(plain.declaration).toEqual({ type: 'function', name: 'plain', description: 'Does it.' });
    expect(await plain.run?.({ any: 1 }, context)).toEqual([{}, context]);
  });

  test.each([
    ['tool', tool, 'behavior', `${SHARED}, execute, inputStream`],
    ['clientTool', clientTool, 'execute', SHARED],
    ['clientTool', clientTool, 'inputStream', SHARED],
  ] as const)(
    'a %s (%p) with the option %s, which does not exist, is refused with the options that do',
    (kind, create, option, allowed) => {
      const execute = () => 1;
      const options = { name: 'roll', description: '', ...(kind === 'tool' ? { execute } : {}), [option]: 'SILENT' };
      expect(() => create(options as Parameters<typeof tool>[0])).toThrow(
        new TypeError(`${kind} "roll": there is no option ${option}; allowed: ${allowed}`),
      );
    },
  );

  const generate = async function* () {
    yield 1;
  };

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a scheduling that does not exist',
      { scheduling: 'LATER' },
      'scheduling must be one of WHEN_IDLE, INTERRUPT, SILENT',
    ],
    ['isLongRunning that is no boolean', { isLongRunning: 'yes' }, 'isLongRunning must be true or false'],
    ['inputStream that is no boolean', { inputStream: 1 }, 'inputStream must be true or false'],
    [
      'inputStream without a generator',
      { inputStream: true },
      'inputStream is for a streaming tool: execute must be an async generator',
    ],
    [
      'isLongRunning with a generator',
      { isLongRunning: true, execute: generate },
      'a streaming tool sends its results itself: leave isLongRunning out',
    ],
  ])('with %s is refused with the reason', (_what, options, reason) => {
    expect(() => tool({ name: 'roll', description: '', execute: () => 1, ...options })).toThrow(
      new TypeError(`tool "roll": ${reason}`),
    );
  });

  test('whose function is an async generator is a streaming tool, and one that is long-running says so in its description', () => {
    expect(tool({ name: 'watch', description: '', execute: generate, inputStream: true })).toMatchObject({
      isStreaming: true,
      inputStream: true,
    });
    expect(tool({ name: 'roll', description: '', execute: () => 1 })).not.toHaveProperty('isStreaming');
    expect(tool({ name: 'refund', description: 'Refunds.', isLongRunning: true, execute: () => 1 })).toMatchObject({
      isLongRunning: true,
      declaration: {
        description: 'Refunds. The result comes later. Do not call the function again while its result is pending.',
      },
    });
  });

  test('with a schema of zod 3 is refused with an error that names zod 4', () => {
    const parameters = z3.object({ a: z3.number() }) as unknown as z.ZodObject; // as a program in JavaScript does
    expect(() => tool({ name: 'old', description: 'Does it.', parameters, execute: () => 1 })).toThrow(
      /^tool "old": parameters must be a schema of zod 4, not of zod 3/,
    );
  });

  test('run checks the arguments, fills in defaults and passes the context', async () => {
    expect(await add.run?.({ a: 2, b: 3 }, context)).toBe(5);
    expect(await add.run?.({ a: 2 }, context)).toBe(3);
  });

  test.each([[{}], [{ a: 'two' }], [undefined], ['text']])(
    'run rejects for %j and does not call execute',
    async (args) => {
      const execute = jest.fn(() => 0);
      const checked = tool({ name: 'x', description: '', parameters: z.object({ a: z.number() }), execute });
      await expect(checked.run?.(args, context)).rejects.toThrow(/Invalid arguments/);
      expect(execute).not.toHaveBeenCalled();
    },
  );

  test('run rejects with the error of execute, whether it throws or rejects', async () => {
    const at = (execute: () => unknown) => tool({ name: 'x', description: '', execute }).run?.({}, context);
    const fail = () => {
      throw new Error('broken');
    };
    await expect(at(fail)).rejects.toThrow('broken');
    await expect(at(async () => fail())).rejects.toThrow('broken');
  });

  test.each(['', '1st', 'two words', 'ä', 'x'.repeat(65), '-x'])('throws for the name %j', (name) => {
    expect(() => tool({ name, description: '', execute: () => 0 })).toThrow(TypeError);
  });

  test.each(['x', '_x', 'getTime', 'a.b-c_d9', 'x'.repeat(64)])('accepts the name %j', (name) => {
    expect(tool({ name, description: '', execute: () => 0 }).declaration).toMatchObject({ name });
  });

  test('throws without a function', () => {
    expect(() => tool({ name: 'x', description: '', execute: undefined as unknown as () => 0 })).toThrow(/execute/);
  });
});

const NO_CALLBACKS = {
  beforeAgent: [],
  afterAgent: [],
  beforeModel: [],
  afterModel: [],
  beforeTool: [],
  afterTool: [],
};

describe('Agent', () => {
  const named = (name: string) => tool({ name, description: '', execute: () => 0 });

  test('has a default for every field except its name', () => {
    expect({ ...new Agent({ name: 'a' }) }).toEqual({
      name: 'a',
      model: undefined,
      description: '',
      instruction: '',
      tools: [],
      toolsets: [],
      runConfig: {},
      greeting: undefined,
      acceptsPersona: false,
      acceptsState: true,
      callbacks: NO_CALLBACKS,
      subAgents: [],
      disallowTransferToParent: false,
      disallowTransferToPeers: false,
    });
  });

  test('keeps the options that it was created with', () => {
    const runConfig = { enableAffectiveDialog: true };
    const options = {
      name: 'my_agent-2',
      model: 'm',
      description: 'd',
      instruction: 'i',
      tools: [named('x')],
      runConfig,
      greeting: 'Say hello',
      acceptsPersona: true,
      acceptsState: ['theme'],
      subAgents: [new Agent({ name: 'below' })],
      disallowTransferToParent: true,
      disallowTransferToPeers: true,
    };
    expect({ ...new Agent(options) }).toEqual({ ...options, toolsets: [], callbacks: NO_CALLBACKS });
  });

  test.each(['', 'user', 'two words', '2nd', '-a', 'ä'])('throws for the name %j', (name) => {
    expect(() => new Agent({ name })).toThrow(TypeError);
  });

  // No compiler checks the options of these callers.
  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /options must be an object/],
    ['options without a name', {}, /"undefined" is not a valid name/],
    [
      'a misspelt option',
      { name: 'a', instructions: 'i' },
      /no option instructions; allowed: name, model, .*instruction/,
    ],
    [
      'tools that are no array',
      { name: 'a', tools: {} },
      /tools must be an array of what tool\(\) and mcpToolset\(\) return/,
    ],
    [
      'a function as a tool',
      { name: 'a', tools: [() => 0] },
      /tools must be an array of what tool\(\) and mcpToolset\(\) return/,
    ],
  ])('throws a TypeError for %s', (_what, options, text) => {
    const create = () => Reflect.construct(Agent, [options]);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(text);
  });

  test('throws if two tools have the same name, and names it', () => {
    expect(() => new Agent({ name: 'a', tools: [named('x'), named('y'), named('x')] })).toThrow(/"x"/);
    expect(() => new Agent({ name: 'a', tools: [googleSearch, googleSearch] })).toThrow(/google_search/);
  });
});
