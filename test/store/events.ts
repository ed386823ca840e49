import type { ConversationKey } from '../../src/store/conversation-key.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';

export const KEY: ConversationKey = { appName: 'app', userId: 'ann', sessionId: 'default' };

let made = 0;

/** Makes a complete event in which `author` says `text`. Each event is one second newer than the one before. */
export function textEvent(text: string, author = 'agent'): AgentEvent {
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

/** The texts of typed and written events, in order. */
export function readTexts(events: readonly AgentEvent[] | undefined): (string | undefined)[] {
  return (events ?? []).map(({ content }) => content?.parts?.[0]?.text);
}

/** The events that the store has of a conversation. */
export async function loadEvents(store: SessionStore, key: ConversationKey = KEY): Promise<readonly AgentEvent[]> {
  return (await store.load(key))?.events ?? [];
}

/** The texts that the store has of a conversation. */
export async function loadTexts(store: SessionStore, key: ConversationKey = KEY): Promise<(string | undefined)[]> {
  return readTexts(await loadEvents(store, key));
}
