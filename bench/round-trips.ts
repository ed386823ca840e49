import type { Child } from './child.ts';
import { inTurn, median, report } from './report.ts';
import type { Servers } from './servers.ts';
import { openClient, type VoiceClient } from './voice-client.ts';

const TALKERS = 8;

/** CPU of the server process per 100 ms of speech up, through the model, and down; as fast as it goes. */
export async function measureRoundTrips(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const relay = await servers.relay();
  const ours = await servers.ours();

  try {
    const what = 'server CPU per voice round trip';
    const pairs = await inTurn(what, rounds, await openTalkers(ours, roundMs), await openTalkers(relay, roundMs));
    report({ what, pairs, other: 'bare relay', unit: 'µs', budget: 1.25 });
  } finally {
    await Promise.all([relay.end(), ours.end()]);
  }
}

/** Measures the CPU of our server per voice round trip alone. @returns the median of all rounds, in µs */
export async function cpuPerRoundTrip(servers: Servers, rounds: number, roundMs: number): Promise<number> {
  const ours = await servers.ours();
  try {
    const measure = await openTalkers(ours, roundMs);
    await measure();
    const figures: number[] = [];
    for (let round = 0; round < rounds; round += 1) figures.push(await measure());
    return median(figures);
  } finally {
    await ours.end();
  }
}

/** Opens the clients of a server. @returns a function that has them talk for one round, and returns the CPU per round trip in µs */
async function openTalkers(child: Child, roundMs: number): Promise<() => Promise<number>> {
  const clients = await Promise.all(
    Array.from({ length: TALKERS }, (_, index) => openClient(child.address, `talker-${index}`)),
  );
  return async () => {
    const before = child.cpuMs();
    const trips = await talk(clients, roundMs);
    return ((child.cpuMs() - before) * 1000) / trips;
  };
}

/** Round trips of `clients` callers, one after the other each, for `ms`. @returns how many */
async function talk(clients: readonly VoiceClient[], ms: number): Promise<number> {
  const until = performance.now() + ms;
  let count = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        await client.roundTrip();
        count += 1;
      }
    }),
  );
  return count;
}
