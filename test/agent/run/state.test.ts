import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../../src/agent/agent.ts';
import { type ToolContext, tool } from '../../../src/agent/tool.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { STATE_LIMITS } from '../../../src/wire/state-delta.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { startFakeTalk } from '../fake-talk.ts';
import { CONVERSATION, runnerFor } from '../talk.ts';

const closing = closesAfterEach();

/** A talk whose model calls a tool. */
async function startWithTool(execute: (context: ToolContext) => unknown, store = createMemoryStore()) {
  const run = tool({ name: 'run', description: '', execute: (_args, context) => execute(context) });
  const { model, talk } = startFakeTalk({ agent: { tools: [run] }, store });
  closing(talk);
  const provider = await model.connection(0);
  talk.say('go');
  await provider.nextInput('text');
  return { talk, provider, store, model };
}

const hasDelta = ({ actions }: { actions?: Record<string, unknown> }) => actions?.stateDelta !== undefined;

describe('state that a tool changes', () => {
  test('comes with the event of the result, without the keys of the run, and is stored with the turn', async () => {
    const { talk, provider, store } = await startWithTool(({ state }) => {
      state.set('count', 1);
      state.set('user:name', 'Ann');
      state.set('temp:step', 2);
    });
    provider.call({ name: 'run' });
    const event = await talk.until(hasDelta);
    expect(event.content?.parts?.[0]?.functionResponse?.name).toBe('run');
    expect(event.actions).toEqual({ stateDelta: { count: 1, 'user:name': 'Ann' } });
    provider.say('Done.');
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    expect((await store.load(CONVERSATION))?.state).toEqual({ app: {}, user: { name: 'Ann' }, session: { count: 1 } });
  });

  test('is there for the next tool of the run, and temp: keys are gone in the next run', async () => {
    const seen: unknown[] = [];
    const execute = ({ state }: ToolContext) => {
      seen.push(state.toRecord());
      state.set('count', state.get('count', 0) + 1);
      state.set('temp:count', state.get('temp:count', 0) + 1);
    };
    const { talk, provider, store } = await startWithTool(execute);
    provider.call({ name: 'run' });
    await talk.until(hasDelta);
    provider.call({ name: 'run' });
    await talk.until(({ actions }) => (actions?.stateDelta as { count?: number } | undefined)?.count === 2);
    await talk.close();
    const next = await startWithTool(execute, store);
    next.provider.call({ name: 'run' });
    await next.talk.until(hasDelta);
    expect(seen).toEqual([{}, { count: 1, 'temp:count': 1 }, { count: 2 }]);
  });

  test('is stored also if the tool throws, and beyond a limit the tool gets an error and changes nothing', async () => {
    const { talk, provider, store } = await startWithTool(({ state }) => {
      state.set('kept', 1);
      state.set('large', 'x'.repeat(STATE_LIMITS.valueCharacters + 1));
    });
    provider.call({ name: 'run' });
    const event = await talk.until(hasDelta);
    expect(event.content?.parts?.[0]?.functionResponse?.response).toEqual({ error: expect.stringContaining('16384') });
    expect(event.actions).toEqual({ stateDelta: { kept: 1 } });
    await talk.close();
    expect((await store.load(CONVERSATION))?.state.session).toEqual({ kept: 1 });
  });

  test('before its call was cancelled comes with an event of its own', async () => {
    const { talk, provider, store } = await startWithTool(async ({ state, signal }) => {
      state.set('step', 1);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const [id = ''] = provider.call({ name: 'run' });
    await talk.until(({ content }) => content?.parts?.[0]?.functionCall);
    provider.cancelCalls(id);
    expect(await talk.until(hasDelta)).toMatchObject({ author: 'assistant', actions: { stateDelta: { step: 1 } } });
    await talk.close();
    expect((await store.load(CONVERSATION))?.state.session).toEqual({ step: 1 });
  });
});

describe('a request with state_delta', () => {
  test('changes the state without content and without a connection, with an event of the user', async () => {
    const store = createMemoryStore();
    const { model, talk } = startFakeTalk({ store });
    closing(talk);
    model.hold();
    talk.queue.send({ state_delta: { theme: 'dark', 'user:name': 'Ann' } });
    expect(await talk.until(hasDelta)).toMatchObject({
      author: 'user',
      actions: { stateDelta: { theme: 'dark', 'user:name': 'Ann' } },
    });
    await talk.close();
    expect((await store.load(CONVERSATION))?.state).toMatchObject({
      session: { theme: 'dark' },
      user: { name: 'Ann' },
    });
  });

  test('applies before the message that comes with it', async () => {
    const { model, talk } = startFakeTalk();
    closing(talk);
    const provider = await model.connection(0);
    talk.queue.send({ state_delta: { a: 1 }, content: { role: 'user', parts: [{ text: 'hi' }] } });
    expect(await provider.nextInput('text')).toMatchObject({ text: 'hi' });
    expect(talk.events.some(hasDelta)).toBe(true);
  });

  test('that no longer fits is reported, and the run continues', async () => {
    const { model, talk } = startFakeTalk();
    closing(talk);
    const part = 'x'.repeat(STATE_LIMITS.valueCharacters - 10);
    for (const key of ['a', 'b', 'c']) talk.queue.send({ state_delta: { [key]: part } });
    expect(await talk.until(({ errorCode }) => errorCode)).toMatchObject({ errorCode: 'STATE_TOO_LARGE' });
    talk.say('hi');
    expect(await (await model.connection(0)).nextInput('text')).toMatchObject({ text: 'hi' });
  });

  test('is refused for keys that the author does not name in acceptsState', () => {
    const check = (acceptsState: boolean | readonly string[], key: string) => () =>
      runnerFor(new FakeModel(), { acceptsState }).checkRequest({ state_delta: { [key]: 1 } });
    expect(check(true, 'anything')).not.toThrow();
    expect(check(['user:name'], 'user:name')).not.toThrow();
    expect(check(['user:name'], 'user:plan')).toThrow('user:plan');
    expect(check(false, 'user:name')).toThrow('user:name');
    expect(() => new Agent({ name: 'a', acceptsState: 'user:name' as never })).toThrow(TypeError);
  });
});
