import { startChild } from './child.ts';
import type { Listened } from './listening.ts';
import { startLoad } from './load.ts';
import { inTurn, median, range, verdict } from './report.ts';

const BUDGET_US = 10;

/** What our Runner costs for each 40 ms of speech beyond the bare SDK with a callback: CPU time of the process that hears it. */
export async function measureRunner(rounds: number, roundMs: number): Promise<void> {
  const upstream = await startChild(['bench/speech-upstream.ts']);
  const cpuPerMessage = async (script: string) => {
    const load = await startLoad<Listened>(script, [upstream.address]);
    const run = async () => {
      const { messages, cpuUs } = await load.talk(roundMs);
      return cpuUs / messages;
    };
    return { load, run };
  };
  const own = await cpuPerMessage('bench/runner-listen.ts');
  const bare = await cpuPerMessage('bench/genai-listen.ts');
  try {
    const what = 'CPU per 40 ms audio message, Runner';
    const pairs = await inTurn(what, rounds, own.run, bare.run);
    const added = pairs.map(([ours, other]) => ours - other);
    const us = median(added);
    console.log(
      `${what}: ours ${median(pairs.map(([ours]) => ours)).toFixed(1)} µs, ` +
        `bare SDK callback ${median(pairs.map(([, other]) => other)).toFixed(1)} µs: ` +
        `${us > 0 ? '+' : ''}${us.toFixed(1)} µs${range(added, 1)}, ${verdict(us, BUDGET_US)} ${BUDGET_US} µs`,
    );
  } finally {
    own.load.end();
    bare.load.end();
    await upstream.end();
  }
}
