import { inTurn, report } from './report.ts';
import type { Servers } from './servers.ts';
import { ADK, AGENTSCOPE, openTalkers, PLAIN } from './websocket-talkers.ts';

/** CPU of the server process per 100 ms of speech up, through the model, and down, on a bare WebSocket; as fast as it goes. */
export async function measureWebSocketTrips(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const relay = await servers.webSocketRelay();
  const ours = await servers.ours();
  try {
    const what = 'server CPU per voice round trip on a bare WebSocket';
    const own = await openTalkers(ours, PLAIN, roundMs);
    const pairs = await inTurn(what, rounds, own, await openTalkers(relay, PLAIN, roundMs));
    report({ what, pairs, other: 'bare ws relay', unit: 'µs', budget: 1.15 });
  } finally {
    await Promise.all([relay.end(), ours.end()]);
  }
}

/**
 * The same in the dialects of other pages, beside the plain dialect in the same server. Each page sends 100 ms of speech in its own message up, and gets
 * its own messages down.
 */
export async function measureDialectTrips(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  for (const page of [ADK, AGENTSCOPE]) {
    const ours = await servers.ours();
    try {
      const what = `server CPU per voice round trip on a bare WebSocket, dialect ${page.dialect}`;
      const own = await openTalkers(ours, page, roundMs);
      const pairs = await inTurn(what, rounds, own, await openTalkers(ours, PLAIN, roundMs));
      report({ what, pairs, other: 'plain dialect', unit: 'µs', budget: 1.1 });
    } finally {
      await ours.end();
    }
  }
}
