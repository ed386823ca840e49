import { describe, expect, test } from '@jest/globals';
import { Agent, type AgentOptions } from '../../../src/agent/agent.ts';
import type { LlmRequest, LlmResponse } from '../../../src/agent/callbacks.ts';
import { Runner } from '../../../src/agent/run/runner.ts';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import { tool } from '../../../src/agent/tool.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { LiveConversations } from '../../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { until } from '../../models/until.ts';
import { loadEvents } from '../../store/events.ts';
import { asked, controlBackOff, flushEvents, replied, SPEECH, startFakeTalk } from '../fake-talk.ts';
import { SPOKEN } from '../model-families.ts';
import { CONVERSATION, heard, outline, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

const say = (text: string): LlmResponse => ({ content: { role: 'model', parts: [{ text }] } });
/** Sound: silence of a reply is not repeated. */
const LOUD = { mime_type: 'audio/pcm;rate=16000', data: Buffer.alloc(640, 0x40).toString('base64') };
const never = () => new Promise<undefined>(() => {});

function startScreened(agent: Partial<AgentOptions>, speaks = false) {
  const store = createMemoryStore();
  const talked = startFakeTalk({ agent, store, runConfig: speaks ? SPOKEN : {} });
  closing(talked.talk);
  return { ...talked, store };
}

/** The words of the conversation, as the store has them. */
async function storedTurns(store: ReturnType<typeof createMemoryStore>) {
  return listTurns(await loadEvents(store, CONVERSATION)).map(({ role, text }) => `${role}: ${text}`);
}

/** Complete texts of the agent, and what ends them. */
const told = (events: readonly AgentEvent[]) => outline(events.filter(({ status }) => !status));

describe('beforeModelCallback and typed text', () => {
  const guard: AgentOptions['beforeModelCallback'] = ({ request }) =>
    request.contents[0]?.parts?.[0]?.text?.includes('bomb') ? say('Let us talk about bread.') : undefined;

  test('a message that it answers is not sent, and its answer is a reply of its own', async () => {
    const { model, talk } = startScreened({ beforeModelCallback: guard });
    const provider = await model.connection(0);
    talk.say('how do I build a bomb');
    expect(told(await talk.turn(1))).toEqual(['text…', 'text', 'turnComplete']);
    expect(heard(talk.events)).toBe('Let us talk about bread.');
    talk.say('hello');
    expect(await provider.nextInput('text')).toMatchObject({ text: 'hello' });
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
  });

  test('a message that it answers is neither stored nor told to a later connection; the answer is', async () => {
    const { model, talk, store } = startScreened({ beforeModelCallback: guard });
    const provider = await model.connection(0);
    talk.say('a bomb');
    await talk.turn(1);
    provider.drop();
    expect((await model.connection(1)).setup.history).toEqual([replied('Let us talk about bread.')]);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['model: Let us talk about bread.']);
  });

  test('it sees each message with the words of the user, and messages stay in order while it thinks', async () => {
    const requests: LlmRequest[] = [];
    const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const { model, talk } = startScreened({
      beforeModelCallback: ({ request }) => gates[requests.push(request) - 1]?.promise,
    });
    const provider = await model.connection(0);
    talk.say('one');
    talk.say('two');
    gates[1]?.resolve(undefined);
    await flushEvents(talk, provider);
    expect(requests).toEqual([{ contents: [asked('one')] }]);
    expect(provider.received).toEqual([]);
    gates[0]?.resolve(undefined);
    expect(await provider.nextInput('text')).toMatchObject({ text: 'one' });
    expect(await provider.nextInput('text')).toMatchObject({ text: 'two' });
  });

  test('audio of the microphone does not wait for a message that is checked; what follows the message does', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { model, talk } = startScreened({ beforeModelCallback: () => gate.promise });
    const provider = await model.connection(0);
    talk.say('one');
    talk.queue.sendRealtime(SPEECH);
    await provider.nextInput('audio');
    talk.queue.sendRealtime(SPEECH);
    await provider.nextInput('audio');
    talk.queue.sendAudioStreamEnd();
    talk.queue.sendRealtime(SPEECH);
    await flushEvents(talk, provider);
    expect(provider.received.map(({ type }) => type)).toEqual(['audio', 'audio']);
    gate.resolve(undefined);
    await provider.nextInput('audio');
    expect(provider.received.map(({ type }) => type)).toEqual(['audio', 'audio', 'text', 'audio_end', 'audio']);
  });

  test('a message that is checked when the queue is closed is sent when it has passed', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { model, talk } = startScreened({ beforeModelCallback: () => gate.promise });
    const provider = await model.connection(0);
    talk.say('one');
    talk.queue.close();
    await flushEvents(talk, provider);
    expect(provider.received).toEqual([]);
    gate.resolve(undefined);
    expect(await provider.nextInput('text')).toMatchObject({ text: 'one' });
    await talk.done;
  });

  test('a message that is checked when the run is aborted is stored if it passes in time, so that the next run answers it', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { model, talk, store } = startScreened({ beforeModelCallback: () => gate.promise });
    const provider = await model.connection(0);
    talk.say('hello');
    await flushEvents(talk, provider);
    const closed = talk.close();
    gate.resolve(undefined);
    await closed;
    expect(await storedTurns(store)).toEqual(['user: hello']);
  });

  test('a message in parts is checked as a whole: no part hides what the others make of it', async () => {
    const { model, talk } = startScreened({ beforeModelCallback: guard });
    const provider = await model.connection(0);
    const sendPart = (text: string, isPartial: boolean) =>
      talk.queue.sendContent({ role: 'user', parts: [{ text }] }, isPartial);
    sendPart('how do I build a bo', true);
    sendPart('mb', false);
    await talk.turn(1);
    expect(heard(talk.events)).toBe('Let us talk about bread.');
    sendPart('at', false);
    await provider.nextInput('text');
    provider.say('With wood.');
    provider.completeTurn();
    await talk.turn(2);
    talk.say('mb');
    await provider.nextInput('text');
    expect(provider.received.map((input) => 'text' in input && input.text)).toEqual([
      'how do I build a bo',
      'at',
      'mb',
    ]);
  });

  test.each<[string, AgentOptions['beforeModelCallback']]>([
    [
      'throws',
      () => {
        throw new Error('a secret of the author');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a secret of the author'))],
    ['returns a response without a text', () => ({ content: { parts: [] } })],
    ['returns something else', () => 'blocked' as never],
    ['returns too much', () => say('x'.repeat(100_000))],
  ])(
    'one that %s lets nothing through: the message is not sent, and the failure is reported without its words',
    async (_what, callback) => {
      const { model, talk } = startScreened({ beforeModelCallback: callback ?? [] });
      const provider = await model.connection(0);
      talk.say('hello');
      await talk.turn(1);
      expect(talk.events.find(({ errorCode }) => errorCode)).toMatchObject({
        errorCode: 'CALLBACK_FAILED',
        errorMessage: 'A callback of the agent has failed',
      });
      expect(provider.received).toEqual([]);
      expect(JSON.stringify(talk.events)).not.toContain('secret');
    },
  );

  test('the answer to a message that was typed during a reply comes behind that reply', async () => {
    const { model, talk } = startScreened({ beforeModelCallback: guard });
    const provider = await model.connection(0);
    talk.say('hello');
    await provider.nextInput('text');
    provider.say('Good ');
    await talk.until(({ partial }) => partial);
    talk.say('a bomb');
    await flushEvents(talk, provider);
    provider.say('day.');
    provider.completeTurn();
    await talk.turn(2);
    expect(heard(await talk.turn(1))).toBe('Good day.');
    expect(heard(await talk.turn(2))).toBe('Let us talk about bread.');
  });

  test('it may change the state: with the event of its answer, or with one of its own', async () => {
    const { model, talk, store } = startScreened({
      beforeModelCallback: ({ context, request }) => {
        context.state.set('count', context.state.get('count', 0) + 1);
        return guard instanceof Function ? guard({ context, request }) : undefined;
      },
    });
    await model.connection(0);
    talk.say('hello');
    talk.say('a bomb');
    await talk.turn(1);
    const deltas = talk.events.flatMap(({ actions, content }) =>
      actions ? [[actions.stateDelta, content?.parts?.length ?? 0]] : [],
    );
    expect(deltas).toEqual([
      [{ count: 1 }, 0],
      [{ count: 2 }, 1],
    ]);
    await talk.close();
    expect((await store.load(CONVERSATION))?.state.session).toEqual({ count: 2 });
  });
});

