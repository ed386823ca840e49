import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../src/store/sql/sqlite-store.ts';
import { median, print, range, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import { openStream } from './voice-client.ts';

/** Number of turns of each conversation. */
const TURNS = 10;
const BUDGET_MS = 2_000;

/**
 * Measures how soon a server that is started again answers the clients of its live conversations, all of which return at once: each has its conversation
 * when its stream begins with `reset`.
 */
export async function measureRestart(servers: Servers, conversations: number, rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bidi-restart-'));
  try {
    const file = join(folder, 'conversations.db');
    await fill(file, conversations);
    const starts: number[] = [];
    const medians: number[] = [];
    const lasts: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      const server = await servers.ours('.', { DATABASE_URL: `sqlite:${file}` });
      try {
        const listening = performance.now();
        starts.push(listening - began);
        const resets = await returnAll(server.address, conversations, listening);
        medians.push(median(resets));
        lasts.push(Math.max(...resets));
        cpu.push(server.cpuMs() / conversations);
      } finally {
        await server.end();
      }
    }
    print(
      `restart with ${conversations} live conversations, whose clients all return at once: the server listens after ${median(starts).toFixed(0)} ms` +
        `${range(starts, 0)}; a client has its conversation after another ${median(medians).toFixed(0)} ms${range(medians, 0)}, the last one after ` +
        `${median(lasts).toFixed(0)} ms${range(lasts, 0)}, ${verdict(median(lasts), BUDGET_MS)} ${BUDGET_MS} ms; ${median(cpu).toFixed(1)} ms of the server's CPU ` +
        `for each conversation, its start included`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fill(file: string, conversations: number): Promise<void> {
  const store = createSqliteStore({ file });
  for (let index = 0; index < conversations; index += 1) {
    const key = { appName: 'google_search_agent', userId: `user-${index}`, sessionId: 'default' };
    const events = Array.from({ length: TURNS }, (_, turn) => createTurn(`${index}-${turn}`)).flat();
    await store.commit(key, { events });
  }
  await store.close();
}

function createTurn(name: string) {
  const common = { invocationId: 'e-1', timestamp: Date.now() / 1000 };
  const author = 'google_search_agent';
  return [
    { ...common, id: `${name}-q`, author: 'user', inputTranscription: { text: 'What did we say?', finished: true } },
    { ...common, id: `${name}-a`, author, outputTranscription: { text: `This and that, ${name}.`, finished: true } },
    { ...common, id: `${name}-e`, author, turnComplete: true },
  ];
}

/** @returns times at which each client had its conversation, after `began`, in ms */
function returnAll(address: string, conversations: number, began: number): Promise<number[]> {
  const returning = Array.from({ length: conversations }, async (_, index) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    let text = '';
    const stream = await openStream(
      `${address}/events/user-${index}?is_audio=true`,
      (chunk) => {
        text += chunk.toString('latin1');
        if (text.includes(`This and that, ${index}-${TURNS - 1}.`)) resolve(performance.now() - began);
      },
      { 'Last-Event-ID': 'earlier.1' },
    );
    const ms = await promise;
    stream.destroy();
    return ms;
  });
  return Promise.all(returning);
}
