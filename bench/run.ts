/**
 * Measures what a server costs beside a bare relay that does the same work in the same run, as ratios: absolute figures differ from machine
 * to machine and from minute to minute. `npm run bench`; `-- --quick` for a first look.
 */
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child.ts';
import { openClient, openStream, talk } from './voice-load.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean' } } });
const ROUNDS = values.quick ? 3 : 7;
const ROUND_MS = values.quick ? 1_500 : 3_000;
const TALKERS = 8;
const IDLE_SESSIONS = values.quick ? 500 : 2_000;
const IDLE_STEPS = 4;

const upstream = await startChild(['bench/echo-upstream.ts']);
const servers = {
  relay: () => startChild(['bench/bare-relay.ts', upstream.address]),
  ours: () =>
    startChild(['dist/cli.js', '--port', '0'], {
      GOOGLE_API_KEY: 'k',
      GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstream.address}`,
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
      LOG_LEVEL: 'warn',
      MAX_SESSIONS: '10000',
    }),
};

try {
  await measureRoundTrips();
  await measureIdleSessions();
} finally {
  await upstream.end();
}

/** CPU of the server process per 100 ms of speech up, through the model, and down. */
async function measureRoundTrips(): Promise<void> {
  const relay = await servers.relay();
  const ours = await servers.ours();
  const agent = new Agent({ keepAlive: true });
  try {
    const relayClients = await openClients(relay, agent);
    const ourClients = await openClients(ours, agent);
    const cpuPerTrip = async (child: Child, clients: typeof ourClients) => {
      const before = child.cpuMs();
      const trips = await talk(clients, ROUND_MS);
      return ((child.cpuMs() - before) * 1000) / trips;
    };
    await cpuPerTrip(relay, relayClients);
    await cpuPerTrip(ours, ourClients);
    const relayCosts: number[] = [];
    const ourCosts: number[] = [];
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const relayCost = await cpuPerTrip(relay, relayClients);
      const ourCost = await cpuPerTrip(ours, ourClients);
      relayCosts.push(relayCost);
      ourCosts.push(ourCost);
      ratios.push(ourCost / relayCost);
      process.stderr.write(`  round trips ${round}/${ROUNDS}: ${(ourCost / relayCost).toFixed(2)}\r`);
    }
    for (const client of [...relayClients, ...ourClients]) client.close();
    report('server CPU per voice round trip', median(ourCosts), median(relayCosts), 'µs', ratios, 1.25);
  } finally {
    agent.destroy();
    await Promise.all([relay.end(), ours.end()]);
  }
}

function openClients(child: Child, agent: Agent) {
  return Promise.all(
    Array.from({ length: TALKERS }, (_, index) => openClient(child.address, `talker-${index}`, agent)),
  );
}

/** Memory of a session on which nothing is said: the slope over many. */
async function measureIdleSessions(): Promise<void> {
  const relay = await idleBytes(servers.relay);
  const ours = await idleBytes(servers.ours);
  report('memory per idle session', ours / 1024, relay / 1024, 'KiB', [ours / relay], 1.5);
}

async function idleBytes(start: () => Promise<Child>): Promise<number> {
  const child = await start();
  try {
    const points: { sessions: number; rss: number }[] = [];
    let sessions = 0;
    for (let step = 0; step <= IDLE_STEPS; step += 1) {
      const target = (IDLE_SESSIONS * step) / IDLE_STEPS;
      while (sessions < target) {
        const { promise: ready, resolve } = Promise.withResolvers<void>();
        await openStream(`${child.address}/events/idle-${sessions}`, (chunk) => {
          if (chunk.includes('ready')) resolve();
        });
        await ready;
        sessions += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      points.push({ sessions, rss: child.rss() });
      process.stderr.write(`  idle sessions ${sessions}/${IDLE_SESSIONS}     \r`);
    }
    return slope(points.slice(1));
  } finally {
    await child.end();
  }
}

/** Least squares. */
function slope(points: readonly { sessions: number; rss: number }[]): number {
  const meanX = points.reduce((sum, { sessions }) => sum + sessions, 0) / points.length;
  const meanY = points.reduce((sum, { rss }) => sum + rss, 0) / points.length;
  const over = points.reduce((sum, { sessions, rss }) => sum + (sessions - meanX) * (rss - meanY), 0);
  return over / points.reduce((sum, { sessions }) => sum + (sessions - meanX) ** 2, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function report(what: string, ours: number, relay: number, unit: string, ratios: number[], budget: number): void {
  const ratio = median(ratios);
  const range = ratios.length > 1 ? ` (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})` : '';
  const verdict = ratio <= budget ? 'within' : 'over';
  console.log(
    `${what}: ours ${ours.toFixed(1)} ${unit}, bare relay ${relay.toFixed(1)} ${unit}: ` +
      `${ratio.toFixed(2)}×${range}, ${verdict} the budget of ${budget}×`,
  );
}
