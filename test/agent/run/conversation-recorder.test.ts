import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ConversationRecorder } from '../../../src/agent/run/conversation-recorder.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { LiveConversations } from '../../../src/store/live-conversations.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { until } from '../../models/until.ts';
import { loadEvents, textEvent } from '../../store/events.ts';
import { type Fate, TroubledStore } from '../../store/troubled-store.ts';
import { asked, replied } from '../fake-talk.ts';
import { CONVERSATION, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();

const QUICK = { loadMs: 50, attemptMs: 50, firstRetryMs: 5, maxRetryMs: 5, releaseMs: 50 };

/** A run whose model answers each text with "Fine.", and whose store has troubles. */
function startTalkWith(store: TroubledStore) {
  const model = new FakeModel({
    onInput: (connection, { type }) => {
      if (type !== 'text') return;
      connection.say('Fine.');
      connection.completeTurn();
    },
  });
  const conversations = new LiveConversations(store, { limits: QUICK });
  const runner = runnerFor(model, {}, conversations);
  return { model, runner, conversations, talk: closing(startTalk(runner)) };
}

const troubles: Fate[] = ['rejects', 'hangs'];

test.each(troubles)('a run whose store %s continues, and so does the next run', async (fate) => {
  const store = new TroubledStore();
  store.loads = fate;
  store.commits = fate;
  const { model, runner, conversations, talk } = startTalkWith(store);
  talk.say('My name is Ann.');
  await talk.turn(1);
  talk.say('thanks');
  await talk.turn(2);
  await until(() => conversations.storeStatus === 'failing');
  // A live session holds the conversation like this while one run replaces another.
  const conversation = conversations.open(CONVERSATION);
  await talk.close();
  const next = closing(startTalk(runner));
  next.say('What did I say?');
  await next.turn(1);
  expect(model.latest.setup.history).toEqual([
    asked('My name is Ann.'),
    replied('Fine.'),
    asked('thanks'),
    replied('Fine.'),
  ]);
  await next.close();
  await conversation.release();
});

test('a store that recovers gets every turn of a run once and in order', async () => {
  const store = new TroubledStore();
  store.commits = 'loses answer';
  const { conversations, talk } = startTalkWith(store);
  const texts = ['one', 'two', 'three'];
  for (const [index, text] of texts.entries()) {
    talk.say(text);
    await talk.turn(index + 1);
    store.commits = index === 0 ? 'rejects' : 'works';
  }
  await talk.close();
  await until(() => conversations.storeStatus === 'ok' && conversations.pendingBytes === 0);
  expect(listTurns(await loadEvents(store, CONVERSATION))).toEqual(
    texts.flatMap((text) => [
      { role: 'user', text },
      { role: 'model', text: 'Fine.' },
    ]),
  );
});

test('a run commits its events once a turn', async () => {
  const store = new TroubledStore();
  const { talk } = startTalkWith(store);
  for (const count of [1, 2, 3]) {
    talk.say('thanks');
    await talk.turn(count);
    expect(store.commitCount).toBe(count);
  }
});

test('what is recorded of a turn after its end is committed at once, and with the next turn if that has begun', async () => {
  const store = new TroubledStore();
  const conversation = new LiveConversations(store, { limits: QUICK }).open(CONVERSATION);
  await conversation.loaded;
  const recorder = new ConversationRecorder(conversation);
  const stored = async () => (await loadEvents(store, CONVERSATION)).map(({ id }) => id);
  const lateWords = { answered: true, inputTranscription: { text: 'thanks', finished: true } };
  const recording = (id: string) => {
    const fileData = { fileUri: `artifact://${id}`, mimeType: 'audio/pcm' };
    return { ...textEvent('', 'user'), id, content: { parts: [{ fileData }] } };
  };
  recorder.record({ ...textEvent('Fine.', 'assistant'), id: 'reply', turnComplete: true });
  recorder.record(recording('file'));
  recorder.record({ ...textEvent('', 'user'), id: 'late', ...lateWords });
  while ((await stored()).length < 3) await delay(5);
  recorder.record({ ...textEvent('and now?', 'user'), id: 'question' });
  recorder.record(recording('next'));
  recorder.record({ ...textEvent('', 'user'), id: 'later', ...lateWords });
  await delay(20);
  expect(await stored()).toEqual(['reply', 'file', 'late']);
  recorder.finish();
  await conversation.release();
  expect(await stored()).toEqual(['reply', 'file', 'late', 'question', 'next', 'later']);
});
