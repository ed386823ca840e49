import { expect, test } from '@jest/globals';
import { closesAfterEach } from '../../models/cleanup.ts';
import { controlBackOff, flushEvents, sentText, startFakeTalk } from '../fake-talk.ts';
import { outline, statusesOf } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

async function openTalk() {
  const fake = startFakeTalk({ model: { capabilities: { exchanges: 'background' } } });
  closing(fake.talk);
  const provider = await fake.model.connection(0);
  fake.talk.say('find a flight');
  await provider.nextInput('text');
  provider.say('One moment.');
  provider.completeTurn();
  await fake.talk.turn(1);
  await flushEvents(fake.talk, provider);
  return { ...fake, provider };
}

test('a model that works on after a complete turn is reported as working, until its exchange is complete', async () => {
  const { talk, provider } = await openTalk();
  expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'working']);
  provider.say('At noon.');
  provider.completeTurn();
  provider.completeExchange();
  await flushEvents(talk, provider);
  expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'working', 'ready']);
});

test('a model that works on is reported as working before its turn is complete, so that whoever waits for the turn knows', async () => {
  const { talk } = await openTalk();
  const kinds = outline(talk.events);
  expect(kinds.indexOf('working')).toBe(kinds.indexOf('turnComplete') - 2);
  expect(kinds.slice(-3)).toEqual(['text', 'turnComplete', 'usage']);
});

test('a model whose turn is the end of its exchange is not reported as working', async () => {
  const { model, talk } = startFakeTalk({ model: { capabilities: { exchanges: 'background' } } });
  closing(talk);
  const provider = await model.connection(0);
  talk.say('thanks');
  await provider.nextInput('text');
  provider.say('You are welcome.');
  provider.emit({ type: 'turn_complete', endsExchange: true });
  provider.completeExchange();
  await flushEvents(talk, provider);
  expect(statusesOf(talk.events)).toEqual(['connecting', 'ready']);
});

test('a question whose exchange was not complete is asked again when the connection is lost, although a turn was complete', async () => {
  const { model, provider } = await openTalk();
  provider.drop();
  const next = await model.connection(1);
  const repeated = await next.nextInput('text');
  expect(repeated).toEqual(sentText('find a flight'));
});
