import { randomBytes } from 'node:crypto';
import type { Turn } from './gemini-content.ts';

/** What all connections of one session share, however often it is resumed. */
export interface Conversation {
  /** The connection it is on; undefined once that has closed. */
  connection?: { readonly isOpen: boolean } | undefined;
}

/** Conversations that can be resumed, by handle. */
export interface ResumptionHandles {
  /** A new handle for what was said so far. */
  issue(history: readonly Turn[], conversation: Conversation): string;
  /** What was said when the handle was issued; undefined for one that is unknown, expired or forgotten. A handle is not used up. */
  redeem(handle: string): Resumable | undefined;
}

export interface Resumable {
  readonly history: readonly Turn[];
  readonly conversation: Conversation;
}

/** Handles kept; beyond that the oldest is forgotten, and refused like any unknown one. */
const MAX_HANDLES = 4_096;
/** How long Gemini honours a handle. */
const LIFETIME_MS = 2 * 60 * 60 * 1000;

/** @param now the time in ms, for tests */
export function createResumptionHandles(now: () => number = Date.now, maxHandles = MAX_HANDLES): ResumptionHandles {
  const issued = new Map<string, Resumable & { expires: number }>();
  return {
    issue(history, conversation) {
      const oldest = issued.keys().next();
      if (issued.size >= maxHandles && !oldest.done) issued.delete(oldest.value);
      const handle = randomBytes(24).toString('base64url');
      // A copy of the list; the turns in it are never changed, and shared.
      issued.set(handle, { history: [...history], conversation, expires: now() + LIFETIME_MS });
      return handle;
    },
    redeem(handle) {
      const entry = issued.get(handle);
      if (!entry) return undefined;
      issued.delete(handle);
      if (entry.expires <= now()) return undefined;
      // Put back as the most recently used.
      issued.set(handle, entry);
      return entry;
    },
  };
}