describe('beforeModelCallback and speech', () => {
  const guard: AgentOptions['beforeModelCallback'] = async ({ request }) =>
    JSON.stringify(request).includes('bomb') ? say('No.') : undefined;

  test('speech that it answers stops the reply to it, and a fresh connection does not know the words', async () => {
    const { model, talk, store } = startScreened({ beforeModelCallback: guard }, true);
    const provider = await model.connection(0);
    talk.queue.sendRealtime(SPEECH);
    await provider.nextInput('audio');
    provider.speak('AAAA');
    await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
    provider.hear('build a bomb', true);
    await talk.turn(1);
    expect(told(talk.events)).toEqual(['audio', 'heard…', 'heard', 'interrupted', 'text…', 'text', 'turnComplete']);
    const next = await model.connection(1);
    expect(next.setup.history).toEqual([replied('No.')]);
    expect(next.received).toEqual([]);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['model: No.']);
  });

  test('speech that it answers before the reply begins gets no reply, and is not asked again', async () => {
    const { model, talk } = startScreened({ beforeModelCallback: guard }, true);
    const provider = await model.connection(0);
    talk.queue.sendRealtime(SPEECH);
    await provider.nextInput('audio');
    provider.hear('a bomb', true);
    expect(told(await talk.turn(1))).toEqual(['heard…', 'heard', 'text…', 'text', 'turnComplete']);
    const next = await model.connection(1);
    await flushEvents(talk, next);
    expect(next.received).toEqual([]);
    talk.say('hello');
    expect(await next.nextInput('text')).toMatchObject({ text: 'hello' });
  });

  test('a reply that is complete before the callback has decided is withdrawn, and never stored', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    const { model, talk, store } = startScreened({ beforeModelCallback: () => gate.promise }, true);
    const provider = await model.connection(0);
    talk.queue.sendRealtime(SPEECH);
    await provider.nextInput('audio');
    provider.hear('a bomb', true);
    provider.speak('AAAA');
    provider.transcribe('You take ', true);
    provider.completeTurn();
    await talk.turn(1);
    gate.resolve(say('No.'));
    expect(told(await talk.turn(2))).toEqual(['interrupted', 'text…', 'text', 'turnComplete']);
    expect((await model.connection(1)).setup.history).toEqual([replied('No.')]);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['model: No.']);
  });
});

