import { expect, test } from '@jest/globals';
import { createEventFactory } from '../../src/agent/run/event-factory.ts';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { loadTexts } from '../store/events.ts';
import { open, say, send, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();
const createEvent = createEventFactory();

/** A runner that repeats each message, in the shape of ADK's: increments, then the whole text. It keeps no conversation. */
const echo: LiveRunner = {
  card: { appName: 'app', agent: 'echo', model: 'none', audioOnly: false, inputRate: 16_000, outputRate: 24_000 },
  async *runLive({ liveRequestQueue }) {
    for (let request = await liveRequestQueue.get(); request; request = await liveRequestQueue.get()) {
      const [{ text = '' } = {}] = request.content?.parts ?? [];
      const content = { role: 'model', parts: [{ text: `You said: ${text}` }] };
      yield createEvent({ author: 'echo', content, partial: true });
      yield createEvent({ author: 'echo', content });
      yield createEvent({ author: 'echo', turnComplete: true });
    }
  },
};

test('the conversation with a runner that records nothing is recorded by the live session, a turn at a time', async () => {
  const store = createMemoryStore();
  const sessions = closing(sessionsOf(echo, { conversations: new LiveConversations(store) }));
  const session = await open(sessions);
  const reader = await TestReader.attach(session);
  for (const [index, text] of ['one', 'two'].entries()) {
    await send(session, [say(text)]);
    await reader.turn(index + 1);
  }
  const { reset } = await TestReader.attach(session, 'garbage');
  const turns = ['one', 'two'].flatMap((text) => [
    { role: 'user', text },
    { role: 'model', text: `You said: ${text}` },
  ]);
  expect(reset).toEqual({ reason: 'malformed', turns, truncated: false });
  const key = { appName: 'app', userId: 'ann', sessionId: 'default' };
  expect((await loadTexts(store, key)).filter(Boolean)).toEqual(turns.map(({ text }) => text));
});
