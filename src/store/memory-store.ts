import type { AgentEvent } from '../wire/agent-event.ts';
import type { Conversation, ConversationKey, ConversationStore } from './conversation-store.ts';

export interface MemoryStoreLimits {
  /** Conversations kept; beyond it the one that was spoken least recently is forgotten. */
  readonly conversations: number;
  /** Events kept of one conversation; beyond it its oldest are dropped, and it counts as truncated. */
  readonly events: number;
  /** Characters of JSON kept of one conversation; the same happens beyond it. */
  readonly characters: number;
  /** Characters kept of all; beyond it conversations are forgotten as they are beyond their number. */
  readonly totalCharacters: number;
}

const DEFAULT_LIMITS: MemoryStoreLimits = {
  conversations: 10_000,
  events: 2_000,
  characters: 1024 * 1024,
  totalCharacters: 256 * 1024 * 1024,
};

interface Kept {
  events: AgentEvent[];
  sizes: number[];
  characters: number;
  truncated: boolean;
}

/** Conversations in the memory of this process: they end with it. */
export function createMemoryStore(limits: Partial<MemoryStoreLimits> = {}): ConversationStore {
  const {
    conversations,
    events: maxEvents,
    characters: maxCharacters,
    totalCharacters,
  } = { ...DEFAULT_LIMITS, ...limits };
  /** In the order of their last use, oldest first. */
  const kept = new Map<string, Kept>();
  let total = 0;

  return {
    async get(key): Promise<Conversation> {
      const conversation = kept.get(nameOf(key));
      return {
        ...key,
        events: conversation ? [...conversation.events] : [],
        truncated: conversation?.truncated ?? false,
      };
    },

    async append(key, event): Promise<void> {
      const name = nameOf(key);
      const conversation = kept.get(name) ?? { events: [], sizes: [], characters: 0, truncated: false };
      kept.delete(name);
      kept.set(name, conversation);
      const size = JSON.stringify(event).length;
      conversation.events.push(event);
      conversation.sizes.push(size);
      conversation.characters += size;
      total += size;
      while (
        conversation.events.length > 1 &&
        (conversation.events.length > maxEvents || conversation.characters > maxCharacters)
      ) {
        conversation.events.shift();
        const dropped = conversation.sizes.shift() ?? 0;
        conversation.characters -= dropped;
        total -= dropped;
        conversation.truncated = true;
      }
      for (const [oldest, { characters }] of kept) {
        // The one that was just spoken is the last, and stays.
        if ((kept.size <= conversations && total <= totalCharacters) || oldest === name) break;
        kept.delete(oldest);
        total -= characters;
      }
    },
  };
}

/** Ids hold no slash, so the parts cannot run into each other. */
function nameOf({ appName, userId, sessionId }: ConversationKey): string {
  return `${appName}/${userId}/${sessionId}`;
}
