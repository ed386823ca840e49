import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { Agent, type AgentOptions } from '../../../src/agent/agent.ts';
import { clientTool, type ToolContext, tool } from '../../../src/agent/tool.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { startFakeTalk } from '../fake-talk.ts';

const closing = closesAfterEach();
const never = () => new Promise<undefined>(() => {});

/** Calls a tool that adds one, with callbacks around it. @returns what clients see of the result, and the arguments with which the tool ran */
async function callAdd(
  callbacks: Partial<AgentOptions>,
  args: Record<string, unknown> = { to: 1 },
  timeoutMs = 60_000,
) {
  const ran: unknown[] = [];
  const add = tool({
    name: 'add_one',
    description: 'Adds one.',
    parameters: z.object({ to: z.number() }),
    execute: ({ to }) => {
      ran.push(to);
      return { sum: to + 1 };
    },
  });
  const { model, talk } = startFakeTalk({
    agent: { tools: [add], ...callbacks },
    runConfig: { toolTimeoutMs: timeoutMs },
  });
  closing(talk);
  const provider = await model.connection(0);
  talk.say('add');
  await provider.nextInput('text');
  provider.call({ name: 'add_one', args });
  const event = await talk.until(({ content }) => content?.parts?.[0]?.functionResponse);
  const [sent] = (await provider.nextInput('tool_results')).results;
  expect(sent?.response).toEqual(event.content?.parts?.[0]?.functionResponse?.response);
  return { ran, response: sent?.response, event, talk };
}

describe('beforeToolCallback', () => {
  test('that returns nothing lets the tool run, with the arguments as it has changed them', async () => {
    const { ran, response, talk } = await callAdd({
      beforeToolCallback: ({ tool: called, args }) => {
        expect(called).toEqual({ name: 'add_one', description: 'Adds one.' });
        args.to = 41;
        return undefined;
      },
    });
    expect({ ran, response }).toEqual({ ran: [41], response: { sum: 42 } });
    const call = talk.events.find(({ content }) => content?.parts?.[0]?.functionCall);
    expect(call?.content?.parts?.[0]?.functionCall?.args).toEqual({ to: 1 });
  });

  test('that returns the promise of another library lets the next one decide if it returns nothing', async () => {
    // biome-ignore lint/suspicious/noThenProperty: such promises exist
    const foreign = { then: (resolve: (value: undefined) => void) => resolve(undefined) } as Promise<undefined>;
    const { ran, response } = await callAdd({ beforeToolCallback: [() => foreign, () => ({ refused: true })] });
    expect({ ran, response }).toEqual({ ran: [], response: { refused: true } });
  });

  test('that returns a result replaces the call: the tool does not run', async () => {
    const { ran, response } = await callAdd({ beforeToolCallback: async () => ({ refused: true }) });
    expect({ ran, response }).toEqual({ ran: [], response: { refused: true } });
  });

  test('is one of several: they are called in order until one returns something', async () => {
    const called: string[] = [];
    const { response } = await callAdd({
      beforeToolCallback: [
        () => void called.push('first') as undefined,
        async () => void called.push('second') as undefined,
        () => {
          called.push('third');
          return { by: 'third' };
        },
        () => ({ by: 'fourth' }),
      ],
    });
    expect({ called, response }).toEqual({ called: ['first', 'second', 'third'], response: { by: 'third' } });
  });

  test('that throws keeps the tool from running, and the model receives the error', async () => {
    const { ran, response } = await callAdd({
      beforeToolCallback: () => {
        throw new Error('not today');
      },
    });
    expect({ ran, response }).toEqual({ ran: [], response: { error: 'not today' } });
  });

  test('that never returns counts against the time-out of the tool', async () => {
    const { ran, response } = await callAdd({ beforeToolCallback: never }, { to: 1 }, 20);
    expect({ ran, response }).toEqual({ ran: [], response: { error: expect.stringContaining('20 ms') } });
  });

  test('changes the state as the tool does', async () => {
    const { event } = await callAdd({
      beforeToolCallback: ({ context }) => context.state.set('calls', 1) as undefined,
      afterToolCallback: ({ context }) => context.state.set('results', 1) as undefined,
    });
    expect(event.actions).toEqual({ stateDelta: { calls: 1, results: 1 } });
  });
});

describe('afterToolCallback', () => {
  test('receives the response of the tool, and what it returns takes the place of the response', async () => {
    const { response } = await callAdd({
      afterToolCallback: ({ tool: { name }, args, response: given }) => ({ name, args, given }),
    });
    expect(response).toEqual({ name: 'add_one', args: { to: 1 }, given: { sum: 2 } });
  });

  test('receives what beforeToolCallback has put in the place of the call', async () => {
    const { response } = await callAdd({
      beforeToolCallback: () => ({ secret: 'x' }),
      afterToolCallback: ({ response: given }) => ({ keys: Object.keys(given) }),
    });
    expect(response).toEqual({ keys: ['secret'] });
  });

  test('that throws replaces the response by an error, so that nothing that it would have removed gets out', async () => {
    const { response } = await callAdd({
      afterToolCallback: () => {
        throw new Error('cannot tell');
      },
    });
    expect(response).toEqual({ error: 'cannot tell' });
  });

  test('is called with the result of a client, too', async () => {
    const locate = clientTool({ name: 'locate', description: 'Finds the user.' });
    const agent = { tools: [locate], afterToolCallback: () => ({ city: 'hidden' }) };
    const { model, talk } = startFakeTalk({ agent });
    closing(talk);
    const provider = await model.connection(0);
    talk.say('where am I');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'locate' });
    await talk.until(({ clientToolIds }) => clientToolIds);
    talk.queue.sendToolResults([{ id, response: { city: 'Rome' } }]);
    expect((await provider.nextInput('tool_results')).results[0]?.response).toEqual({ city: 'hidden' });
  });
});

test('an agent whose callback is not a function is refused, with the name of the option', () => {
  expect(() => new Agent({ name: 'a', beforeToolCallback: [{}] as never })).toThrow('beforeToolCallback');
  expect(() => new Agent({ name: 'a', afterModelCallback: 'x' as never })).toThrow('afterModelCallback');
});

test('the context of a callback of a tool is that of the call', async () => {
  const contexts: ToolContext[] = [];
  await callAdd({ beforeToolCallback: ({ context }) => void contexts.push(context) as undefined });
  expect(contexts[0]).toMatchObject({ userId: 'ann', agentName: 'assistant', callId: expect.any(String) });
  expect(contexts[0]?.signal.aborted).toBe(false);
});
