import { startGeminiEmulator } from '../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../src/emulator/scenario.ts';
import type { AgentEvent } from '../src/index.ts';
import { startDistantRelay } from './distant-relay.ts';
import { startLiveRun } from './live-run.ts';
import { median, print, range, verdict } from './report.ts';

const ROUND_TRIP_MS = 50;
const BUDGET_MS = ROUND_TRIP_MS + 300;
/** Faster than real time: an answer is soon over. */
const PACE = 4;
/** Moment after 22 pieces of 40 ms: after the initial burst of an answer and before its end. */
const MID_REPLY = { frame: 22 };
/** Maximum wait for an event, in ms. */
const LIMIT_MS = 20_000;
const UNDISTURBED: Scenario = [];
const GO_AWAY: Scenario = [[{ at: MID_REPLY, do: { goAway: 10_000 } }], []];
const DROP: Scenario = [[{ at: MID_REPLY, do: 'drop' }], []];

/** Measures how long a change of the model connection with a handle delays the answer, beyond the time of any answer. */
export async function measureReconnect(rounds: number): Promise<void> {
  const begins: number[] = [];
  const afterGoAway: number[] = [];
  const afterDrop: number[] = [];
  // The first of each, while code is still being compiled, does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const begin = await hear(UNDISTURBED, gapBetweenTurns);
    const goAway = await hear(GO_AWAY, gapBetweenTurns);
    const drop = await hear(DROP, gapInReply);
    if (round === 0) continue;
    begins.push(begin);
    afterGoAway.push(goAway - begin);
    afterDrop.push(drop - begin);
    process.stderr.write(`  reconnect ${round}/${rounds}: ${goAway.toFixed(0)} ms, ${drop.toFixed(0)} ms     \r`);
  }
  const begin = `an answer's own ${median(begins).toFixed(0)} ms${range(begins, 0)}`;
  tell(`goAway in a reply, then a question: beyond ${begin} it waits`, afterGoAway);
  tell(`connection lost in a reply: beyond ${begin} it is silent for`, afterDrop);
}

function tell(what: string, ms: readonly number[]): void {
  const middle = median(ms);
  print(
    `${what} ${middle.toFixed(0)} ms${range(ms, 0)}, ${verdict(middle, BUDGET_MS)} ${BUDGET_MS} ms ` +
      `(300 and a round trip of ${ROUND_TRIP_MS})`,
  );
}

interface Talk {
  ask(): void;
  /** Waits for an event of this kind. @returns when it came, ms */
  until(isIt: (event: AgentEvent) => boolean): Promise<number>;
}

/** Has a conversation with the emulator far away. */
async function hear(scenario: Scenario, measure: (talk: Talk) => Promise<number>): Promise<number> {
  const emulator = await startGeminiEmulator({ pace: PACE, scenario });
  const relay = await startDistantRelay(emulator.port, ROUND_TRIP_MS);
  const { events, ask } = startLiveRun(relay.url, AbortSignal.timeout(LIMIT_MS));
  try {
    let resumed = false;
    const talk: Talk = {
      ask: () => ask('Thank you'),
      async until(isIt) {
        for (let next = await events.next(); !next.done; next = await events.next()) {
          resumed ||= next.value.status?.upstream === 'resumed';
          if (isIt(next.value)) return performance.now();
        }
        throw new Error('the run has ended, and what was waited for had not come');
      },
    };
    await talk.until(({ status }) => status?.upstream === 'ready');
    const ms = await measure(talk);
    if (resumed !== (scenario !== UNDISTURBED)) throw new Error(`the connection was ${resumed ? '' : 'not '}resumed`);
    return ms;
  } finally {
    await events.return();
    relay.close();
    await emulator.close();
  }
}

/** Measures the time from the end of a turn, at which the next question is sent, to the first audio of its answer. */
async function gapBetweenTurns({ ask, until }: Talk): Promise<number> {
  ask();
  const ended = await until((event) => event.turnComplete === true);
  ask();
  return (await until(isSpeech)) - ended;
}

/** Measures the time from the last audio of an interrupted reply to the first audio of the reply that replaces it. */
async function gapInReply({ ask, until }: Talk): Promise<number> {
  ask();
  let last = Number.NaN;
  await until((event) => {
    if (isSpeech(event)) last = performance.now();
    return event.interrupted === true;
  });
  return (await until(isSpeech)) - last;
}

function isSpeech({ content }: AgentEvent): boolean {
  return content?.parts?.[0]?.inlineData !== undefined;
}
