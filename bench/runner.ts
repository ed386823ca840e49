import { startChild } from './child.ts';
import { APART, AT_ONCE, type Listened } from './listening.ts';
import { startLoad } from './load.ts';
import { inTurn, median, range, verdict } from './report.ts';

const BUDGET_US = 10;
/** Many and short: the difference is small beside what the machine's moods do to either side. */
const ROUND_MS = 400;

/**
 * What our Runner costs for each 40 ms of speech beyond the bare SDK with a callback: CPU time of the process that hears it. In bursts that is
 * the cost of the code; a message by itself pays for a process that has slept, and finds its code no longer in the processor's caches.
 */
export async function measureRunner(rounds: number): Promise<void> {
  const upstream = await startChild(['bench/speech-upstream.ts']);
  try {
    await compare('in bursts', AT_ONCE, upstream.address, rounds);
    await compare('each by itself', APART, upstream.address, rounds);
  } finally {
    await upstream.end();
  }
}

async function compare(manner: string, how: string, port: string, rounds: number): Promise<void> {
  const cpuPerMessage = async (script: string) => {
    const load = await startLoad<Listened>(script, [port, how]);
    const run = async () => {
      const { messages, cpuUs } = await load.talk(ROUND_MS);
      return cpuUs / messages;
    };
    return { load, run };
  };
  const own = await cpuPerMessage('bench/runner-listen.ts');
  const bare = await cpuPerMessage('bench/genai-listen.ts');
  try {
    const what = `CPU per 40 ms audio message, Runner, ${manner}`;
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
  }
}
