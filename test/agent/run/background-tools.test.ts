import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../../src/agent/agent.ts';
import { PENDING_RESPONSE, type ToolInput, type ToolOptions, tool } from '../../../src/agent/tool.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { Blob, LiveRequest } from '../../../src/wire/live-request.ts';
import { holdClock } from '../../held-clock.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { until } from '../../models/until.ts';
import { controlBackOff, type FakeTalkOptions, flushEvents, SPEECH, startFakeTalk } from '../fake-talk.ts';
import { heard, runnerFor, startTalk, type Talk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

/** A streaming tool whose values the test yields one by one. */
function createWatch(options: Partial<Pick<ToolOptions<never>, 'scheduling' | 'inputStream'>> = {}) {
  const waiting: ((value: unknown) => void)[] = [];
  const inputs: ToolInput[] = [];
  const signals: AbortSignal[] = [];
  const watch = tool({
    name: 'watch_price',
    description: 'Watches the price.',
    ...options,
    async *execute(_args, { input, signal }) {
      inputs.push(input);
      signals.push(signal);
      for (;;) {
        const value = await new Promise((resolve) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(undefined), { once: true });
        });
        if (signal.aborted) return;
        yield value;
      }
    },
  });
  return { watch, inputs, signals, yield: async (value: unknown) => (await until(() => waiting.shift()))(value) };
}

function start(
  options: FakeTalkOptions & Pick<Parameters<typeof createWatch>[0] & object, 'scheduling' | 'inputStream'> = {},
) {
  const { scheduling, inputStream, agent, ...others } = options;
  const created = createWatch({ ...(scheduling ? { scheduling } : {}), ...(inputStream ? { inputStream } : {}) });
  const { model, talk, store } = startFakeTalk({ agent: { tools: [created.watch], ...agent }, ...others });
  closing(talk);
  return { ...created, model, talk, store };
}

const resultsOf = (talk: Talk) =>
  talk.events.flatMap(({ content, partial = false }) =>
    (content?.parts ?? []).flatMap(({ functionResponse }) =>
      functionResponse ? { ...functionResponse, partial } : [],
    ),
  );
/** 100 ms of loud sound. */
function createSpeech(): Blob {
  const loud = Buffer.alloc(3_200);
  for (let at = 0; at < loud.length; at += 2) loud.writeInt16LE(at % 4 === 0 ? 8_000 : -8_000, at);
  return { mime_type: 'audio/pcm;rate=16000', data: loud.toString('base64') };
}

const toldText = (...values: unknown[]) =>
  values.map((value) => `(watch_price, called before, returned ${JSON.stringify(value)})`).join('\n');

