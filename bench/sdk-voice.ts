import type { Child } from './child.ts';
import { startLoad } from './load.ts';
import { inTurn, report } from './report.ts';
import type { VoiceTalk } from './sdk-talk.ts';
import type { Servers } from './servers.ts';

const TALKERS = 50;
/** Minimum share of the expected pieces that must arrive. With fewer, the work was not comparable. */
const LEAST_HEARD = 0.9;

/** CPU of the server per second of speech, up and down: the client SDK and our server, beside a browser's WebSocket and a bare relay. */
export async function measureSdkVoice(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const relay = await servers.webSocketRelay();
  const ours = await servers.ours();
  const cpuPerSecond = async (child: Child, script: string) => {
    const load = await startLoad<VoiceTalk>(script, [child.address, String(TALKERS)]);
    const run = async () => {
      const before = child.cpuMs();
      const { seconds, heard } = await load.talk(roundMs);
      if (heard < seconds * 10 * LEAST_HEARD)
        throw new Error(`${script}: ${heard} of ${seconds * 10} pieces came back`);
      return (child.cpuMs() - before) / seconds;
    };
    return { load, run };
  };
  const own = await cpuPerSecond(ours, 'bench/sdk-talk.ts');
  const other = await cpuPerSecond(relay, 'bench/websocket-talk.ts');
  try {
    const what = 'server CPU per second of voice, client SDK';
    const pairs = await inTurn(what, rounds, own.run, other.run);
    report({ what, pairs, other: 'bare ws relay', unit: 'ms', budget: 1 });
  } finally {
    own.load.end();
    other.load.end();
    await Promise.all([relay.end(), ours.end()]);
  }
}
