import { median, print, range, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import { openClient, openStream } from './voice-client.ts';

/** Pieces of 100 ms that are said while a client is away. */
const MISSED = 50;
const WHOLE_PIECE = /"audio\/pcm","data":"[^"]*"}\n\n/;
const BUDGET_MS = 50;

/** Measures how long a client waits for missed events after it reconnects, beyond the time of a request. */
export async function measureResume(servers: Servers, resumes: number): Promise<void> {
  const ours = await servers.ours();

  try {
    const talker = await openClient(ours.address, 'me');
    const beyondRoundTrip: number[] = [];
    const roundTrips: number[] = [];
    for (let resume = 0; resume < resumes; resume += 1) {
      const cursor = await untilFirstId(`${ours.address}/events/me`);
      for (let piece = 0; piece < MISSED; piece += 1) await talker.roundTrip();
      const roundTripMs = await time(() => untilAnswered(`${ours.address}/healthz`));
      const replayMs = await time(() => untilReplayed(`${ours.address}/events/me`, cursor));
      roundTrips.push(roundTripMs);
      beyondRoundTrip.push(replayMs - roundTripMs);
    }
    talker.close();
    const ms = median(beyondRoundTrip);
    print(
      `resume after ${MISSED / 10} s of missed speech: replayed in one round trip (${median(roundTrips).toFixed(1)} ms) and ` +
        `${ms.toFixed(1)} ms${range(beyondRoundTrip, 1)}, ${verdict(ms, BUDGET_MS)} ${BUDGET_MS} ms`,
    );
  } finally {
    await ours.end();
  }
}

/** Connects, takes its place in the log, and is cut off. */
async function untilFirstId(url: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stream = await openStream(url, (chunk) => {
    const [, id] = /^id: (.*)$/m.exec(chunk.toString()) ?? [];
    if (id !== undefined) resolve(id);
  });
  const id = await promise;
  stream.destroy();
  return id;
}

async function untilReplayed(url: string, cursor: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = '';
  const stream = await openStream(
    url,
    (chunk) => {
      text += chunk.toString('latin1');
      if (text.split(WHOLE_PIECE).length > MISSED) resolve();
    },
    { 'Last-Event-ID': cursor },
  );
  await promise;
  stream.destroy();
}

async function untilAnswered(url: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = await openStream(url, () => resolve());
  await promise;
  socket.destroy();
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