describe('a streaming tool', () => {
  test('is answered at once, and each value is told when the model is idle, as text', async () => {
    const { model, talk, yield: give } = start();
    const provider = await model.connection(0);
    talk.say('watch the price');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'watch_price' });
    const results = [{ id, name: 'watch_price', response: PENDING_RESPONSE }];
    expect(await provider.nextInput('tool_results')).toEqual({ type: 'tool_results', results });
    provider.say('I am watching.');
    await give({ price: 1 });
    await talk.until(({ partial, content }) => partial && content?.parts?.[0]?.functionResponse);
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
    provider.completeTurn();
    expect((await provider.nextInput('text')).text).toBe(toldText({ price: 1 }));
    expect(resultsOf(talk)).toEqual([
      { id, name: 'watch_price', response: PENDING_RESPONSE, willContinue: true, partial: false },
      { id, name: 'watch_price', response: { price: 1 }, willContinue: true, partial: true },
    ]);
  });

  test('has values that arrive while the model speaks about one told in one message after it', async () => {
    const { model, talk, yield: give } = start();
    const provider = await model.connection(0);
    provider.call({ name: 'watch_price' });
    provider.completeTurn();
    await give(1);
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 1 }));
    // The model has not begun to speak about it: a further message would interrupt the reply.
    await give(2);
    await give(3);
    await until(() => resultsOf(talk).length === 4);
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
    provider.say('It is 1.');
    provider.completeTurn();
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 2 }, { result: 3 }));
  });

  test('goes on when the connection is lost, and its values are told on the new one, also one that no reply has followed', async () => {
    const { model, talk, yield: give } = start();
    const provider = await model.connection(0);
    provider.call({ name: 'watch_price' });
    provider.say('I am watching.');
    provider.completeTurn();
    await give(1);
    await provider.nextInput('text');
    model.hold();
    provider.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    await give(2);
    await until(() => resultsOf(talk).length === 3);
    model.release();
    const next = await model.connection(1);
    expect((await next.nextInput('text')).text).toBe(toldText({ result: 1 }, { result: 2 }));
    expect(talk.events.filter(({ toolCancellation }) => toolCancellation)).toEqual([]);
  });

  test('whose connection is lost during the question is part of the question that is asked again', async () => {
    const { model, talk, yield: give } = start();
    const provider = await model.connection(0);
    talk.say('watch the price');
    await provider.nextInput('text');
    provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    provider.drop();
    const next = await model.connection(1);
    const asked = `watch the price\n(watch_price was called for this, and returned ${JSON.stringify(PENDING_RESPONSE)})`;
    expect((await next.nextInput('text')).text).toBe(asked);
    await give(1);
    next.say('I am watching.');
    next.completeTurn();
    expect((await next.nextInput('text')).text).toBe(toldText({ result: 1 }));
  });

  test('has its call that is taken back by the model stopped, and its values that wait are not told', async () => {
    const { model, talk, signals, yield: give } = start();
    const provider = await model.connection(0);
    talk.say('watch');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'watch_price' });
    provider.say('Yes.');
    await give(1);
    await until(() => resultsOf(talk).length === 2);
    provider.cancelCalls(id);
    provider.completeTurn();
    await talk.turn(1);
    await flushEvents(talk, provider);
    expect(signals[0]?.aborted).toBe(true);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
  });

  test('is stopped by stop_streaming: clients are told, and values that wait are not told', async () => {
    const { model, talk, signals, yield: give } = start();
    const provider = await model.connection(0);
    expect(provider.setup.tools.map((each) => 'name' in each && each.name)).toEqual(['watch_price', 'stop_streaming']);
    const [id = ''] = provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    provider.say('Watching.');
    await give(1);
    await until(() => resultsOf(talk).length === 2);
    provider.call({ name: 'stop_streaming', args: { function_name: 'watch_price' } });
    const { results } = await provider.nextInput('tool_results');
    expect(results[0]?.response).toEqual({ status: 'Successfully stopped streaming function watch_price' });
    expect((await talk.until(({ toolCancellation }) => toolCancellation)).toolCancellation).toEqual([id]);
    provider.completeTurn();
    await talk.turn(1);
    await flushEvents(talk, provider);
    expect(signals[0]?.aborted).toBe(true);
    expect(provider.received.filter(({ type }) => type === 'text')).toEqual([]);
  });

  test('is stopped when another agent takes over, before which clients are told, and its values are not told to that agent', async () => {
    const billing = new Agent({ name: 'billing' });
    const { model, talk, signals, yield: give } = start({ agent: { subAgents: [billing] } });
    const provider = await model.connection(0);
    talk.say('watch, and ask about my bill');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    await give(1);
    await until(() => resultsOf(talk).length === 2);
    provider.call({ name: 'transfer_to_agent', args: { agent_name: 'billing' } });
    expect((await talk.until(({ toolCancellation }) => toolCancellation)).toolCancellation).toEqual([id]);
    const next = await model.connection(1);
    await next.nextInput('text');
    next.say('Your bill is paid.');
    next.completeTurn();
    await talk.turn(1);
    await flushEvents(talk, next);
    expect(signals[0]?.aborted).toBe(true);
    expect(next.received.filter(({ type }) => type === 'text')).toHaveLength(1);
  });

  test('is stopped with the run', async () => {
    const { model, talk, signals } = start();
    const provider = await model.connection(0);
    provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    await until(() => signals[0]);
    await talk.close();
    expect(signals[0]?.aborted).toBe(true);
  });

  test('has at most 8 values that wait: the oldest are left out, and the model is told so', async () => {
    const { model, talk, yield: give } = start();
    const provider = await model.connection(0);
    talk.say('watch');
    await provider.nextInput('text');
    provider.call({ name: 'watch_price' });
    provider.say('Yes.');
    for (let value = 0; value < 10; value += 1) await give(value);
    await until(() => resultsOf(talk).length === 11);
    provider.completeTurn();
    const kept = Array.from({ length: 8 }, (_, index) => ({ result: index + 2 }));
    expect((await provider.nextInput('text')).text).toBe(
      `(2 earlier results of watch_price are left out)\n${toldText(...kept)}`,
    );
  });

  test('with inputStream receives what the user sends from the call on, and no other tool does', async () => {
    const { model, talk, inputs } = start({ inputStream: true });
    const provider = await model.connection(0);
    talk.say('before');
    await provider.nextInput('text');
    provider.call({ name: 'watch_price' });
    const input = await until(() => inputs[0]);
    talk.queue.sendRealtime(SPEECH);
    talk.queue.sendRealtime({ mime_type: 'image/jpeg', data: 'AAAA' });
    talk.say('after');
    const received: LiveRequest[] = [];
    for await (const request of input) if (received.push(request) === 3) break;
    expect(received).toEqual([
      { blob: SPEECH },
      { blob: { mime_type: 'image/jpeg', data: 'AAAA' } },
      { content: { role: 'user', parts: [{ text: 'after' }] } },
    ]);
    await talk.close();
    expect(await input[Symbol.asyncIterator]().next()).toEqual({ value: undefined, done: true });
  });

  test('without inputStream has an input that ends at once', async () => {
    const { model, inputs } = start();
    const provider = await model.connection(0);
    provider.call({ name: 'watch_price' });
    const input = await until(() => inputs[0]);
    expect(await input[Symbol.asyncIterator]().next()).toEqual({ value: undefined, done: true });
  });
});

