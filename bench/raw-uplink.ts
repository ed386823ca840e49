import type { HttpTalk } from './http-talk.ts';
import { startLoad } from './load.ts';
import { inTurn, report } from './report.ts';
import type { Servers } from './servers.ts';
import type { Uplink } from './voice-client.ts';

const TALKERS = 50;

/** CPU of our server per voice round trip, the speech as the client SDK sends it: raw PCM, numbered, with acknowledgements; beside JSON. */
export async function measureRawUplink(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const ours = await servers.ours();
  const cpuPerTrip = async (uplink: Uplink) => {
    const load = await startLoad<HttpTalk>('bench/http-talk.ts', [ours.address, String(TALKERS), uplink]);
    const run = async () => {
      const before = ours.cpuMs();
      const { trips } = await load.talk(roundMs);
      return ((ours.cpuMs() - before) * 1000) / trips;
    };
    return { load, run };
  };
  const raw = await cpuPerTrip('raw');
  const json = await cpuPerTrip('json');
  try {
    const what = 'server CPU per round trip, raw uplink';
    const pairs = await inTurn(what, rounds, raw.run, json.run);
    report({ what, pairs, other: 'JSON uplink', unit: 'µs', budget: 1 });
  } finally {
    raw.load.end();
    json.load.end();
    await ours.end();
  }
}
