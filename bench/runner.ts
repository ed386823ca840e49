import { startChild } from './child.ts';
import { APART, AT_ONCE, type Listened } from './listening.ts';
import { startLoad } from './load.ts';
import { inTurn, median, print, range, verdict } from './report.ts';

const BUDGET_US = 10;
/** Duration of a round, in ms. Rounds are short and many, because the difference is small compared with the noise of the machine. */
const ROUND_MS = 400;

/**
 * Measures what the Runner costs for each 40 ms of speech in addition to the bare SDK with a callback, as CPU time of the receiving process. Bursts
 * show the cost of the code. A single message also pays for a process that was asleep and whose code has left the processor's caches.
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

async function compare(label: string, mode: string, port: string, rounds: number): Promise<void> {
  const cpuPerMessage = async (script: string) => {
    const load = await startLoad<Listened>(script, [port, mode]);
    const run = async () => {
      const { messages, cpuUs } = await load.talk(ROUND_MS);
      return cpuUs / messages;
    };
    return { load, run };
  };
  const own = await cpuPerMessage('bench/runner-listen.ts');
  const bare = await cpuPerMessage('bench/genai-listen.ts');
  try {
    const what = `CPU per 40 ms audio message, Runner, ${label}`;
    const pairs = await inTurn(what, rounds, own.run, bare.run);
    const added = pairs.map(([ours, other]) => ours - other);
    const us = median(added);
    print(
      `${what}: ours ${median(pairs.map(([ours]) => ours)).toFixed(1)} µs, ` +
        `bare SDK callback ${median(pairs.map(([, other]) => other)).toFixed(1)} µs: ` +
        `${us > 0 ? '+' : ''}${us.toFixed(1)} µs${range(added, 1)}, ${verdict(us, BUDGET_US)} ${BUDGET_US} µs`,
    );
  } finally {
    own.load.end();
    bare.load.end();
  }
}