describe('the scheduling of a tool', () => {
  const begin = async (scheduling: ToolOptions<never>['scheduling'] & string) => {
    const started = start({ scheduling });
    const { model, talk } = started;
    const provider = await model.connection(0);
    talk.say('watch');
    await provider.nextInput('text');
    provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    provider.say('Once upon a time');
    return { ...started, provider };
  };

  test('INTERRUPT has a value told while the model speaks', async () => {
    const { provider, yield: give } = await begin('INTERRUPT');
    await give(1);
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 1 }));
  });

  test('INTERRUPT has values of less than a second told in one message', async () => {
    const { provider, yield: give } = await begin('INTERRUPT');
    await give(1);
    await provider.nextInput('text');
    await give(2);
    await give(3);
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 2 }, { result: 3 }));
  });

  test('WHEN_IDLE waits until the user has stopped speaking', async () => {
    const { provider, talk, yield: give } = await begin('WHEN_IDLE');
    await give(1);
    await until(() => resultsOf(talk).length === 2);
    const clock = holdClock();
    talk.queue.sendRealtime(createSpeech());
    await provider.nextInput('audio');
    provider.completeTurn();
    await talk.turn(1);
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
    clock.release();
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 1 }));
  });

  test('WHEN_IDLE waits until the user has stopped speaking, also if the call has ended before', async () => {
    const pending = Promise.withResolvers<unknown>();
    const book = tool({ name: 'book', description: '', scheduling: 'WHEN_IDLE', execute: () => pending.promise });
    const { model, talk } = start({ agent: { tools: [book] } });
    const provider = await model.connection(0);
    provider.call({ name: 'book' });
    provider.completeTurn();
    await talk.turn(1);
    const clock = holdClock();
    talk.queue.sendRealtime(createSpeech());
    await provider.nextInput('audio');
    pending.resolve({ seat: '4A' });
    await until(() => resultsOf(talk).length === 2);
    // The user speaks for longer than a pause between words lasts.
    for (let piece = 0; piece < 10; piece += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      clock.advance(100);
      talk.queue.sendRealtime(createSpeech());
      await provider.nextInput('audio');
    }
    expect(provider.received.filter(({ type }) => type === 'text')).toEqual([]);
    clock.release();
    expect((await provider.nextInput('text')).text).toBe('(book, called before, returned {"seat":"4A"})');
  });

  test('SILENT has a value told without asking for a reply, once the model is idle', async () => {
    const { provider, talk, yield: give } = await begin('SILENT');
    await give(1);
    await until(() => resultsOf(talk).length === 2);
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'partial_text')).toEqual([]);
    provider.completeTurn();
    expect((await provider.nextInput('partial_text')).text).toBe(`${toldText({ result: 1 })}\n`);
    talk.say('and now?');
    expect((await provider.nextInput('text')).text).toBe('and now?');
  });

  test('of a tool that returns once has the result told later, and the model does not wait for it', async () => {
    const pending = Promise.withResolvers<unknown>();
    const book = tool({ name: 'book', description: '', scheduling: 'WHEN_IDLE', execute: () => pending.promise });
    const { model, talk } = start({ agent: { tools: [book] } });
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'book' });
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { id, name: 'book', response: PENDING_RESPONSE },
    ]);
    provider.say('I will tell you.');
    provider.completeTurn();
    await talk.turn(1);
    pending.resolve({ seat: '4A' });
    expect((await provider.nextInput('text')).text).toBe('(book, called before, returned {"seat":"4A"})');
    expect(resultsOf(talk).at(-1)).toEqual({ id, name: 'book', response: { seat: '4A' }, partial: false });
  });

  test('does not take a reply that stays empty for a failure, and tells the next value', async () => {
    const { provider, talk, yield: give } = await begin('WHEN_IDLE');
    provider.completeTurn();
    await give(1);
    await provider.nextInput('text');
    provider.completeTurn();
    await talk.turn(2);
    expect(talk.events.filter(({ status }) => status?.upstream === 'stalled')).toEqual([]);
    await give(2);
    expect((await provider.nextInput('text')).text).toBe(toldText({ result: 2 }));
  });
});

