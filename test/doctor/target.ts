import type { Target } from '../../src/doctor/target.ts';
import type { Way } from '../gauntlet/profile.ts';

/** What the doctor examines, through a network. */
export function targetOf({ url, ...way }: Way, name = 'test'): Target {
  return {
    url,
    fetch: way.fetch ?? fetch,
    WebSocket: way.WebSocket ?? (globalThis as { WebSocket?: Target['WebSocket'] }).WebSocket,
    headers: {},
    userId: `doctor-${name}`,
  };
}