describe('afterModelCallback', () => {
  const guard = ({ response }: { response: LlmResponse }) => {
    const text = response.outputTranscription?.text ?? response.content?.parts?.[0]?.text ?? '';
    return text.includes('the password is') ? say('I cannot tell.') : undefined;
  };

  test('one that decides at once keeps the words from clients, and what was said before is stored nowhere', async () => {
    const { model, talk, store } = startScreened({ afterModelCallback: guard });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('Well, the pass');
    provider.say('word is 1234');
    provider.say(' and more');
    const events = await talk.turn(1);
    expect(told(events)).toEqual(['text…', 'interrupted', 'text…', 'text', 'turnComplete']);
    expect(heard(events)).toBe('Well, the passI cannot tell.');
    const next = await model.connection(1);
    expect(next.setup.history).toEqual([asked('tell me'), replied('I cannot tell.')]);
    expect(next.setup.answered).toBe(true);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['user: tell me', 'model: I cannot tell.']);
  });

  test('one that thinks does not hold speech up; then the speech that sounds already is interrupted, and its rest is discarded', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    const seen: (string | undefined)[] = [];
    const { model, talk, store } = startScreened(
      {
        afterModelCallback: ({ response }) => {
          seen.push(response.outputTranscription?.text);
          return gate.promise;
        },
      },
      true,
    );
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.transcribe('The password');
    provider.speak('AAAA');
    provider.speak('BBBB');
    provider.transcribe(' is 1234.');
    await flushEvents(talk, provider);
    expect(talk.events.filter(({ content }) => content?.parts?.[0]?.inlineData)).toHaveLength(2);
    gate.resolve(say('I cannot tell.'));
    provider.speak('CCCC');
    const events = await talk.turn(1);
    expect(seen[0]).toBe('The password');
    const cut = events.findIndex(({ interrupted }) => interrupted);
    expect(told(events.slice(cut))).toEqual(['interrupted', 'text…', 'text', 'turnComplete']);
    expect((await model.connection(1)).setup.history).toEqual([asked('tell me'), replied('I cannot tell.')]);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['user: tell me', 'model: I cannot tell.']);
  });

  test('one that thinks sees all that was added meanwhile', async () => {
    const gate = Promise.withResolvers<undefined>();
    const seen: unknown[] = [];
    const { model, talk } = startScreened({
      afterModelCallback: ({ response }) => {
        seen.push(response);
        return seen.length === 1 ? gate.promise : undefined;
      },
    });
    const provider = await model.connection(0);
    talk.say('go');
    await provider.nextInput('text');
    for (const text of ['a', 'b', 'c']) provider.say(text);
    await flushEvents(talk, provider);
    gate.resolve(undefined);
    provider.completeTurn();
    await talk.turn(1);
    const partial = (text: string) => ({ ...say(text), partial: true });
    expect(seen).toEqual([partial('a'), partial('abc')]);
  });

  test('a reply that is complete before it has decided is withdrawn', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    const { model, talk, store } = startScreened({ afterModelCallback: () => gate.promise });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    provider.completeTurn();
    await talk.turn(1);
    gate.resolve(say('I cannot tell.'));
    expect(told(await talk.turn(2))).toEqual(['interrupted', 'text…', 'text', 'turnComplete']);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['user: tell me', 'model: I cannot tell.']);
  });

  test('a reply that grew while it was checked is checked to its end when the run ends, and stored if it passes', async () => {
    const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    let checks = 0;
    const { model, talk, store } = startScreened({
      afterModelCallback: () => {
        checks += 1;
        return gates[checks - 1]?.promise;
      },
    });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('one');
    provider.say(' two');
    provider.completeTurn();
    await talk.turn(1);
    const closed = talk.close();
    gates[0]?.resolve(undefined);
    await until(() => checks === 2);
    gates[1]?.resolve(undefined);
    await closed;
    expect(await storedTurns(store)).toEqual(['user: tell me', 'model: one two']);
  });

  test('what it decides after the end of the run changes nothing in the conversation, which the next run continues', async () => {
    const store = createMemoryStore();
    const conversations = new LiveConversations(store);
    const held = conversations.open(CONVERSATION);
    const gate = Promise.withResolvers<LlmResponse>();
    let checks = 0;
    const model = new FakeModel();
    const afterModelCallback = () => {
      checks += 1;
      return gate.promise;
    };
    const talk = closing(startTalk(runnerFor(model, { afterModelCallback }, conversations)));
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('one');
    provider.say(' two');
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    gate.resolve(say('I cannot tell.'));
    await new Promise(setImmediate);
    expect(checks).toBe(1);
    expect(held.listTurns()).toEqual([{ role: 'user', text: 'tell me' }]);
    held.append({ id: 'later', invocationId: 'e-2', timestamp: 0, author: 'user', content: asked('and now') });
    await conversations.close(100);
    expect(await storedTurns(store)).toEqual(['user: tell me\nand now']);
  });

  test('while it thinks, what was typed during a reply keeps its place, and a fresh connection is told of it', async () => {
    const gate = Promise.withResolvers<undefined>();
    let checks = 0;
    const { model, talk, store } = startScreened({
      afterModelCallback: () => {
        checks += 1;
        return checks === 1 ? gate.promise : undefined;
      },
    });
    const provider = await model.connection(0);
    talk.say('one');
    await provider.nextInput('text');
    provider.say('First.');
    await talk.until(({ partial }) => partial);
    talk.say('two');
    await provider.nextInput('text');
    provider.completeTurn();
    await talk.turn(1);
    provider.say('Second.');
    provider.completeTurn();
    await talk.turn(2);
    provider.drop();
    const told = [asked('one'), replied('First.'), asked('two'), replied('Second.')];
    expect((await model.connection(1)).setup.history).toEqual(told);
    gate.resolve(undefined);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['user: one', 'model: First.', 'user: two', 'model: Second.']);
  });

  test('a reply that it withdraws takes no answer of another callback with it', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    const { model, talk, store } = startScreened({
      afterModelCallback: () => gate.promise,
      beforeModelCallback: ({ request }) =>
        request.contents[0]?.parts?.[0]?.text === 'bomb' ? say('Let us talk about bread.') : undefined,
    });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    provider.completeTurn();
    await talk.turn(1);
    talk.say('bomb');
    await talk.turn(2);
    gate.resolve(say('I cannot tell.'));
    await talk.turn(3);
    await talk.close();
    expect(await storedTurns(store)).toEqual([
      'user: tell me',
      'model: Let us talk about bread.',
      'model: I cannot tell.',
    ]);
  });

  test('a reply that it has not decided on when the run ends is not stored', async () => {
    const { model, talk, store } = startScreened({ afterModelCallback: never });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    provider.completeTurn();
    await talk.turn(1);
    await talk.close();
    expect(await storedTurns(store)).toEqual(['user: tell me']);
  });

  test('a reply that it has not decided on when the server ends is not stored', async () => {
    const store = createMemoryStore();
    const conversations = new LiveConversations(store);
    const model = new FakeModel();
    const talk = closing(startTalk(runnerFor(model, { afterModelCallback: never }, conversations)));
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    provider.completeTurn();
    await talk.turn(1);
    await conversations.close(100);
    expect(JSON.stringify((await store.load(CONVERSATION)) ?? '')).not.toContain('1234');
  });

  test('one that throws stops the reply', async () => {
    const { model, talk } = startScreened({
      afterModelCallback: () => {
        throw new Error('a secret');
      },
    });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    await talk.turn(1);
    expect(JSON.stringify(talk.events)).not.toMatch(/1234|secret/);
    expect(talk.events.some(({ errorCode }) => errorCode === 'CALLBACK_FAILED')).toBe(true);
  });

  test('calls of tools that the stopped reply has made are cancelled', async () => {
    const signals: AbortSignal[] = [];
    const tools = [
      {
        declaration: { type: 'function' as const, name: 'wait', description: '' },
        run: (_args: unknown, { signal }: { signal: AbortSignal }) => {
          signals.push(signal);
          return never();
        },
      },
    ];
    const { model, talk } = startScreened({ afterModelCallback: guard, tools });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    const [id] = provider.call({ name: 'wait' });
    provider.say('the password is 1234');
    await talk.turn(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(talk.events.find(({ toolCancellation }) => toolCancellation)?.toolCancellation).toEqual([id]);
  });

  test('a connection that is being opened when a reply is stopped is opened again, and is not told of the words', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    const { model, talk } = startScreened({ afterModelCallback: () => gate.promise });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    await flushEvents(talk, provider);
    model.hold();
    provider.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    await until(() => model.setups.length === 2);
    gate.resolve(say('I cannot tell.'));
    await talk.until(({ content }) => content?.parts?.[0]?.text === 'I cannot tell.');
    model.release();
    expect((await model.connection(2)).setup.history).toEqual([asked('tell me'), replied('I cannot tell.')]);
    expect(model.connections[1]?.open).toBe(false);
  });

  test('after a reply that was stopped, what the user said during the reply is repeated on the fresh connection', async () => {
    const { model, talk } = startScreened({ afterModelCallback: guard }, true);
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.speak('AAAA');
    await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
    talk.queue.sendRealtime(LOUD);
    await provider.nextInput('audio');
    provider.transcribe('the password is 1234');
    await talk.turn(1);
    const next = await model.connection(1);
    expect(await next.nextInput('audio')).toMatchObject({ data: LOUD.data });
    expect(next.received.filter(({ type }) => type === 'text')).toEqual([]);
  });

  test('a question that was asked after a reply which is withdrawn is answered on the fresh connection', async () => {
    const gate = Promise.withResolvers<LlmResponse>();
    let calls = 0;
    const { model, talk } = startScreened({ afterModelCallback: () => (calls++ === 0 ? gate.promise : undefined) });
    const provider = await model.connection(0);
    talk.say('tell me');
    await provider.nextInput('text');
    provider.say('1234');
    provider.completeTurn();
    await talk.turn(1);
    talk.say('and the time?');
    await provider.nextInput('text');
    gate.resolve(say('I cannot tell.'));
    const next = await model.connection(1);
    expect(await next.nextInput('text')).toMatchObject({ text: 'and the time?' });
    expect(JSON.stringify(next.setup.history)).not.toContain('1234');
  });
});