describe('on a model that schedules results itself', () => {
  const scheduling = { capabilities: { tools: { ...new FakeModel().capabilities.tools, scheduling: true } } };

  test('a streaming tool is declared as non-blocking, and its values are further results of its call, sent at once', async () => {
    const { model, talk, watch, yield: give } = start({ model: scheduling, scheduling: 'INTERRUPT' });
    const provider = await model.connection(0);
    expect(provider.setup.tools[0]).toEqual({ ...watch.declaration, nonBlocking: true });
    expect(provider.setup.tools[1]).not.toHaveProperty('nonBlocking');
    const [id = ''] = provider.call({ name: 'watch_price' });
    const call = { id, name: 'watch_price' };
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { ...call, response: PENDING_RESPONSE, willContinue: true, scheduling: 'SILENT' },
    ]);
    provider.say('Once upon a time');
    await give(1);
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { ...call, response: { result: 1 }, willContinue: true, scheduling: 'INTERRUPT' },
    ]);
    await flushEvents(talk, provider);
    expect(provider.closed).toBeUndefined();
  });

  test('the end of a generator without a last value is an empty result that is silent', async () => {
    const once = tool({
      name: 'once',
      description: '',
      async *execute() {
        yield 1;
      },
    });
    const { model } = start({ model: scheduling, agent: { tools: [once] } });
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'once' });
    for (let count = 0; count < 2; count += 1) await provider.nextInput('tool_results');
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { id, name: 'once', response: {}, scheduling: 'SILENT' },
    ]);
  });

  test('a value that no reply has followed is told as text on the next connection, which does not know the call, and so are later ones', async () => {
    const { model, talk, yield: give } = start({ model: scheduling });
    const provider = await model.connection(0);
    provider.call({ name: 'watch_price' });
    await provider.nextInput('tool_results');
    provider.say('Yes.');
    provider.completeTurn();
    await talk.turn(1);
    await give(1);
    await provider.nextInput('tool_results');
    provider.drop();
    const next = await model.connection(1);
    expect((await next.nextInput('text')).text).toBe(toldText({ result: 1 }));
    next.say('It is 1.');
    next.completeTurn();
    await give(2);
    expect((await next.nextInput('text')).text).toBe(toldText({ result: 2 }));
  });

  test('the first response of a long-running tool may be spoken about, and the result of the app is the last result of its call', async () => {
    const refund = tool({ name: 'refund', description: '', isLongRunning: true, execute: () => ({ ticket: 7 }) });
    const { model, talk } = start({ model: scheduling, agent: { tools: [refund] } });
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'refund' });
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { id, name: 'refund', response: { ticket: 7 }, willContinue: true, scheduling: 'WHEN_IDLE' },
    ]);
    talk.queue.sendToolResults([{ id, response: { ok: true } }]);
    expect((await provider.nextInput('tool_results')).results).toEqual([
      { id, name: 'refund', response: { ok: true }, scheduling: 'WHEN_IDLE' },
    ]);
  });
});

