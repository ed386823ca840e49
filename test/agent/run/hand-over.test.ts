import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Agent, type AgentOptions } from '../../../src/agent/agent.ts';
import type { BaseAgent } from '../../../src/agent/base-agent.ts';
import { Runner } from '../../../src/agent/run/runner.ts';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import { SequentialAgent } from '../../../src/agent/sequential-agent.ts';
import { type Tool, type ToolContext, tool } from '../../../src/agent/tool.ts';
import type { ToolLogger } from '../../../src/agent/tools/tool-execution.ts';
import type { Toolset } from '../../../src/agent/toolset.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { SessionStore } from '../../../src/store/session-store.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { FakeModel, type FakeModelOptions } from '../../models/fake-model.ts';
import { until } from '../../models/until.ts';
import { asked, controlBackOff, flushEvents, replied, SPEECH, sentText } from '../fake-talk.ts';
import { SPOKEN } from '../model-families.ts';
import { outline, startTalk, statusesOf, type Talk } from '../talk.ts';

controlBackOff();

const open: Talk[] = [];
afterEach(async () => {
  for (const talk of open.splice(0)) await talk.close();
});

interface StartOptions {
  readonly model?: FakeModelOptions;
  readonly logger?: ToolLogger;
  readonly store?: SessionStore;
  readonly runConfig?: RunConfig;
}

/** Starts a run of a tree of agents whose model does what the test says. */
function start(
  agent: BaseAgent,
  { model: options, store = createMemoryStore(), logger, runConfig }: StartOptions = {},
) {
  const model = new FakeModel(options);
  const talk = startTalk(new Runner({ appName: 'app', agent, model, store, ...(logger ? { logger } : {}) }), runConfig);
  open.push(talk);
  return { model, talk, store, connection: (index: number) => model.connection(index) };
}

const billing = (options: Partial<AgentOptions> = {}) =>
  new Agent({
    name: 'billing',
    description: 'Answers questions on bills.',
    instruction: 'You know bills.',
    ...options,
  });

const desk = (subAgents: readonly BaseAgent[], options: Partial<AgentOptions> = {}) =>
  new Agent({ name: 'desk', instruction: 'You receive the caller.', subAgents, ...options });

const TRANSFER = { name: 'transfer_to_agent', args: { agent_name: 'billing' } };
const COMPLETED = { name: 'task_completed' };
const isTransfer = ({ actions }: AgentEvent) => actions?.transferToAgent !== undefined;

