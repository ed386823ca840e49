import type { Child } from './child.ts';
import type { HttpTalk } from './http-talk.ts';
import { type Load, startLoad } from './load.ts';
import { median, print, range } from './report.ts';
import type { Servers } from './servers.ts';

const TALKERS = 100;

interface Contestant {
  readonly name: string;
  readonly child: Child;
  readonly load: Load<HttpTalk>;
  /** Server CPU per second of one voice in each round, in µs. */
  readonly cpu: number[];
  /** Time that 99 of 100 answers take at most in each round, in ms. */
  readonly p99: number[];
}

/**
 * Measures servers from outside while 100 users talk at the pace of speech (ten POSTs a second each): CPU and p99 latency of a bare relay, of a
 * server written as the samples write it, and of ours. The servers take turns, so that all of them see the same state of the machine.
 * @param before folder of another checkout of this project, already built: its server is measured too
 */
export async function measureHundredVoices(
  servers: Servers,
  rounds: number,
  roundMs: number,
  before: string | undefined,
): Promise<void> {
  const contestants: Contestant[] = [];
  const enter = async (name: string, child: Child) => {
    const load = await startLoad<HttpTalk>('bench/http-talk.ts', [child.address, String(TALKERS), 'json']);
    contestants.push({ name, child, load, cpu: [], p99: [] });
  };
  try {
    await enter('bare relay', await servers.relay());
    await enter('Express with @google/genai', await servers.sample());
    if (before !== undefined) await enter('ours, before', await servers.ours(before));
    await enter('ours', await servers.ours());
    // The first round is not counted: code is still being compiled.
    for (let round = 0; round <= rounds; round += 1) {
      const order = round % 2 === 0 ? contestants : contestants.toReversed();
      for (const contestant of order) await measureRound(contestant, roundMs, round > 0);
    }
    for (const contestant of contestants) reportContestant(contestant, contestants[0] as Contestant); // the relay entered first
  } finally {
    for (const { load } of contestants) load.end();
    await Promise.all(contestants.map(({ child }) => child.end()));
  }
}

async function measureRound({ child, load, cpu, p99 }: Contestant, roundMs: number, counts: boolean): Promise<void> {
  const before = child.cpuMs();
  const result = await load.talk(roundMs);
  if (!counts) return;
  cpu.push(((child.cpuMs() - before) * 1000) / (result.trips / 10));
  p99.push(result.p99);
}

function reportContestant({ name, cpu, p99 }: Contestant, relay: Contestant): void {
  const ratios = cpu.map((value, round) => value / (relay.cpu[round] ?? Number.NaN));
  const ratio = name === relay.name ? '' : `, ${median(ratios).toFixed(2)}×${range(ratios, 2)} the relay`;
  print(
    `${TALKERS} voices, ${name}: ${median(cpu).toFixed(0)} µs of server CPU per second of voice${ratio}; ` +
      `p99 ${median(p99).toFixed(1)} ms${range(p99, 1)}`,
  );
}
