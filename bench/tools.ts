import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from './child.ts';
import { inTurn, median, print, range, report, verdict } from './report.ts';
import { startOurs } from './servers.ts';
import { ToolListener } from './tool-listener.ts';

/** Number of interruptions in a round. */
const INTERRUPTIONS = 20;
/** Number of calls that run at once. */
const CALLS = 50;
/** Duration of a frame of speech, in ms: what calls may delay the speech by. */
const FRAME_MS = 40;

/** Starts a model that speaks and calls, a server before it, and a client. @param workMs duration of a call */
async function openListener(workMs: number) {
  const upstream = await startChild(['bench/tool-upstream.ts']);
  const server = await startOurs('.', upstream.address, ['--agent', 'bench/tool-agent.ts'], { WORK_MS: `${workMs}` });
  const listener = new ToolListener(server.address);
  await listener.open();
  const end = async () => {
    listener.close();
    await Promise.all([server.end(), upstream.end()]);
  };
  return { listener, end };
}

/** Measures the time from the first speech of the user to `interrupted` at the client, during a call of 2 s and without one. */
export async function measureToolInterruption(rounds: number): Promise<void> {
  const { listener, end } = await openListener(2_000);
  const interrupt = async (calls: number) => {
    const times: number[] = [];
    for (let index = 0; index < INTERRUPTIONS; index += 1) {
      await listener.ask(calls);
      times.push(await listener.interrupt());
    }
    return median(times);
  };
  try {
    const what = 'interruption until the client knows of it, during a call of 2 s';
    const pairs = await inTurn(
      what,
      rounds,
      () => interrupt(1),
      () => interrupt(0),
    );
    report({ what, pairs, other: 'without a call', unit: 'ms', budget: 1.25 });
  } finally {
    await end();
  }
}

/** Measures the gaps between pieces of 40 ms of speech while 50 calls of 100 ms run and are answered, and without calls. */
export async function measureParallelCalls(rounds: number): Promise<void> {
  const { listener, end } = await openListener(100);
  const p99 = async (calls: number) => {
    const results = calls > 0 ? listener.waitForResults(calls) : undefined;
    await listener.ask(calls);
    await Promise.all([results, delay(1_000)]);
    const { gaps } = listener;
    await listener.interrupt();
    return gaps[Math.floor(gaps.length * 0.99)] ?? Number.NaN;
  };
  try {
    const what = `99 % of the gaps in speech, with ${CALLS} calls at once`;
    const pairs = await inTurn(
      what,
      rounds,
      () => p99(CALLS),
      () => p99(0),
    );
    const delays = pairs.map(([ours, other]) => ours - other);
    const [ours, other] = [0, 1].map((index) => median(pairs.map((pair) => pair[index] ?? Number.NaN)));
    print(
      `${what}: ${ours?.toFixed(1)} ms, without calls ${other?.toFixed(1)} ms: ${median(delays).toFixed(1)} ms longer` +
        `${range(delays, 1)}, ${verdict(median(delays), FRAME_MS)} ${FRAME_MS} ms`,
    );
  } finally {
    await end();
  }
}