describe('an agent with others below it', () => {
  test('is told of them, and can transfer to each by a tool that names them', async () => {
    const { connection } = start(desk([billing(), new Agent({ name: 'sales' })]));
    const { setup } = await connection(0);
    expect(setup.instruction).toMatch(
      /^You receive the caller\.\n\n.*\n- billing: Answers questions on bills\.\n- sales\n/,
    );
    expect(setup.tools).toMatchObject([
      {
        name: 'transfer_to_agent',
        parameters: { properties: { agent_name: { enum: ['billing', 'sales'] } }, required: ['agent_name'] },
      },
    ]);
  });

  test('transfers a typed question: the other agent answers it on a fresh connection, and is asked once', async () => {
    const { talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('Why is my bill so high?');
    await first.nextInput('text');
    first.call(TRANSFER);
    const second = await connection(1);
    expect(second.setup.instruction).toContain('You know bills.');
    expect(second.setup.history).toEqual([]);
    expect(await second.nextInput('text')).toEqual(sentText('Why is my bill so high?'));
    second.say('Let me see.');
    second.completeTurn();
    const events = await talk.turn(1);
    expect(first.received.filter(({ type }) => type === 'tool_results')).toEqual([]);
    expect(second.received).toHaveLength(1);
    expect(outline(events)).toEqual(['connecting', 'ready', 'call', 'result', 'text…', 'text', 'turnComplete']);
    expect(events.find(isTransfer)).toMatchObject({
      author: 'desk',
      branch: 'desk',
      content: { parts: [{ functionResponse: { name: 'transfer_to_agent' } }] },
      actions: { transferToAgent: 'billing' },
    });
    expect(events.at(-1)).toMatchObject({ author: 'billing', branch: 'desk.billing', turnComplete: true });
  });

  test('transfers a spoken question with the words that are recognized while the other agent connects', async () => {
    const { model, talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.queue.sendRealtime(SPEECH);
    await first.nextInput('audio');
    first.hear('I have a question');
    model.hold();
    first.call(TRANSFER);
    await model.setup(1);
    first.hear(' on my bill.');
    await talk.until(({ inputTranscription }) => inputTranscription?.text === ' on my bill.');
    model.release();
    const second = await connection(1);
    expect(await second.nextInput('text')).toEqual(sentText('I have a question on my bill.'));
    second.say('Yes?');
    second.completeTurn();
    const events = await talk.turn(1);
    const words = events.filter(({ inputTranscription }) => inputTranscription?.finished);
    expect(words.map(({ inputTranscription }) => inputTranscription?.text)).toEqual(['I have a question on my bill.']);
    expect(second.received.filter(({ type }) => type === 'audio')).toEqual([]);
  });

  test('sends what the user says during the hand-over to the other agent, in order', async () => {
    const { model, talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    model.hold();
    first.call(TRANSFER);
    await model.setup(1);
    talk.say('It is too high.');
    talk.say('By far.');
    model.release();
    const second = await connection(1);
    for (const text of ['My bill!', 'It is too high.', 'By far.']) {
      expect(await second.nextInput('text')).toEqual(sentText(text));
    }
    expect(first.received).toEqual([sentText('My bill!')]);
  });

  test('has the words of the first agent completed under its own name, and nothing that it still says', async () => {
    const { model, talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.say('One moment.');
    model.hold();
    first.call(TRANSFER);
    await model.setup(1);
    first.say('I still talk.');
    first.completeTurn();
    model.release();
    const second = await connection(1);
    await second.nextInput('text');
    second.say('Hello from billing.');
    second.completeTurn();
    const events = await talk.turn(1);
    const complete = events.filter(({ partial, content }) => !partial && content?.parts?.[0]?.text);
    expect(complete.map(({ author, content }) => [author, content?.parts?.[0]?.text])).toEqual([
      ['desk', 'One moment.'],
      ['billing', 'Hello from billing.'],
    ]);
    expect(events.some(({ interrupted }) => interrupted)).toBe(false);
  });

  test('transfers back to its parent and to another child of its parent, unless its author disallows it', async () => {
    const free = start(desk([billing(), new Agent({ name: 'sales' })]));
    const moveTo = async (index: number, agent_name: string) => {
      const from = await free.connection(index);
      if (index > 0) await from.nextInput('text');
      else free.talk.say('Hm.');
      if (index === 0) await from.nextInput('text');
      from.call({ name: 'transfer_to_agent', args: { agent_name } });
    };
    await moveTo(0, 'billing');
    await moveTo(1, 'sales');
    await moveTo(2, 'desk');
    const last = await free.connection(3);
    expect(await last.nextInput('text')).toEqual(sentText('Hm.'));
    expect(last.setup.instruction).toContain('You receive the caller.');

    const bound = billing({ disallowTransferToParent: true, disallowTransferToPeers: true });
    const { talk, connection } = start(desk([bound, new Agent({ name: 'sales' })]));
    const first = await connection(0);
    talk.say('Hm.');
    await first.nextInput('text');
    first.call(TRANSFER);
    expect((await connection(1)).setup.tools).toEqual([]);
  });

  test('cancels the other calls of the exchange, and tells the other agent of results that had arrived', async () => {
    const never = tool({ name: 'never', description: '', execute: () => new Promise(() => undefined) });
    const quick = tool({ name: 'quick', description: '', execute: () => ({ total: 7 }) });
    const { talk, connection } = start(desk([billing()], { tools: [never, quick] }));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    const [id] = first.call({ name: 'never' }, { name: 'quick' });
    await first.nextInput('tool_results');
    first.call(TRANSFER);
    const second = await connection(1);
    expect(await second.nextInput('text')).toEqual(
      sentText('My bill!\n(quick was called for this, and returned {"total":7})'),
    );
    expect(talk.events.find(({ toolCancellation }) => toolCancellation)).toMatchObject({
      author: 'desk',
      toolCancellation: [id],
    });
  });

  test('uses its own voice from the hand-over on', async () => {
    const voice = (voiceName: string) => ({ speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } });
    const spoken = { responseModalities: ['AUDIO'] } as const;
    const tree = desk([billing({ runConfig: { ...spoken, ...voice('Kore') } })], {
      runConfig: { ...spoken, ...voice('Puck') },
    });
    const { talk, connection } = start(tree);
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.call(TRANSFER);
    const names = [first, await connection(1)].map(
      ({ setup }) => setup.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName,
    );
    expect(names).toEqual(['Puck', 'Kore']);
  });

  test('is lost by no loss of the new connection: the question is asked again on a third, of the same agent', async () => {
    const { talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.call(TRANSFER);
    const second = await connection(1);
    await second.nextInput('text');
    second.drop();
    const third = await connection(2);
    expect(third.setup.instruction).toContain('You know bills.');
    expect(await third.nextInput('text')).toEqual(sentText('My bill!'));
  });

  test('is connected by a further attempt if one fails, and clients learn of both', async () => {
    const { model, talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    model.refuse(new WireError('model_closed'));
    first.call(TRANSFER);
    const second = await connection(1);
    expect(await second.nextInput('text')).toEqual(sentText('My bill!'));
    second.say('Yes?');
    second.completeTurn();
    await talk.turn(1);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'reseeded']);
  });

  test('ends the run with the error of the model if the other agent cannot be connected', async () => {
    const { model, talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    model.refuse(new WireError('model_key_refused'));
    first.call(TRANSFER);
    await expect(talk.done).rejects.toMatchObject({ code: 'model_key_refused' });
    expect(await first.ended()).toBeDefined();
  });
});

describe('the callbacks of agents that hand over', () => {
  async function transferTo(target: Partial<AgentOptions>, desked: Partial<AgentOptions> = {}) {
    const started = start(desk([billing(target)], desked));
    const first = await started.connection(0);
    started.talk.say('My bill!');
    await first.nextInput('text');
    first.call(TRANSFER);
    return { ...started, first };
  }
  const reply = (text: string) => ({ parts: [{ text }] });

  test('are called for the agent that leaves, and before the connection of the one that takes over is opened', async () => {
    const called: string[] = [];
    const admitted = Promise.withResolvers<undefined>();
    const { model, connection } = await transferTo(
      {
        beforeAgentCallback: ({ agentName }) => {
          called.push(`before ${agentName}`);
          return admitted.promise;
        },
      },
      { afterAgentCallback: ({ agentName }) => void called.push(`after ${agentName}`) },
    );
    await until(() => called.length === 2);
    expect(called).toEqual(['after desk', 'before billing']);
    expect(model.setups).toHaveLength(1);
    admitted.resolve(undefined);
    expect(await (await connection(1)).nextInput('text')).toEqual(sentText('My bill!'));
  });

  test.each([
    ['at once', () => reply('Billing is closed.')],
    ['later', async () => reply('Billing is closed.')],
  ])(
    'reply in the place of an agent that takes over %s: the run ends, and no model is asked',
    async (_when, before) => {
      const { model, talk } = await transferTo({ beforeAgentCallback: before });
      await talk.done;
      expect(model.setups).toHaveLength(1);
      expect(talk.events.slice(-3)).toMatchObject([
        { author: 'billing', content: { parts: [{ text: 'Billing is closed.' }] } },
        { author: 'billing', turnComplete: true },
        { author: 'billing', actions: { endOfAgent: true } },
      ]);
    },
  );

  test('fail the run if the one of the agent that takes over throws', async () => {
    const { talk } = await transferTo({
      beforeAgentCallback: () => {
        throw new Error('no');
      },
    });
    await expect(talk.done).rejects.toMatchObject({ code: 'agent_failed' });
  });
});

describe('a transfer that is not possible', () => {
  test('to an agent that does not exist is answered with an error, and the agent goes on', async () => {
    const { talk, connection } = start(desk([billing()]));
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.call({ name: 'transfer_to_agent', args: { agent_name: 'nobody' } });
    const { results } = await first.nextInput('tool_results');
    expect(results).toMatchObject([{ response: { error: expect.stringContaining('Invalid arguments') } }]);
    const other = tool({
      name: 'other',
      description: '',
      execute: (_args, context) => context.transferToAgent('nobody'),
    });
    const second = start(desk([billing()], { tools: [other] }));
    const connected = await second.connection(0);
    connected.call({ name: 'other' });
    expect((await connected.nextInput('tool_results')).results).toMatchObject([
      { response: { error: 'There is no agent called "nobody"' } },
    ]);
  });

  test('in a circle is refused after five transfers without an answer, and possible again for the next question', async () => {
    const { talk, connection } = start(desk([billing()]));
    talk.say('Hm.');
    let next = await connection(0);
    for (let count = 0; count < 5; count += 1) {
      await next.nextInput('text');
      next.call({ name: 'transfer_to_agent', args: { agent_name: count % 2 === 0 ? 'billing' : 'desk' } });
      next = await connection(count + 1);
    }
    await next.nextInput('text');
    next.call({ name: 'transfer_to_agent', args: { agent_name: 'desk' } });
    const { results } = await next.nextInput('tool_results');
    expect(results).toMatchObject([{ response: { error: expect.stringContaining('transferred 5 times') } }]);
    next.say('Then I answer.');
    next.completeTurn();
    await talk.turn(1);
    talk.say('And now?');
    await next.nextInput('text');
    next.call({ name: 'transfer_to_agent', args: { agent_name: 'desk' } });
    expect(await (await connection(6)).nextInput('text')).toEqual(sentText('And now?'));
  });

  test('by a call that has ended is refused', async () => {
    const errors: unknown[] = [];
    const late = tool({
      name: 'late',
      description: '',
      execute: (_args, context) => {
        setImmediate(() => {
          for (const ask of [() => context.transferToAgent('billing'), () => context.endInvocation()]) {
            try {
              ask();
            } catch (error) {
              errors.push(error);
            }
          }
        });
        return 'done';
      },
    });
    const { model, connection } = start(desk([billing()], { tools: [late] }));
    const first = await connection(0);
    first.call({ name: 'late' });
    await until(() => errors.length === 2);
    expect(errors).toMatchObject([{ message: 'The call has ended' }, { message: 'The call has ended' }]);
    expect(model.setups).toHaveLength(1);
  });
});

describe('a sequence of agents', () => {
  const steps = () =>
    new SequentialAgent({
      name: 'order',
      subAgents: [
        new Agent({ name: 'take', instruction: 'Take the order.' }),
        new Agent({ name: 'confirm', instruction: 'Confirm the order.' }),
      ],
    });

  test('continues with the next step, which is told the conversation and speaks first, and ends after the last', async () => {
    const { talk, connection, store } = start(steps());
    const first = await connection(0);
    expect(first.setup.instruction).toMatch(/^Take the order\.\n\nYou have one part/);
    expect(first.setup.tools).toMatchObject([COMPLETED]);
    talk.say('A pizza.');
    await first.nextInput('text');
    first.say('A pizza, noted.');
    first.call(COMPLETED);
    const second = await connection(1);
    expect(second.setup.instruction).toMatch(/^Confirm the order\./);
    expect(second.setup.history).toEqual([asked('A pizza.'), replied('A pizza, noted.')]);
    expect(await second.nextInput('text')).toMatchObject({ text: expect.stringContaining('your turn') });
    second.say('So one pizza?');
    second.completeTurn();
    expect(outline(await talk.turn(2))).toEqual(['other', 'text…', 'text', 'turnComplete']);
    talk.say('Yes.');
    await second.nextInput('text');
    second.say('Thanks.');
    second.call(COMPLETED);
    await talk.done;
    expect(talk.events.at(-1)).toMatchObject({
      author: 'confirm',
      branch: 'order.confirm',
      actions: { endOfAgent: true },
    });
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready']);
    const stored = await store.load({ appName: 'app', userId: 'ann', sessionId: 'default' });
    expect(stored?.events.filter(({ author }) => author === 'user')).toHaveLength(2);
  });

  const threeSteps = (options: Partial<AgentOptions> = {}) =>
    new SequentialAgent({
      name: 'steps',
      subAgents: ['one', 'two', 'three'].map((name) => new Agent({ name, instruction: `I am ${name}.`, ...options })),
    });

  test('completes one step if the model reports it twice in one message', async () => {
    const { model, talk, connection } = start(threeSteps());
    const first = await connection(0);
    first.call(COMPLETED, COMPLETED);
    const second = await connection(1);
    await second.nextInput('text');
    second.say('So?');
    second.completeTurn();
    await talk.until(({ author, turnComplete }) => author === 'two' && turnComplete);
    expect(model.setups).toHaveLength(2);
    expect(talk.events.filter(isTransfer)).toHaveLength(1);
    expect(second.received).toHaveLength(1);
  });

  test('skips no step if a second report of the same message comes when the next one is active already', async () => {
    const gate = Promise.withResolvers<undefined>();
    let calls = 0;
    const beforeToolCallback = () => {
      calls += 1;
      return calls === 2 ? gate.promise : undefined;
    };
    const { model, talk, connection } = start(threeSteps({ beforeToolCallback }));
    (await connection(0)).call(COMPLETED, COMPLETED);
    const second = await connection(1);
    await second.nextInput('text');
    gate.resolve(undefined);
    await until(
      () => talk.events.filter(({ content }) => content?.parts?.[0]?.functionResponse !== undefined).length === 2,
    );
    second.say('So?');
    second.completeTurn();
    await talk.until(({ author, turnComplete }) => author === 'two' && turnComplete);
    expect(model.setups).toHaveLength(2);
    expect(second.received).toHaveLength(1);
  });

  test('in another sequence is followed by the next step of that one', async () => {
    const inner = new SequentialAgent({
      name: 'inner',
      subAgents: [new Agent({ name: 'one' }), new Agent({ name: 'two' })],
    });
    const { connection } = start(
      new SequentialAgent({ name: 'outer', subAgents: [inner, new Agent({ name: 'three', instruction: 'Third.' })] }),
    );
    (await connection(0)).call(COMPLETED);
    (await connection(1)).call(COMPLETED);
    expect((await connection(2)).setup.instruction).toMatch(/^Third\./);
  });
});

describe('the agent with which a run starts', () => {
  test('is the one that was active when the run before ended', async () => {
    const tree = desk([billing()]);
    const { talk, connection, store } = start(tree);
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.call(TRANSFER);
    const second = await connection(1);
    await second.nextInput('text');
    second.say('Yes?');
    second.completeTurn();
    await talk.turn(1);
    await talk.close();
    const { talk: later, connection: next } = start(tree, { store });
    expect((await next(0)).setup.instruction).toContain('You know bills.');
    expect(later.events[0]).toMatchObject({ author: 'billing', actions: { transferToAgent: 'billing' } });
  });

  test('is the one that the conversation was transferred to, if that one has said nothing, and the other had spoken and was waiting for a tool', async () => {
    const slow = tool({ name: 'slow', description: 'Takes long.', execute: () => new Promise(() => {}) });
    const tree = desk([billing()], { tools: [slow] });
    const { model, talk, connection, store } = start(tree, { runConfig: SPOKEN });
    const first = await connection(0);
    talk.say('My bill!');
    await first.nextInput('text');
    first.transcribe('I connect you.');
    model.hold();
    first.call({ name: 'slow' }, TRANSFER);
    await model.setup(1);
    await talk.close();
    const { connection: next } = start(tree, { store });
    expect((await next(0)).setup.instruction).toContain('You know bills.');
  });

  test('is the first one again after its sequence was completed', async () => {
    const tree = new SequentialAgent({ name: 'order', subAgents: [new Agent({ name: 'only', instruction: 'Only.' })] });
    const { talk, connection, store } = start(
      new SequentialAgent({ name: 'all', subAgents: [new Agent({ name: 'zero', instruction: 'Zero.' }), tree] }),
    );
    (await connection(0)).call(COMPLETED);
    (await connection(1)).call(COMPLETED);
    await talk.done;
    const { connection: next } = start(
      new SequentialAgent({ name: 'all', subAgents: [new Agent({ name: 'zero', instruction: 'Zero.' }), tree] }),
      { store },
    );
    expect((await next(0)).setup.instruction).toMatch(/^Zero\./);
  });
});

describe('a tool that ends the invocation', () => {
  test('ends the run when the model has finished its reply', async () => {
    const hangUp = tool({ name: 'hang_up', description: '', execute: (_args, context) => context.endInvocation() });
    const { talk, connection } = start(desk([], { tools: [hangUp] }));
    const first = await connection(0);
    talk.say('Goodbye.');
    await first.nextInput('text');
    first.call({ name: 'hang_up' });
    await first.nextInput('tool_results');
    first.say('Goodbye!');
    first.completeTurn();
    first.giveHandle('too late');
    await talk.done;
    expect(outline(talk.events).slice(-4)).toEqual(['text…', 'text', 'turnComplete', 'other']);
    expect(talk.events.at(-1)).toMatchObject({ actions: { endOfAgent: true } });
  });

  test('ends the run after 30 s if the model does not reply', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    try {
      const hangUp = tool({ name: 'hang_up', description: '', execute: (_args, context) => context.endInvocation() });
      const { talk, connection } = start(desk([], { tools: [hangUp], runConfig: { watchdog: null } }));
      const first = await connection(0);
      first.call({ name: 'hang_up' });
      await first.nextInput('tool_results');
      jest.advanceTimersByTime(30_000);
      await talk.done;
      expect(talk.events.at(-1)).toMatchObject({ actions: { endOfAgent: true } });
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a tool that refreshes the agent', () => {
  const login = tool({ name: 'login', description: '', execute: (_args, context) => context.refreshAgent() });

  /** A toolset whose tools change. */
  function createChangingTools() {
    const names = { current: ['login'] };
    const toolset: Toolset = {
      name: 'changing',
      tools: async () =>
        names.current.map((name) => (name === 'login' ? login : tool({ name, description: '', execute: () => 0 }))),
    };
    return { names, toolset };
  }

  test('has the model told of its new tools when it is idle, on a fresh connection that knows the conversation', async () => {
    const { names, toolset } = createChangingTools();
    const { model, talk, connection } = start(desk([], { tools: [toolset] }));
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    names.current = ['login', 'pay'];
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    expect(model.setups).toHaveLength(1);
    first.say('Done.');
    first.completeTurn();
    await talk.turn(1);
    const second = await connection(1);
    expect(second.setup.tools.map((each) => ('name' in each ? each.name : each.type))).toEqual(['login', 'pay']);
    expect(second.setup.history).toEqual([asked('Log me in.'), replied('Done.')]);
    await first.ended();
    talk.say('Pay.');
    expect(await second.nextInput('text')).toEqual(sentText('Pay.'));
    expect(second.received).toHaveLength(1);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready']);
  });

  test('leaves a question that is asked meanwhile to the connection that is open, and is carried out after its answer', async () => {
    const { model, talk, connection } = start(desk([], { tools: [login] }));
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    model.hold();
    first.say('Done.');
    first.completeTurn();
    await model.setup(1);
    talk.say('Quick question.');
    await first.nextInput('text');
    first.say('Quick answer.');
    await talk.until(({ content }) => content?.parts?.[0]?.text === 'Quick answer.');
    model.release();
    await (await connection(1)).ended();
    first.completeTurn();
    await talk.turn(2);
    const third = await connection(2);
    expect(third.setup.history.at(-1)).toEqual(replied('Quick answer.'));
    await first.ended();
    expect(third.received).toEqual([]);
  });

  test('leaves the model the tools of its toolsets until they are listed again, which happens once for many requests', async () => {
    const find = tool({ name: 'find', description: '', execute: () => ({ found: 1 }) });
    const loginOften = tool({
      name: 'login',
      description: '',
      execute: (_args, context) => {
        for (let count = 0; count < 1_000; count += 1) context.refreshAgent();
      },
    });
    let listings = 0;
    const listed = Promise.withResolvers<readonly Tool[]>();
    const toolset: Toolset = {
      name: 'shop',
      tools: async () => {
        listings += 1;
        return listings === 1 ? [find] : listed.promise;
      },
    };
    const { talk, connection } = start(desk([], { tools: [loginOften, toolset] }));
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    first.call({ name: 'find' });
    expect((await first.nextInput('tool_results')).results).toMatchObject([{ response: { found: 1 } }]);
    first.say('Done.');
    first.completeTurn();
    await until(() => listings === 2);
    first.call({ name: 'find' });
    expect((await first.nextInput('tool_results')).results).toMatchObject([{ response: { found: 1 } }]);
    first.completeTurn();
    listed.resolve([]);
    expect((await connection(1)).setup.tools).toMatchObject([{ name: 'login' }]);
    expect(listings).toBe(2);
  });

  test('during a refresh has the model told once more, as soon as the fresh connection is open', async () => {
    const contexts: ToolContext[] = [];
    const watch = tool({
      name: 'watch',
      description: '',
      scheduling: 'SILENT',
      execute: (_args, context) => {
        contexts.push(context);
        return new Promise(() => {});
      },
    });
    let instruction = 'one';
    const { model, talk, connection } = start(desk([], { tools: [watch], instruction: () => instruction }));
    const first = await connection(0);
    talk.say('Watch.');
    await first.nextInput('text');
    first.call({ name: 'watch' });
    await first.nextInput('tool_results');
    first.say('Done.');
    first.completeTurn();
    await talk.turn(1);
    model.hold();
    instruction = 'two';
    contexts[0]?.refreshAgent();
    expect((await model.setup(1)).instruction).toBe('two');
    instruction = 'three';
    contexts[0]?.refreshAgent();
    model.release();
    expect((await connection(2)).setup.instruction).toBe('three');
    await (await connection(1)).ended();
  });

  test('while the user speaks has the words transcribed once', async () => {
    const { model, talk, connection } = start(desk([], { tools: [login] }));
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    first.say('Done.');
    model.hold();
    first.completeTurn();
    await model.setup(1);
    talk.queue.sendRealtime(SPEECH);
    await first.nextInput('audio');
    first.hear('Why is');
    await talk.until(({ inputTranscription }) => inputTranscription?.text === 'Why is');
    model.release();
    const second = await connection(1);
    await second.nextInput('audio');
    second.hear('Why is my bill so high?', true);
    second.say('Let me see.');
    second.completeTurn();
    await talk.turn(2);
    const words = talk.events.filter(({ inputTranscription }) => inputTranscription?.finished);
    expect(words.map(({ inputTranscription }) => inputTranscription?.text)).toEqual(['Why is my bill so high?']);
  });

  test('has a late result told on the fresh connection that the one before had received and not answered', async () => {
    const gate = Promise.withResolvers<unknown>();
    const order = tool({ name: 'order', description: '', scheduling: 'WHEN_IDLE', execute: () => gate.promise });
    const { model, talk, connection } = start(desk([], { tools: [login, order] }));
    const first = await connection(0);
    talk.say('Log me in, and order.');
    await first.nextInput('text');
    first.call({ name: 'login' }, { name: 'order' });
    await first.nextInput('tool_results');
    first.say('Done.');
    model.hold();
    first.completeTurn();
    await model.setup(1);
    gate.resolve({ number: 7 });
    const told = await first.nextInput('text');
    model.release();
    expect(await (await connection(1)).nextInput('text')).toEqual(told);
  });

  test('has no failed attempt reported while the user has a connection', async () => {
    const { model, talk, connection } = start(desk([], { tools: [login] }));
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    model.refuse(new WireError('model_closed'));
    first.completeTurn();
    await flushEvents(talk, await connection(1));
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready']);
  });

  test('keeps the connection if the fresh one is refused, and the reason is logged', async () => {
    const lines: string[] = [];
    const logger = { warn: (_details: object, message: string) => lines.push(message) };
    const { model, talk, connection } = start(desk([], { tools: [login] }), { logger });
    const first = await connection(0);
    talk.say('Log me in.');
    await first.nextInput('text');
    first.call({ name: 'login' });
    await first.nextInput('tool_results');
    model.refuse(new WireError('invalid_run_config'));
    first.say('Done.');
    first.completeTurn();
    await until(() => lines.length > 0);
    talk.say('Still there?');
    expect(await first.nextInput('text')).toEqual(sentText('Still there?'));
    expect(lines).toEqual([expect.stringContaining('keeps the one that it has')]);
  });
});

describe('a tree of agents is refused', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['if two agents have one name', () => desk([billing(), billing()]), /two agents have the name "billing"/],
    ['if an agent has the name of one above it', () => desk([desk([])]), /two agents have the name "desk"/],
    ['if it contains something else than agents', () => desk([{ name: 'x' } as BaseAgent]), /array of agents/],
    ['if a sequence is empty', () => new SequentialAgent({ name: 'none', subAgents: [] }), /at least one agent/],
    [
      'if two agents name different models',
      () =>
        new Runner({
          appName: 'app',
          agent: desk([billing({ model: 'a' })], { model: 'b' }),
          model: new FakeModel(),
          store: createMemoryStore(),
        }),
      /names the model a, and "desk" b/,
    ],
  ])('%s', (_title, create, message) => {
    expect(create).toThrow(message);
  });
});