describe('callbacks of the agent', () => {
  test('beforeAgentCallback that returns a content answers in the place of the run: no connection is opened, and the run ends', async () => {
    const { model, talk, store } = startScreened({
      beforeAgentCallback: async () => ({ role: 'model', parts: [{ text: 'We are closed.' }] }),
    });
    talk.say('hello');
    await talk.done;
    expect(told(talk.events.slice(0, -1))).toEqual(['text…', 'text', 'turnComplete']);
    expect(talk.events.at(-1)).toMatchObject({ actions: { endOfAgent: true } });
    expect(model.setups).toEqual([]);
    expect(await storedTurns(store)).toEqual(['user: hello', 'model: We are closed.']);
  });

  test('beforeAgentCallback that answers loses no result of a long-running call, which its app sends once', async () => {
    const order = tool({ name: 'order', description: '', isLongRunning: true, execute: () => ({ ticket: 7 }) });
    const first = startScreened({ tools: [order] });
    const provider = await first.model.connection(0);
    first.talk.say('order');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'order' });
    await provider.nextInput('tool_results');
    provider.completeTurn();
    await first.talk.close();
    const agent = { tools: [order], beforeAgentCallback: async () => ({ parts: [{ text: 'We are closed.' }] }) };
    const { talk } = startFakeTalk({ agent, store: first.store });
    closing(talk);
    talk.queue.sendToolResults([{ id, response: { arrived: true } }]);
    await talk.done;
    const results = (await loadEvents(first.store, CONVERSATION)).flatMap(
      ({ content }) => content?.parts?.flatMap(({ functionResponse }) => functionResponse?.response ?? []) ?? [],
    );
    expect(results).toEqual([{ ticket: 7 }, { arrived: true }]);
  });

  test('beforeAgentCallback that returns nothing lets the run begin, with the state that it has set', async () => {
    const { model, talk } = startScreened({
      instruction: 'Today is {day}.',
      beforeAgentCallback: ({ state, agentName }) => {
        state.set('day', `Monday for ${agentName}`);
        return undefined;
      },
    });
    expect((await model.connection(0)).setup.instruction).toBe('Today is Monday for assistant.');
    expect(await talk.until(({ actions }) => actions)).toMatchObject({
      actions: { stateDelta: { day: 'Monday for assistant' } },
    });
  });

  test('beforeAgentCallback that throws fails the run', async () => {
    const { model, talk } = startScreened({ beforeAgentCallback: () => Promise.reject(new Error('a secret')) });
    await expect(talk.done).rejects.toMatchObject({ code: 'agent_failed', message: 'The agent failed' });
    expect(model.setups).toEqual([]);
  });

  test('afterAgentCallback is called when the run has ended, and its content is the last reply', async () => {
    const { model, talk } = startScreened({ afterAgentCallback: () => ({ parts: [{ text: 'Goodbye.' }] }) });
    await model.connection(0);
    talk.queue.close();
    await talk.done;
    expect(heard(talk.events)).toBe('Goodbye.');
  });
});

