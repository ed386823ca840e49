import { describe, expect, test } from '@jest/globals';
import type { ConversationKey, ConversationStore } from '../../src/store/conversation-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';

export const KEY: ConversationKey = { appName: 'app', userId: 'ann', sessionId: 'default' };

let made = 0;

/** A complete event of the agent that says `text`. */
export function said(text: string, author = 'agent'): AgentEvent {
  made += 1;
  const role = author === 'user' ? 'user' : 'model';
  return {
    id: `event-${made}`,
    invocationId: 'e-1',
    author,
    timestamp: made,
    content: { role, parts: [{ text }] },
  };
}

/** What every store must do; run by the test file of each. @param open gives an empty store */
export function describeConversationStore(name: string, open: () => Promise<ConversationStore>): void {
  describe(`${name} keeps the contract of a ConversationStore`, () => {
    test('a conversation that does not exist is empty, not truncated, and carries its key', async () => {
      const store = await open();
      expect(await store.get(KEY)).toEqual({ ...KEY, events: [], truncated: false });
    });

    test('events come back whole, oldest first, as often as they are asked for', async () => {
      const store = await open();
      const events = [
        said('hello', 'user'),
        {
          ...said('hi'),
          usageMetadata: { promptTokenCount: 1, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1 }] },
          content: { role: 'model', parts: [{ functionCall: { id: 'c', name: 'n', args: { deep: [{ x: null }] } } }] },
        },
        { ...said('bye 👋\n'), interrupted: true },
      ];
      for (const event of events) await store.append(KEY, event);
      expect(await store.get(KEY)).toEqual({ ...KEY, events, truncated: false });
      expect((await store.get(KEY)).events).toEqual(events);
    });

    test('appends that are not waited for keep their order', async () => {
      const store = await open();
      const events = Array.from({ length: 50 }, (_, index) => said(`${index}`));
      await Promise.all(events.map((event) => store.append(KEY, event)));
      expect((await store.get(KEY)).events).toEqual(events);
    });

    test.each<[string, Partial<ConversationKey>]>([
      ['application', { appName: 'other' }],
      ['user', { userId: 'bob' }],
      ['session', { sessionId: 'other' }],
    ])('a conversation of another %s is another conversation', async (_what, difference) => {
      const store = await open();
      await store.append(KEY, said('mine'));
      expect((await store.get({ ...KEY, ...difference })).events).toEqual([]);
    });

    test('keys whose parts join to the same text are different conversations', async () => {
      const store = await open();
      await store.append({ appName: 'app', userId: 'a.b', sessionId: 'c' }, said('mine'));
      expect((await store.get({ appName: 'app', userId: 'a', sessionId: 'b.c' })).events).toEqual([]);
    });

    test('what get gave does not change when more is appended', async () => {
      const store = await open();
      const first = said('first');
      await store.append(KEY, first);
      const before = await store.get(KEY);
      await store.append(KEY, said('second'));
      expect(before.events).toEqual([first]);
    });
  });
}
