import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { tool } from '../../../src/agent/tool.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { until } from '../../models/until.ts';
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
import type { Talk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

/** A run that is ready, and the provider's side of its connection. */
async function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  const first = await fake.model.connection(0);
  await fake.talk.until(({ status }) => status?.upstream === 'ready');
  return { ...fake, first };
}

const cancelledCalls = (talk: Talk) => talk.events.flatMap(({ toolCancellation }) => toolCancellation ?? []);

describe('a question without a complete answer, when its connection is lost,', () => {
  test('is sent again on a resumed connection, before input that is sent meanwhile', async () => {
    const { model, talk, first } = await openTalk();
    first.giveHandle('h1');
    talk.say('one?');
    await first.nextInput('text');
    first.say('Well, ');
    await talk.until(({ content }) => content);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    talk.say('two?');
    const second = await model.connection(1);
    expect(second.setup.handle).toBe('h1');
    await until(() => second.received.length === 2);
    expect(second.received).toEqual([sentText('one?'), sentText('two?')]);
  });

  test('is sent again on a fresh connection, and is not part of the history', async () => {
    const { model, talk, first } = await openTalk();
    talk.say('hello');
    await first.nextInput('text');
    first.say('Hi.');
    first.completeTurn();
    await talk.turn(1);
    talk.say('one?');
    await first.nextInput('text');
    first.drop();
    const second = await model.connection(1);
    expect(await second.nextInput('text')).toEqual(sentText('one?'));
    expect(second.setup.history).toEqual([asked('hello'), replied('Hi.')]);
  });

  test('is sent again as audio if it was spoken, and its partial transcript is not kept', async () => {
    const { model, talk, first } = await openTalk();
    talk.queue.sendRealtime(SPEECH);
    await first.nextInput('audio');
    first.hear('What');
    await talk.until(({ inputTranscription }) => inputTranscription);
    first.drop();
    const second = await model.connection(1);
    await second.nextInput('audio');
    second.hear('What is it?');
    second.say('A pear.');
    second.completeTurn();
    await talk.turn(1);
    const complete = talk.events.flatMap(({ inputTranscription: text, partial }) =>
      text && !partial ? [text.text] : [],
    );
    expect(complete).toEqual(['What is it?']);
  });

  test('is sent again as text if it was spoken and the reply had started', async () => {
    const { model, talk, first } = await openTalk();
    talk.queue.sendRealtime(SPEECH);
    await first.nextInput('audio');
    first.hear('What is it?');
    first.say('Well, ');
    await talk.until(({ content }) => content);
    first.drop();
    const second = await model.connection(1);
    await second.nextInput('text');
    expect(second.received).toEqual([sentText('What is it?')]);
  });

  test('of a model that works in the background is sent again, even if a turn is complete', async () => {
    const { model, talk, first } = await openTalk({ model: { capabilities: { exchanges: 'background' } } });
    talk.say('what is it?');
    await first.nextInput('text');
    first.say('One moment.');
    first.completeTurn();
    await talk.turn(1);
    first.drop();
    expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('what is it?'));
  });

  test('of a model that works in the background is asked on a fresh connection: a handle of the middle of an exchange would swallow it', async () => {
    const { model, talk, first } = await openTalk({ model: { capabilities: { exchanges: 'background' } } });
    talk.say('what is it?');
    await first.nextInput('text');
    first.say('One moment.');
    first.completeTurn();
    await talk.turn(1);
    first.giveHandle('h1');
    await talk.until(({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate);
    first.drop();
    const second = await model.connection(1);
    expect(second.setup.handle).toBeUndefined();
    expect(await second.nextInput('text')).toEqual(sentText('what is it?'));
  });

  test('is sent again with the results of its calls, and calls that are running are cancelled', async () => {
    const aborted = jest.fn();
    const quick = tool({ name: 'quick', description: '', execute: () => ({ pears: 3 }) });
    const slow = tool({
      name: 'slow',
      description: '',
      execute: (_args, { signal }) => {
        signal.addEventListener('abort', aborted);
        return new Promise(() => {});
      },
    });
    const { model, talk, first } = await openTalk({ agent: { tools: [quick, slow] } });
    talk.say('how many?');
    await first.nextInput('text');
    first.call({ name: 'quick', id: 'quick' }, { name: 'slow', id: 'slow' });
    await first.nextInput('tool_results');
    first.drop();
    const second = await model.connection(1);
    await second.nextInput('text');
    expect(second.received).toEqual([sentText('how many?\n(quick was called for this, and returned {"pears":3})')]);
    expect(aborted).toHaveBeenCalledTimes(1);
    expect(cancelledCalls(talk)).toEqual(['slow']);
  });
});

describe('a call of an earlier turn, when its connection is lost,', () => {
  /** A run in which the model has called a tool and completed its turn, and what finishes the tool. */
  async function openCall(handle?: string) {
    const { promise, resolve } = Promise.withResolvers<object>();
    const slow = tool({ name: 'slow', description: '', execute: () => promise });
    const opened = await openTalk({ agent: { tools: [slow] } });
    const { talk, first } = opened;
    first.call({ name: 'slow', id: 'c1' });
    first.say('I am on it.');
    first.completeTurn();
    if (handle !== undefined) first.giveHandle(handle);
    await flushEvents(talk, first);
    return { ...opened, finishTool: () => resolve({ pears: 3 }) };
  }

  const sentToolText = { type: 'text', text: '(slow, called before, returned {"pears":3})' };

  test.each<[string, string | undefined]>([
    ['although there is a handle: a resumed session would ignore the result', 'h1'],
    ['without a handle', undefined],
  ])('continues, and its result is sent as text to a fresh connection %s', async (_how, handle) => {
    const { model, talk, first, finishTool } = await openCall(handle);
    first.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    finishTool();
    const second = await model.connection(1);
    await until(() => second.received.length > 0);
    expect(second.setup.handle).toBeUndefined();
    expect(second.received).toEqual([sentToolText]);
    expect(cancelledCalls(talk)).toEqual([]);
  });

  test('has its result repeated as text, until the model has completed another turn', async () => {
    const { model, talk, first, finishTool } = await openCall('h1');
    finishTool();
    await first.nextInput('tool_results');
    first.drop();
    const second = await model.connection(1);
    expect(await second.nextInput('text')).toEqual(sentToolText);
    second.completeTurn();
    second.giveHandle('h2');
    await talk.turn(2);
    second.drop();
    const third = await model.connection(2);
    talk.say('thanks');
    await third.nextInput('text');
    expect(third.received).toEqual([sentText('thanks')]);
  });
});

test('a frame that is due while there is no connection is sent on the next one, in place of the frame before', async () => {
  const input = { rate: 16_000, images: ['frames'], turnDetection: ['server'], framesPerSecond: 1 } as const;
  const { model, talk, first } = await openTalk({ model: { capabilities: { input } } });
  const frame = (data: string) => ({ mime_type: 'image/png', data });
  talk.queue.sendRealtime(frame('AAAA'));
  talk.queue.sendRealtime(frame('BBBB'));
  await first.nextInput('image');
  model.hold();
  first.drop();
  await model.setup(1);
  // The second frame is due a second after the first.
  await delay(1_200);
  talk.say('what is it?');
  model.release();
  const second = await model.connection(1);
  await second.nextInput('text');
  expect(second.received.map((input) => ('data' in input ? input.data : input.type))).toEqual(['BBBB', 'text']);
});
