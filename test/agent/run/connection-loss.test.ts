import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { tool } from '../../../src/agent/tool.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import type { FakeConnection } from '../../models/fake-connection.ts';
import { until } from '../../models/until.ts';
import { loadTexts } from '../../store/events.ts';
import { TroubledStore } from '../../store/troubled-store.ts';
import {
  asked,
  controlBackOff,
  type FakeTalkOptions,
  flushEvents,
  replied,
  SPEECH,
  sentText,
  startFakeTalk,
} from '../fake-talk.ts';
import { outline, statusesOf } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  return fake;
}

describe('a lost connection', () => {
  test.each([1006, 1011, 1000])('that closed with %i is resumed by its handle, without a history', async (code) => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.say('One.');
    first.completeTurn();
    first.giveHandle('h1');
    await flushEvents(talk, first);
    first.closeWith(new WireError('model_closed'), { code });
    const second = await model.connection(1);
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(second.setup).toMatchObject({ handle: 'h1', history: [] });
    talk.say('next');
    expect(await second.nextInput('text')).toEqual(sentText('next'));
    expect(talk.events.flatMap(({ status }) => status ?? [])).toEqual([
      { upstream: 'connecting', attempt: 1 },
      { upstream: 'ready' },
      { upstream: 'reconnecting', attempt: 2, code },
      { upstream: 'resumed' },
    ]);
  });

  test('without a handle is replaced by a connection that receives the conversation', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    talk.say('My name is Ann.');
    await first.nextInput('text');
    first.say('Hello Ann.');
    first.completeTurn();
    await talk.turn(1);
    first.drop();
    const { setup, received } = await model.connection(1);
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(setup.handle).toBeUndefined();
    expect(setup).toMatchObject({ history: [asked('My name is Ann.'), replied('Hello Ann.')], answered: true });
    expect(received).toEqual([]);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'reseeded']);
  });

  test.each<[string, (provider: FakeConnection) => void]>([
    ['text', (provider) => provider.say('One, ')],
    ['audio', (provider) => provider.speak('AAAA')],
    ['a transcript', (provider) => provider.transcribe('One, ')],
  ])('ends the turn before it is replaced, if the reply has started with %s', async (_what, startReply) => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    startReply(first);
    await talk.until(({ content, outputTranscription }) => content ?? outputTranscription);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-4)).toEqual(['interrupted', 'turnComplete', 'reconnecting', 'reseeded']);
  });

  test('completes a turn whose answer was complete, and the next connection is told of the answer and not asked again', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.giveHandle('h1');
    talk.say('count to two');
    await first.nextInput('text');
    first.speak('AAAA');
    first.transcribe('One, two.');
    first.completeGeneration();
    // Gemini completes the turn when the speech would have been played. The connection is lost before.
    await flushEvents(talk, first);
    first.drop();
    const second = await model.connection(1);
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-3)).toEqual(['turnComplete', 'reconnecting', 'reseeded']);
    expect(outline(talk.events)).not.toContain('interrupted');
    expect(second.setup).toMatchObject({ history: [asked('count to two'), replied('One, two.')], answered: true });
    expect(second.setup.handle).toBeUndefined();
    talk.say('thanks');
    expect(await second.nextInput('text')).toEqual(sentText('thanks'));
  });

  test('repeats the question of a complete answer that waits for the result of a call', async () => {
    const { model, talk } = openTalk({
      agent: { tools: [tool({ name: 'wait', description: 'Waits.', execute: () => new Promise(() => undefined) })] },
    });
    const first = await model.connection(0);
    talk.say('wait for me');
    await first.nextInput('text');
    first.say('One moment.');
    first.call({ name: 'wait' });
    first.completeGeneration();
    await flushEvents(talk, first);
    first.drop();
    const second = await model.connection(1);
    expect(await second.nextInput('text')).toEqual(sentText('wait for me'));
  });

  test('completes a turn that was interrupted, and does not interrupt it again', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.say('One, ');
    first.interrupt();
    await talk.until(({ interrupted }) => interrupted);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-5)).toEqual(['text', 'interrupted', 'turnComplete', 'reconnecting', 'reseeded']);
  });

  test('between turns ends no turn', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.say('One.');
    first.completeTurn();
    await talk.turn(1);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reseeded');
    expect(outline(talk.events).slice(-3)).toEqual(['turnComplete', 'reconnecting', 'reseeded']);
  });

  test('is closed before the next one is opened', async () => {
    const open: number[] = [];
    const { model, talk } = openTalk({
      model: { onConnect: () => open.push(model.connections.filter((connection) => connection.open).length) },
    });
    for (const index of [0, 1]) {
      const provider = await model.connection(index);
      provider.giveHandle(`h${index}`);
      await flushEvents(talk, provider);
      provider.goAway(0);
    }
    await model.connection(2);
    expect(open).toEqual([1, 1, 1]);
  });

  test('leaves input that is sent meanwhile to the next one', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    await talk.until(({ status }) => status?.upstream === 'ready');
    model.hold();
    first.drop();
    await model.setup(1);
    talk.queue.sendRealtime(SPEECH);
    talk.say('still there?');
    model.release();
    const second = await model.connection(1);
    await second.nextInput('text');
    expect(second.received.map(({ type }) => type)).toEqual(['audio', 'text']);
  });
});

