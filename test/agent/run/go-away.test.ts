import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { closesAfterEach } from '../../models/cleanup.ts';
import { until } from '../../models/until.ts';
import {
  controlBackOff,
  type FakeTalkOptions,
  flushEvents,
  replied,
  SPEECH,
  sentText,
  startFakeTalk,
} from '../fake-talk.ts';
import { heard, outline, statusesOf, type Talk } from '../talk.ts';

const closing = closesAfterEach();
const backOff = controlBackOff();

/** A run that is ready, and the provider's side of its connection. */
async function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  const first = await fake.model.connection(0);
  await fake.talk.until(({ status }) => status?.upstream === 'ready');
  return { ...fake, first };
}

describe('goAway during a reply', () => {
  test('lets the turn finish, then resumes at once', async () => {
    backOff.share = 0.99;
    const { model, talk, first } = await openTalk();
    first.giveHandle('h1');
    first.say('One, ');
    first.goAway(60_000);
    first.say('two.');
    first.completeTurn();
    await talk.turn(1);
    first.giveHandle('h2');
    expect((await model.connection(1)).setup.handle).toBe('h2');
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(heard(talk.events)).toBe('One, two.');
    expect(first.closed?.code).toBe(1000);
    expect(outline(talk.events)).toEqual([
      'connecting',
      'ready',
      'text…',
      'text',
      'turnComplete',
      'reconnecting',
      'resumed',
    ]);
  });

  test('is followed by a connection that receives the conversation, if no handle comes after the turn', async () => {
    const { model, first } = await openTalk();
    // This handle was issued before the turn and knows nothing of it.
    first.giveHandle('h1');
    first.say('One, ');
    first.goAway(60_000);
    first.say('two.');
    first.completeTurn();
    const { setup } = await model.connection(1);
    expect(setup.handle).toBeUndefined();
    expect(setup.history).toEqual([replied('One, two.')]);
  });

  test('leaves text that is typed while the handle of the last turn is awaited to the next connection', async () => {
    const { model, talk, first } = await openTalk();
    first.giveHandle('h1');
    first.goAway(60_000);
    first.say('One.');
    first.completeTurn();
    await talk.turn(1);
    talk.say('and two?');
    await delay(20);
    first.giveHandle('h2');
    expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('and two?'));
    expect(first.received).toEqual([]);
  });

  test('does not extend the wait for the handle of the last turn if it is repeated', async () => {
    const { model, talk, first } = await openTalk();
    first.giveHandle('h1');
    first.goAway(60_000);
    first.say('One.');
    first.completeTurn();
    first.goAway(59_000);
    await talk.turn(1);
    talk.say('next');
    expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('next'));
  });

  test('without time left interrupts the reply and ends its turn', async () => {
    const { talk, first } = await openTalk();
    first.giveHandle('h1');
    first.say('One, ');
    await talk.until(({ content }) => content);
    first.goAway(0);
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(outline(talk.events).slice(2, 6)).toEqual(['text…', 'text', 'interrupted', 'turnComplete']);
  });

  test('of a model that works in the background lets the whole exchange finish', async () => {
    const { model, talk, first } = await openTalk({ model: { capabilities: { exchanges: 'background' } } });
    talk.say('what is it?');
    await first.nextInput('text');
    first.say('One moment.');
    first.goAway(60_000);
    first.completeTurn();
    await talk.turn(1);
    first.say('A pear.');
    first.completeTurn();
    await talk.turn(2);
    expect(model.connections).toHaveLength(1);
    first.completeExchange();
    expect((await model.connection(1)).setup.history.at(-1)).toEqual(replied('One moment.\nA pear.'));
  });
});

describe('goAway between turns', () => {
  test('of a healthy connection is followed at once, while nobody notices', async () => {
    const { model, talk, first } = await openTalk();
    first.say('One.');
    first.completeTurn();
    first.giveHandle('h1');
    first.goAway(300_000);
    expect((await model.connection(1)).setup.handle).toBe('h1');
    await talk.until(({ status }) => status?.upstream === 'resumed');
  });

  test.each<[string, (talk: Talk) => void]>([
    ['typed', (talk) => talk.say('and two?')],
    ['spoken', (talk) => talk.queue.sendRealtime(SPEECH)],
  ])('waits for the answer to a question that was %s', async (how, ask) => {
    const { model, talk, first } = await openTalk();
    first.say('One.');
    first.completeTurn();
    first.giveHandle('h1');
    await talk.turn(1);
    ask(talk);
    await until(() => first.received.length === 1);
    if (how === 'spoken') first.hear('and two?');
    first.goAway(300_000);
    await flushEvents(talk, first);
    expect(model.connections).toHaveLength(1);
    first.say('Two.');
    first.completeTurn();
    await talk.turn(2);
    first.giveHandle('h2');
    expect((await model.connection(1)).setup.handle).toBe('h2');
  });

  test('closes the connection before the deadline', async () => {
    const { talk, first } = await openTalk();
    first.giveHandle('h1');
    first.goAway(1_020);
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(first.closed?.code).toBe(1000);
  });

  test('that leaves a month is no reason to close the connection now', async () => {
    const { talk, first } = await openTalk();
    first.goAway(2_592_000_000);
    first.say('Still here.');
    await talk.until(({ content }) => content);
    // A timer that overflows would have fired by now.
    await delay(20);
    expect([first.closed, statusesOf(talk.events)]).toEqual([undefined, ['connecting', 'ready']]);
  });

  test('without a handle is followed by a connection that receives the conversation', async () => {
    const { model, talk, first } = await openTalk();
    first.say('One.');
    first.completeTurn();
    first.goAway(0);
    expect((await model.connection(1)).setup.history).toEqual([replied('One.')]);
    await until(() => statusesOf(talk.events).length === 4);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'reseeded']);
  });
});

describe('repeated goAway', () => {
  test('is no failure if each connection completes a turn', async () => {
    const { model, talk } = await openTalk();
    for (let index = 0; index < 8; index += 1) {
      const provider = await model.connection(index);
      provider.say('One.');
      provider.completeTurn();
      provider.giveHandle(`h${index}`);
      provider.goAway(0);
    }
    await model.connection(8);
    await until(() => statusesOf(talk.events).at(-1) === 'resumed');
    const attempts = talk.events.flatMap(({ status }) => (status?.upstream === 'reconnecting' ? [status.attempt] : []));
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  test('right after setup ends the run after five connections', async () => {
    const { model, talk } = await openTalk();
    for (let index = 0; index < 5; index += 1) (await model.connection(index)).goAway(0);
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(model.connections).toHaveLength(5);
  });
});

test('a run that prefers to tell the conversation anew does not use the handles of the provider', async () => {
  const { model, talk, first } = await openTalk({ runConfig: { sessionResumption: { reseed: true } } });
  first.giveHandle('h1');
  first.say('One.');
  first.completeTurn();
  await talk.turn(1);
  first.giveHandle('h2');
  first.drop();
  const { setup } = await model.connection(1);
  expect([setup.handle, setup.history]).toEqual([undefined, [replied('One.')]]);
});
