import type { Child } from './child.ts';
import type { HttpTalk } from './http-talk.ts';
import { startLoad } from './load.ts';
import { inTurn, report } from './report.ts';
import type { Servers } from './servers.ts';

const TALKERS = 100;

/**
 * Measures the latency that the server adds to a conversation, at the 99th percentile with all sessions talking. The upstream
 * answers at once.
 */
export async function measureLatency(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const relay = await servers.relay();
  const ours = await servers.ours();
  const p99 = async ({ address }: Child) => {
    const load = await startLoad<HttpTalk>('bench/http-talk.ts', [address, String(TALKERS), 'json']);
    return { load, run: async () => (await load.talk(roundMs)).p99 };
  };
  const own = await p99(ours);
  const other = await p99(relay);
  try {
    const what = `p99 latency, ${TALKERS} sessions talking`;
    const pairs = await inTurn(what, rounds, own.run, other.run);
    report({ what, pairs, other: 'bare relay', unit: 'ms', budget: 1.25 });
  } finally {
    own.load.end();
    other.load.end();
    await Promise.all([relay.end(), ours.end()]);
  }
}