describe('input that is sent while a connection is closing', () => {
  test('goes to the next connection, even if the provider still reads', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.freeze();
    first.giveHandle('h1');
    first.goAway(0);
    first.say('last words');
    await until(() => !first.open);
    talk.say('next');
    await delay(20);
    first.thaw();
    expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('next'));
    expect(first.received).toEqual([]);
  });

  test('goes to the next connection once', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.giveHandle('h1');
    first.say('One.');
    first.goAway(0);
    first.completeTurn();
    await talk.until(({ turnComplete }) => turnComplete);
    talk.say('in between');
    const second = await model.connection(1);
    await second.nextInput('text');
    talk.say('last');
    expect(await second.nextInput('text')).toEqual(sentText('last'));
    expect([...first.received, ...second.received].filter(({ type }) => type === 'text')).toHaveLength(2);
  });

  test('is not part of the history too, if there is no handle', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    first.say('One.');
    first.completeTurn();
    await talk.until(({ turnComplete }) => turnComplete);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    talk.say('in between');
    const second = await model.connection(1);
    talk.say('last');
    await until(() => second.received.length === 2);
    expect(second.received).toEqual([sentText('in between'), sentText('last')]);
    expect(second.setup.history).toEqual([replied('One.')]);
  });
});

test('a slow store does not change the history of a fresh connection', async () => {
  const store = new TroubledStore();
  store.commits = 20;
  const { model, talk } = openTalk({ store });
  const first = await model.connection(0);
  for (const text of ['One.', 'Two.', 'Three.']) {
    first.say(text);
    first.completeTurn();
  }
  await talk.turn(3);
  first.drop();
  expect((await model.connection(1)).setup.history).toEqual([replied('One.\nTwo.\nThree.')]);
});

test('a handle that the provider refuses is replaced by a fresh connection that receives the conversation', async () => {
  const { model, talk } = openTalk();
  const first = await model.connection(0);
  first.say('I am well.');
  first.completeTurn();
  first.giveHandle('h1');
  await flushEvents(talk, first);
  model.forgetHandles();
  first.drop();
  await talk.until(({ status }) => status?.upstream === 'reseeded');
  expect(model.setups.map(({ handle }) => handle)).toEqual([undefined, 'h1', undefined]);
  expect(model.latest.setup.history).toEqual([replied('I am well.')]);
});

test('a provider that reads nothing for 10 s is given up, and another connection is opened', async () => {
  const { model, talk } = openTalk();
  const first = await model.connection(0);
  first.freeze();
  // A clock that runs a hundred times faster.
  const realNow = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => realNow() * 100);
  const data = 'A'.repeat(1024 * 1024);
  for (let index = 0; index < 3; index += 1) talk.queue.sendRealtime({ ...SPEECH, data });
  await until(() => !first.open);
  // The next connection has its 10 s, however slow the machine is.
  clock.mockRestore();
  first.thaw();
  talk.say('still there?');
  expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('still there?'));
});

test('the words of a user stay in the conversation if they could not be sent', async () => {
  const { model, talk, store } = openTalk();
  talk.say('hello');
  const provider = await model.connection(0);
  await provider.nextInput('text');
  provider.closeWith(new WireError('model_request_refused'));
  await talk.done.catch(() => {});
  expect(await loadTexts(store)).toEqual(['hello']);
});
