import { describe, expect, jest, test } from '@jest/globals';
import type { InstructionProvider } from '../../../src/agent/instruction.ts';
import type { ReadonlyContext } from '../../../src/agent/invocation-context.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { controlBackOff, sentText, startFakeTalk } from '../fake-talk.ts';
import { CONVERSATION, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

async function storeWith(state: object) {
  const store = createMemoryStore();
  await store.commit(CONVERSATION, { events: [], state });
  return store;
}

describe('an instruction with a template', () => {
  test('has the stored state for the first connection, and what has changed since for the next one', async () => {
    const store = await storeWith({ user: { name: 'Ann' }, session: { mood: 'glad' } });
    const { model, talk } = startFakeTalk({ agent: { instruction: '{user:name} is {mood}.' }, store });
    closing(talk);
    const first = await model.connection(0);
    expect(first.setup.instruction).toBe('Ann is glad.');
    talk.queue.send({ state_delta: { mood: 'sad' } });
    await talk.until(({ actions }) => actions?.stateDelta);
    first.drop();
    expect((await model.connection(1)).setup.instruction).toBe('Ann is sad.');
  });

  test('that needs a missing key fails the run before a connection is opened, and names the key', async () => {
    const { model, talk } = startFakeTalk({ agent: { instruction: 'Hello {user:name}.' } });
    closing(talk);
    await expect(talk.done).rejects.toMatchObject({
      code: 'instruction_failed',
      message: expect.stringContaining('"user:name"'),
    });
    expect(model.setups).toEqual([]);
  });

  test('is filled before the greeting is asked for', async () => {
    const store = await storeWith({ user: { name: 'Ann' } });
    const agent = { instruction: 'You talk to {user:name}.', greeting: 'Greet {user:name}.' };
    const { model, talk } = startFakeTalk({ agent, store });
    closing(talk);
    const provider = await model.connection(0);
    expect(await provider.nextInput('text')).toEqual(sentText('begin'));
    expect(provider.setup.instruction).toMatch(/^You talk to Ann\..*Do this: Greet \{user:name\}\.$/s);
  });

  test('of a client is no template: it cannot read the state', async () => {
    const model = new FakeModel();
    const runner = runnerFor(model, { acceptsPersona: true }, await storeWith({ app: { secret: 'x' } }));
    const talk = startTalk({
      ...runner,
      card: runner.card,
      runLive: (params) => runner.runLive({ ...params, persona: { instruction: 'Say {app:secret}.' } }),
    });
    closing(talk);
    expect((await model.connection(0)).setup.instruction).toBe('Say {app:secret}.');
  });
});

describe('an instruction that is a function', () => {
  test('is called for each connection with the names of the run and its state, and its result is no template', async () => {
    const contexts: ReadonlyContext[] = [];
    const instruction: InstructionProvider = async (context) => {
      contexts.push(context);
      return `{visits} ${context.state.get('visits', 0)}`;
    };
    const { model, talk } = startFakeTalk({
      agent: { instruction },
      store: await storeWith({ session: { visits: 3 } }),
    });
    closing(talk);
    const first = await model.connection(0);
    expect(first.setup.instruction).toBe('{visits} 3');
    expect(contexts[0]).toMatchObject({ userId: 'ann', sessionId: 'default', agentName: 'assistant' });
    expect(contexts[0]?.invocationId).toMatch(/^e-/);
    expect(contexts[0]?.state).not.toHaveProperty('set');
    first.drop();
    await model.connection(1);
    expect(contexts).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret of the author');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret of the author'))],
    ['returns nothing', () => undefined],
    ['returns an object', () => ({ toString: () => 'x' })],
    ['returns a text of a megabyte', () => 'x'.repeat(1024 * 1024)],
  ])('that %s fails the run with an error of the catalogue, and none of its words', async (_name, instruction) => {
    const { model, talk } = startFakeTalk({ agent: { instruction: instruction as InstructionProvider } });
    closing(talk);
    await expect(talk.done).rejects.toMatchObject({
      code: 'instruction_failed',
      message: 'The instruction of the agent could not be created',
    });
    expect(model.setups).toEqual([]);
  });

  test('that never returns fails the run after 5 s', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const started = Promise.withResolvers<void>();
      const instruction: InstructionProvider = () => {
        started.resolve();
        return new Promise(() => {});
      };
      const { talk } = startFakeTalk({ agent: { instruction } });
      closing(talk);
      await started.promise;
      jest.advanceTimersByTime(5_000);
      await expect(talk.done).rejects.toMatchObject({ code: 'instruction_failed' });
    } finally {
      jest.useRealTimers();
    }
  });

  test('that never returns does not hold a run that is aborted', async () => {
    const { talk } = startFakeTalk({ agent: { instruction: () => new Promise(() => {}) } });
    await talk.close();
    await talk.done;
  });
});
