import type { Transport } from '../client/index.ts';

const TRANSPORTS: readonly Transport[] = ['auto', 'sse', 'poll', 'ws'];

/** `?transport=` of the page's address, for trying one out: `sse`, `poll` or `ws`. Anything else is `auto`. */
export function readTransport(search: string): Transport {
  const asked = new URLSearchParams(search).get('transport');
  return TRANSPORTS.find((transport) => transport === asked) ?? 'auto';
}