describe('a long-running tool', () => {
  const refund = tool({
    name: 'refund',
    description: 'Asks a colleague.',
    isLongRunning: true,
    execute: () => ({ ticket: 7 }),
  });
  const told = '(refund, called before, returned {"ok":true})';

  async function callRefund(options: FakeTalkOptions = {}) {
    const { model, talk, store } = start({ agent: { tools: [refund] }, ...options });
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'refund' });
    await provider.nextInput('tool_results');
    provider.say('I have asked.');
    provider.completeTurn();
    await talk.turn(1);
    return { model, talk, store, provider, id };
  }

  test('is marked in its event, its first response goes to the model, and the result of the app is told', async () => {
    const { talk, provider, id } = await callRefund();
    expect((await talk.until(({ longRunningToolIds }) => longRunningToolIds)).longRunningToolIds).toEqual([id]);
    talk.queue.sendToolResults([{ id, response: { ok: true } }]);
    talk.queue.sendToolResults([{ id, response: { ok: false } }]);
    expect((await provider.nextInput('text')).text).toBe(told);
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
    expect(resultsOf(talk)).toEqual([
      { id, name: 'refund', response: { ticket: 7 }, willContinue: true, partial: false },
      { id, name: 'refund', response: { ok: true }, partial: false },
    ]);
  });

  test('is answered after a lost connection', async () => {
    const { model, talk, provider, id } = await callRefund();
    provider.drop();
    const next = await model.connection(1);
    talk.queue.sendToolResults([{ id, response: { ok: true } }]);
    expect((await next.nextInput('text')).text).toBe(told);
  });

  test('is answered in a later run of the conversation, once, and a result for any other call is ignored', async () => {
    const { talk, store, id } = await callRefund({ store: createMemoryStore() });
    await talk.close();
    const { model, talk: later } = startFakeTalk({ agent: { tools: [refund] }, store });
    closing(later);
    const provider = await model.connection(0);
    later.queue.sendToolResults([{ id: 'unknown', response: {} }]);
    later.queue.sendToolResults([{ id, response: { ok: true } }]);
    later.queue.sendToolResults([{ id, response: { ok: false } }]);
    expect((await provider.nextInput('text')).text).toBe(told);
    await flushEvents(later, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toHaveLength(1);
    expect(resultsOf(later)).toEqual([{ id, name: 'refund', response: { ok: true }, partial: false }]);
  });

  test('is answered in a later run of the conversation once, also while its result waits for the last words of the user', async () => {
    const { talk, store, id } = await callRefund({ store: createMemoryStore() });
    await talk.close();
    const { model, talk: later } = startFakeTalk({ agent: { tools: [refund] }, store });
    closing(later);
    const provider = await model.connection(0);
    provider.hear('ask for');
    provider.call({ name: 'refund', id: 'other' });
    await provider.nextInput('tool_results');
    later.queue.sendToolResults([{ id, response: { ok: true } }]);
    later.queue.sendToolResults([{ id, response: { ok: false } }]);
    await until(() => resultsOf(later).length >= 2);
    await flushEvents(later, provider);
    expect(resultsOf(later).filter((each) => each.id === id)).toEqual([
      { id, name: 'refund', response: { ok: true }, partial: false },
    ]);
  });

  test('is answered in a later run of the conversation when the user has stopped speaking', async () => {
    const { talk, store, id } = await callRefund({ store: createMemoryStore() });
    await talk.close();
    const { model, talk: later } = startFakeTalk({ agent: { tools: [refund] }, store });
    closing(later);
    const provider = await model.connection(0);
    const clock = holdClock();
    later.queue.sendRealtime(createSpeech());
    await provider.nextInput('audio');
    later.queue.sendToolResults([{ id, response: { ok: true } }]);
    await until(() => resultsOf(later).length === 1);
    later.queue.sendRealtime(createSpeech());
    await provider.nextInput('audio');
    await flushEvents(later, provider);
    expect(provider.received.filter(({ type }) => type === 'text')).toEqual([]);
    clock.release();
    expect((await provider.nextInput('text')).text).toBe(told);
  });
});

