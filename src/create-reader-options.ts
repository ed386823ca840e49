import type { AgentCard } from './agent/run/runner.ts';
import type { Config } from './config.ts';
import type { ReaderRouteOptions } from './http/routes/open-reader.ts';
import { WINDOW } from './session/inbox.ts';
import { VERSION } from './version.ts';

export interface ReaderParts extends Pick<ReaderRouteOptions, 'sessions' | 'draining'> {
  /** Card of the runner. */
  readonly card: AgentCard;
  /** Whether the emulator in this process answers, not a provider. */
  readonly offline: boolean;
}

/** Creates the options of the routes through which clients read. */
export function createReaderOptions(
  { bodyLimits, lingerMs, heartbeatMs, renewMs, stallMs }: Config,
  { sessions, card, offline, draining }: ReaderParts,
): ReaderRouteOptions {
  return {
    sessions,
    // Clients must not take an emulated model for the real one.
    card: offline ? { ...card, model: `offline agent (${card.model} is emulated)`, emulated: true } : card,
    heartbeatMs,
    renewMs,
    stallMs,
    limits: { body_bytes: bodyLimits.maxBytes, window: WINDOW, linger_ms: lingerMs, heartbeat_ms: heartbeatMs },
    server: `bidi-sse/${VERSION}`,
    draining,
  };
}
