import { randomBytes } from 'node:crypto';
import type { Turn } from '../turn.ts';

/** State that all connections of a session share. A session has several connections if it is resumed. */
export interface Conversation {
  /** Model of the session. Another one cannot resume it. @see https://ai.google.dev/gemini-api/docs/live-session */
  model?: string;
  /** The session's latest connection, which knows how it left the session. Undefined before the first. */
  connection?: { readonly isOpen: boolean; readonly state: Pick<Resumable, 'history' | 'hasOpenCalls'> } | undefined;
  /**
   * Instruction with which the session began, or to which the client changed it. A connection that resumes the session keeps it, whatever its setup
   * says (livekit fork, measured).
   */
  instruction?: string;
}

/** Resumable conversations by handle. */
export interface ResumptionHandles {
  /**
   * Creates a handle for the conversation so far.
   * @param hasOpenCalls whether the model waits for results of functions
   */
  issue(history: readonly Turn[], conversation: Conversation, hasOpenCalls: boolean): string;
  /**
   * Returns the conversation as it was when the handle was issued. Returns undefined for a handle that is unknown, expired or
   * evicted. A handle can be redeemed repeatedly.
   */
  redeem(handle: string): Resumable | undefined;
}

export interface Resumable {
  readonly history: readonly Turn[];
  readonly conversation: Conversation;
  readonly hasOpenCalls: boolean;
}

/** Maximum number of handles. At the limit the least recently used handle is evicted, and refused like an unknown one. */
const MAX_HANDLES = 4_096;
/** Time after which Gemini refuses a handle, in ms. */
const LIFETIME_MS = 2 * 60 * 60 * 1000;

/** @param now returns the time in ms. Tests pass a clock of their own. */
export function createResumptionHandles(now: () => number = Date.now, maxHandles = MAX_HANDLES): ResumptionHandles {
  const issued = new Map<string, Resumable & { expires: number }>();
  return {
    issue(history, conversation, hasOpenCalls) {
      const oldest = issued.keys().next();
      if (issued.size >= maxHandles && !oldest.done) issued.delete(oldest.value);
      const handle = randomBytes(24).toString('base64url');
      // Copy the list but share the turns, which never change.
      issued.set(handle, { history: [...history], conversation, hasOpenCalls, expires: now() + LIFETIME_MS });
      return handle;
    },
    redeem(handle) {
      const entry = issued.get(handle);
      if (!entry) return undefined;
      issued.delete(handle);
      if (entry.expires <= now()) return undefined;
      // Move the handle to the end of the map, as the most recently used one.
      issued.set(handle, entry);
      return entry;
    },
  };
}