describe.each(Object.values(GEMINI_FAMILIES).map(({ example }) => [example]))(
  'on %s, against the strict emulator',
  (name) => {
    const begin = async (...tools: NonNullable<Parameters<typeof runnerFor>[1]>['tools'] & object) => {
      const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
      const talk = closing(startTalk(runnerFor(modelAt(emulator.url, { model: name }), { tools })));
      return { emulator, talk };
    };

    test('a streaming tool is heard, and stopped', async () => {
      const { watch, signals, yield: give } = createWatch();
      const { emulator, talk } = await begin(watch);
      talk.say('watch price');
      await talk.until(({ content }) => content?.parts?.[0]?.functionResponse);
      await give('nine euros');
      await talk.until(() => /nine euros/.test(heard(talk.events)));
      await give('ten euros');
      await talk.until(() => /ten euros/.test(heard(talk.events)));
      talk.say('stop streaming {"function_name":"watch_price"}');
      await talk.until(() => /Successfully stopped/.test(heard(talk.events)));
      expect(signals[0]?.aborted).toBe(true);
      expect(emulator.violations).toEqual([]);
    });

    test('the result of a long-running tool is heard', async () => {
      const refund = tool({ name: 'refund', description: '', isLongRunning: true, execute: () => null });
      const { emulator, talk } = await begin(refund);
      talk.say('refund');
      const { longRunningToolIds: [id = ''] = [] } = await talk.until(({ longRunningToolIds }) => longRunningToolIds);
      await talk.until(({ content }) => content?.parts?.[0]?.functionResponse);
      talk.queue.sendToolResults([{ id, response: { result: 'twenty euros' } }]);
      await talk.until(() => /twenty euros/.test(heard(talk.events)));
      expect(emulator.violations).toEqual([]);
    });

    test.each(['WHEN_IDLE', 'INTERRUPT', 'SILENT'] as const)(
      'the result of a tool with %s reaches the model',
      async (scheduling) => {
        const pending = Promise.withResolvers<unknown>();
        const book = tool({ name: 'book_seat', description: '', scheduling, execute: () => pending.promise });
        const { emulator, talk } = await begin(book);
        talk.say('book seat');
        await talk.turn(1);
        pending.resolve('seat 4A');
        await talk.until(({ content }) =>
          content?.parts?.some(({ functionResponse }) => functionResponse && !functionResponse.willContinue),
        );
        if (scheduling === 'SILENT') {
          await new Promise((resolve) => setTimeout(resolve, 300));
          expect(heard(talk.events)).not.toMatch(/4A/);
          talk.say('hello');
          const turns = talk.events.filter(({ turnComplete }) => turnComplete).length;
          await talk.turn(turns + 1);
        } else await talk.until(() => /4A/.test(heard(talk.events)));
        expect(emulator.violations).toEqual([]);
      },
    );
  },
);
