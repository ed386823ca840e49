import { expect, test } from '@jest/globals';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();

async function speakingTo(truncation: boolean) {
  const model = new FakeModel({ capabilities: { truncation } });
  const talk = closing(startTalk(runnerFor(model)));
  const provider = await model.connection(0);
  talk.say('hello');
  await provider.nextInput('text');
  provider.speak('AAAA', { itemId: 'first' });
  provider.speak('AAAA', { itemId: 'second' });
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  return { talk, provider };
}

test('an interruption with played_ms truncates the item that had audio last, then cancels the reply', async () => {
  const { talk, provider } = await speakingTo(true);
  talk.queue.send({ interrupt: { played_ms: 350 } });
  await talk.turn(1);
  expect(provider.received.slice(1)).toEqual([
    { type: 'truncate', itemId: 'second', playedMs: 350 },
    { type: 'cancel' },
  ]);
});

test('an interruption only cancels if the model cannot truncate, or if played_ms is unknown', async () => {
  const plain = await speakingTo(false);
  plain.talk.queue.send({ interrupt: { played_ms: 350 } });
  await plain.talk.turn(1);
  expect(plain.provider.received.slice(1)).toEqual([{ type: 'cancel' }]);

  const unknown = await speakingTo(true);
  unknown.talk.queue.send({ interrupt: {} });
  await unknown.talk.turn(1);
  expect(unknown.provider.received.slice(1)).toEqual([{ type: 'cancel' }]);
});
