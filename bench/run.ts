/**
 * Measures what a server costs beside bare relays that do the same work in the same run, as ratios: absolute figures differ from machine to
 * machine and from minute to minute. `npm run bench` writes docs/performance.md; `-- --only NAME` replaces one row there, and `-- --quick` is for a
 * first look and writes nothing.
 */
import { parseArgs } from 'node:util';
import { startChild } from './child.ts';
import { measureGate } from './gate.ts';
import { measureHandOver } from './hand-over.ts';
import { measureHundredVoices } from './hundred-voices.ts';
import { measureIdleMemory } from './idle-memory.ts';
import { measureLatency } from './latency.ts';
import { measurePage } from './page.ts';
import { describeConditions, writeSection } from './performance-doc.ts';
import { measureRawUplink } from './raw-uplink.ts';
import { measureReconnect } from './reconnect.ts';
import { takeLines } from './report.ts';
import { measureRestart } from './restart.ts';
import { measureResume } from './resume.ts';
import { measureRoundTrips } from './round-trips.ts';
import { measureRunner } from './runner.ts';
import { measureSdkVoice } from './sdk-voice.ts';
import { type Servers, serversBefore } from './servers.ts';
import { measureManyConversations, measureStoredTurns } from './stores.ts';
import { measureParallelCalls, measureToolInterruption } from './tools.ts';
import { measureDialectTrips, measureWebSocketTrips } from './websocket-trips.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, before: { type: 'string' } },
});
const rounds = values.quick ? 3 : 7;
const roundMs = values.quick ? 1_500 : 3_000;
/** Many short rounds of what is cheap to begin: a machine that is shared changes its speed within seconds, and ours and the other are to see the same. */
const trips = values.quick ? { rounds: 3, ms: 1_500 } : { rounds: 31, ms: 700 };

const rows: Record<string, (servers: Servers) => Promise<void>> = {
  'round-trip': (servers) => measureRoundTrips(servers, trips.rounds, trips.ms),
  'websocket-trip': (servers) => measureWebSocketTrips(servers, trips.rounds, trips.ms),
  'dialect-trip': (servers) => measureDialectTrips(servers, trips.rounds, trips.ms),
  gate: (servers) => measureGate(servers, rounds, roundMs),
  'raw-uplink': (servers) => measureRawUplink(servers, rounds, roundMs),
  'sdk-voice': (servers) => measureSdkVoice(servers, rounds, roundMs),
  'hundred-voices': (servers) => measureHundredVoices(servers, rounds, roundMs, values.before),
  latency: (servers) => measureLatency(servers, rounds, roundMs),
  'idle-memory': (servers) => measureIdleMemory(servers, values.quick ? 500 : 2_000),
  runner: () => measureRunner(values.quick ? 12 : 40),
  reconnect: () => measureReconnect(values.quick ? 3 : 15),
  'hand-over': () => measureHandOver(values.quick ? 3 : 15),
  resume: (servers) => measureResume(servers, values.quick ? 5 : 15),
  restart: (servers) => measureRestart(servers, 1_000, values.quick ? 1 : 3),
  'tool-interruption': () => measureToolInterruption(rounds),
  'parallel-calls': () => measureParallelCalls(rounds),
  'stored-turn': () => measureStoredTurns(rounds, values.quick ? 100 : 400),
  'many-conversations': () => measureManyConversations(rounds),
  page: () => measurePage(values.quick ? 3 : 9),
};

const wanted = values.only === undefined ? Object.keys(rows) : [values.only];
const upstream = await startChild(['bench/echo-upstream.ts']);
try {
  for (const name of wanted) {
    const row = rows[name];
    if (!row) throw new Error(`no row "${values.only}"; there are ${Object.keys(rows).join(', ')}`);
    const conditions = describeConditions();
    await row(serversBefore(upstream.address));
    if (!values.quick) writeSection(name, takeLines(), conditions);
  }
} finally {
  await upstream.end();
}
