import { startGeminiEmulator } from '../src/emulator/gemini/emulator.ts';
import { Agent, type AgentEvent } from '../src/index.ts';
import { startDistantRelay } from './distant-relay.ts';
import { startLiveRun } from './live-run.ts';
import { median, print, range, verdict } from './report.ts';

const ROUND_TRIP_MS = 50;
const BUDGET_MS = ROUND_TRIP_MS + 300;
/** Faster than real time: an answer is soon over. */
const PACE = 4;
/** Maximum time of one conversation, in ms. */
const LIMIT_MS = 20_000;
const OWN_QUESTION = 'Thank you';
/** The description of the other agent has this word. */
const OTHER_QUESTION = 'Bill: thank you';

/** Measures how much later the answer of another agent is heard than one of the agent that is asked, with the provider far away. */
export async function measureHandOver(rounds: number): Promise<void> {
  const own: number[] = [];
  const beyond: number[] = [];
  // The first of each, while code is still being compiled, does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const ownMs = await hear(OWN_QUESTION);
    const otherMs = await hear(OTHER_QUESTION);
    if (round === 0) continue;
    own.push(ownMs);
    beyond.push(otherMs - ownMs);
    process.stderr.write(`  hand-over ${round}/${rounds}: ${ownMs.toFixed(0)} ms, ${otherMs.toFixed(0)} ms     \r`);
  }
  const middle = median(beyond);
  print(
    `question that another agent answers: beyond an answer's own ${median(own).toFixed(0)} ms${range(own, 0)} it is heard after ` +
      `${middle.toFixed(0)} ms${range(beyond, 0)}, ${verdict(middle, BUDGET_MS)} ${BUDGET_MS} ms (300 and a round trip of ${ROUND_TRIP_MS})`,
  );
}

/** Asks a question. @returns the time until the first sound of the answer, in ms */
async function hear(question: string): Promise<number> {
  const emulator = await startGeminiEmulator({ pace: PACE });
  const relay = await startDistantRelay(emulator.port, ROUND_TRIP_MS);
  const billing = new Agent({ name: 'billing', description: 'Answers questions on the bill.' });
  const agent = new Agent({ name: 'desk', subAgents: [billing] });
  const { events, ask } = startLiveRun(relay.url, AbortSignal.timeout(LIMIT_MS), agent);
  const until = async (isIt: (event: AgentEvent) => boolean): Promise<AgentEvent> => {
    for (let next = await events.next(); !next.done; next = await events.next())
      if (isIt(next.value)) return next.value;
    throw new Error('the run has ended, and what was waited for had not come');
  };
  try {
    await until(({ status }) => status?.upstream === 'ready');
    const askedAt = performance.now();
    ask(question);
    const { author } = await until(({ content }) => content?.parts?.[0]?.inlineData !== undefined);
    const ms = performance.now() - askedAt;
    if (author !== (question === OWN_QUESTION ? 'desk' : 'billing')) throw new Error(`${author} has answered`);
    return ms;
  } finally {
    await events.return();
    relay.close();
    await emulator.close();
  }
}
