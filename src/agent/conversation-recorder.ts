import type { ConversationKey, ConversationStore } from '../store/conversation-store.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import { textLength } from '../wire/request-weight.ts';

/** Writes a run's events into its conversation, in order. */
export interface ConversationRecorder {
  /** What the run tells: of it is kept what ADK keeps, everything complete but audio. */
  take(event: AgentEvent): void;
  /** What the user typed. Into a reply: in the conversation it comes after what was said of that reply. @param midReply a reply is being given */
  typed(event: AgentEvent, midReply: boolean): void;
  /** Nothing is held back any more. */
  finish(): void;
  /** Settles when all that was taken is kept; rejects if the store failed. */
  readonly settled: Promise<void>;
}

/**
 * Characters that the user may type into one reply, to be put behind it; with more they are put before it. A model that never ends its reply
 * must not have us keep all that is said to it.
 */
const MAX_HELD = 1024 * 1024;
/** What an event counts beside its text: many small ones must not be free. */
const HELD_EVENT = 100;

/** @param onError the store has failed */
export function createConversationRecorder(
  store: ConversationStore,
  key: ConversationKey,
  onError: (error: unknown) => void,
): ConversationRecorder {
  /** Appends come one after the other, so that a slow store does not change their order. */
  let stored: Promise<void> = Promise.resolve();
  const held: AgentEvent[] = [];
  let heldSize = 0;
  const append = (event: AgentEvent) => {
    stored = stored.then(() => store.append(key, event));
    stored.catch(onError);
  };
  const release = () => {
    heldSize = 0;
    for (const event of held.splice(0)) append(event);
  };
  return {
    take(event) {
      if (isKept(event)) append(event);
      if (event.turnComplete) release();
    },
    typed(event, midReply) {
      if (!midReply) {
        append(event);
        return;
      }
      held.push(event);
      heldSize += HELD_EVENT + textLength(event.content);
      if (heldSize > MAX_HELD) release();
    },
    finish: release,
    get settled() {
      return stored;
    },
  };
}

/** No handle: a conversation is read by its clients. */
function isKept(event: AgentEvent): boolean {
  if (event.partial || event.status || event.liveSessionResumptionUpdate) return false;
  return !event.content?.parts?.[0]?.inlineData;
}
