import type { Child } from './child.ts';
import { report } from './report.ts';
import type { Servers } from './servers.ts';
import { openStream } from './voice-client.ts';

const STEPS = 4;
/** Time after which most garbage is collected, in ms. */
const SETTLE_MS = 1_500;

/** Memory of a session on which nothing is said: the slope over many. */
export async function measureIdleMemory(servers: Servers, sessions: number): Promise<void> {
  const relay = (await bytesPerSession(servers.relay, sessions)) / 1024;
  const ours = (await bytesPerSession(servers.ours, sessions)) / 1024;
  report({ what: 'memory per idle session', pairs: [[ours, relay]], other: 'bare relay', unit: 'KiB', budget: 1.5 });
}

async function bytesPerSession(start: () => Promise<Child>, most: number): Promise<number> {
  const child = await start();
  try {
    const points: { sessions: number; rss: number }[] = [];
    let sessions = 0;
    for (let step = 0; step <= STEPS; step += 1) {
      const target = (most * step) / STEPS;
      while (sessions < target) {
        const { promise: ready, resolve } = Promise.withResolvers<void>();
        await openStream(`${child.address}/events/idle-${sessions}`, (chunk) => {
          if (chunk.includes('ready')) resolve();
        });
        await ready;
        sessions += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      points.push({ sessions, rss: child.rss() });
      process.stderr.write(`  idle sessions ${sessions}/${most}     \r`);
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
