import type { Transport } from '../client/index.ts';

const TRANSPORTS: readonly Transport[] = ['auto', 'sse', 'poll', 'ws'];

/** Reads `?transport=` of the page's address: `sse`, `poll` or `ws`, for tests by hand. Any other value means `auto`. */
export function readTransport(search: string): Transport {
  const requested = new URLSearchParams(search).get('transport');
  return TRANSPORTS.find((transport) => transport === requested) ?? 'auto';
}
