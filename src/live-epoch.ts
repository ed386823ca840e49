import type { TicketOptions } from './http/auth/tickets.ts';
import type { SessionOpener } from './session/session-handle.ts';

/** Tells tickets whether an EventSource that reconnects has read the session that is live now. */
export function isLiveEpoch(sessions: SessionOpener): TicketOptions['isLive'] {
  return async ({ userId, sessionId }, epoch) => {
    const session = await sessions.get(userId, sessionId).catch(() => undefined);
    return session?.log.epoch === epoch;
  };
}
