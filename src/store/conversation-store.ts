import type { AgentEvent } from '../wire/agent-event.ts';

/** Names one conversation. */
export interface ConversationKey {
  readonly appName: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** A durable conversation (ADK: Session): what was said, by whom, in order. */
export interface Conversation extends ConversationKey {
  /** Oldest first; complete events only, no audio. */
  readonly events: readonly AgentEvent[];
  /** Older events were dropped. */
  readonly truncated: boolean;
}

/** Keeps conversations beyond the live sessions in which they are spoken (ADK: SessionService). */
export interface ConversationStore {
  /** A conversation that does not exist yet is empty. */
  get(key: ConversationKey): Promise<Conversation>;
  append(key: ConversationKey, event: AgentEvent): Promise<void>;
}
