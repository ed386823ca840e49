import type { Target } from '../../src/doctor/target.ts';
import type { Way } from '../gauntlet/profile.ts';

/** Creates the doctor's target for a server behind a network. */
export function createTarget({ url, ...way }: Way, name = 'test'): Target {
  return {
    url,
    fetch: way.fetch ?? fetch,
    WebSocket: way.WebSocket ?? (globalThis as { WebSocket?: Target['WebSocket'] }).WebSocket,
    headers: {},
    userId: `doctor-${name}`,
    sessionId: 'default',
  };
}
