import { describe, expect, jest, test } from '@jest/globals';
import * as z from 'zod';
import { Agent } from '../../src/agent/agent.ts';
import { googleSearch, type ToolContext, tool } from '../../src/agent/tool.ts';

const context: ToolContext = { signal: new AbortController().signal, userId: 'ann', sessionId: 's', callId: 'c1' };

describe('tool', () => {
  const add = tool({
    name: 'add',
    description: 'Adds two numbers.',
    parameters: z.object({ a: z.number(), b: z.number().default(1).describe('Default: 1.') }),
    execute: ({ a, b }) => a + b,
  });

  test('declares its parameters as JSON schema, defaults not required', () => {
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

  test('without parameters declares none, and gives execute an empty object whatever it is called with', async () => {
    const plain = tool({ name: 'plain', description: 'Does it.', execute: (...given) => given });
    expect(plain.declaration).toEqual({ type: 'function', name: 'plain', description: 'Does it.' });
    expect(await plain.run?.({ any: 1 }, context)).toEqual([{}, context]);
  });

  test('run checks the arguments, fills in defaults, and hands on the context', async () => {
    expect(await add.run?.({ a: 2, b: 3 }, context)).toBe(5);
    expect(await add.run?.({ a: 2 }, context)).toBe(3);
  });

  test.each([[{}], [{ a: 'two' }], [undefined], ['text']])(
    'run with %j rejects, and execute is not called',
    async (args) => {
      const execute = jest.fn(() => 0);
      const checked = tool({ name: 'x', description: '', parameters: z.object({ a: z.number() }), execute });
      await expect(checked.run?.(args, context)).rejects.toThrow(/Invalid arguments/);
      expect(execute).not.toHaveBeenCalled();
    },
  );

  test('run of an execute that throws, at once or later, rejects with its error', async () => {
    const at = (execute: () => unknown) => tool({ name: 'x', description: '', execute }).run?.({}, context);
    const fail = () => {
      throw new Error('broken');
    };
    await expect(at(fail)).rejects.toThrow('broken');
    await expect(at(async () => fail())).rejects.toThrow('broken');
  });

  test.each(['', '1st', 'two words', 'ä', 'x'.repeat(65), '-x'])('with the name %j throws', (name) => {
    expect(() => tool({ name, description: '', execute: () => 0 })).toThrow(TypeError);
  });

  test.each(['x', '_x', 'getTime', 'a.b-c_d9', 'x'.repeat(64)])('with the name %j is made', (name) => {
    expect(tool({ name, description: '', execute: () => 0 }).declaration).toMatchObject({ name });
  });

  test('without a function throws', () => {
    expect(() => tool({ name: 'x', description: '', execute: undefined as unknown as () => 0 })).toThrow(/execute/);
  });
});

describe('Agent', () => {
  const named = (name: string) => tool({ name, description: '', execute: () => 0 });

  test('has defaults for all but its name', () => {
    expect({ ...new Agent({ name: 'a' }) }).toEqual({
      name: 'a',
      model: undefined,
      description: '',
      instruction: '',
      tools: [],
      runConfig: {},
    });
  });

  test('keeps what it was given', () => {
    const runConfig = { enableAffectiveDialog: true };
    const options = {
      name: 'my_agent-2',
      model: 'm',
      description: 'd',
      instruction: 'i',
      tools: [named('x')],
      runConfig,
    };
    expect({ ...new Agent(options) }).toEqual(options);
  });

  test.each(['', 'user', 'two words', '2nd', '-a', 'ä'])('with the name %j throws', (name) => {
    expect(() => new Agent({ name })).toThrow(TypeError);
  });

  test('with two tools of one name throws and names it', () => {
    expect(() => new Agent({ name: 'a', tools: [named('x'), named('y'), named('x')] })).toThrow(/"x"/);
    expect(() => new Agent({ name: 'a', tools: [googleSearch, googleSearch] })).toThrow(/google_search/);
  });
});