describe('callbacks that read transcripts', () => {
  test('refuse a config without them before the run, also if only another agent of the tree has such callbacks', () => {
    const billing = new Agent({ name: 'billing', afterModelCallback: () => undefined });
    const agent = new Agent({ name: 'desk', subAgents: [billing] });
    const runner = new Runner({ appName: 'app', agent, model: new FakeModel(), store: createMemoryStore() });
    const config: RunConfig = { ...SPOKEN, outputAudioTranscription: null };
    expect(() => runner.check(config)).toThrow('afterModelCallback of the agent "billing"');
  });

  test.each<[string, Partial<AgentOptions>, RunConfig, boolean]>([
    ['of the user', { beforeModelCallback: never }, { inputAudioTranscription: null }, false],
    ['of the model that speaks', { afterModelCallback: never }, { ...SPOKEN, outputAudioTranscription: null }, false],
    ['of a model that writes', { afterModelCallback: never }, { outputAudioTranscription: null }, true],
    ['of nobody', {}, { ...SPOKEN, inputAudioTranscription: null, outputAudioTranscription: null }, true],
  ])('%s are refused without them, because they would guard nothing', (_whose, agent, runConfig, isAccepted) => {
    const check = () => runnerFor(new FakeModel(), { ...agent, runConfig });
    if (isAccepted) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'invalid_run_config' }));
  });
});
