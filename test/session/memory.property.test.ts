import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import type { ActiveSessions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import { MemoryBackplane, MemoryHub } from '../../src/session/memory-backplane.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { runnerFor } from '../agent/talk.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { open, say, sessionsOf, speak, TestReader } from './live.ts';

/** A runner that answers each text and each chunk of speech, fails at the text `fail`, and reads nothing more after the text `stop`. */
const runner: LiveRunner = {
  card: runnerFor(modelAt('http://127.0.0.1:1')).card,
  async *runLive({ liveRequestQueue, abortSignal }) {
    for (let request = await liveRequestQueue.get(); request; request = await liveRequestQueue.get()) {
      const text = request.content?.parts?.[0]?.text;
      if (text === 'fail') throw new Error('the run has failed');
      if (text === 'stop') await new Promise((resolve) => abortSignal?.addEventListener('abort', resolve));
      const inlineData = { mimeType: 'audio/pcm;rate=24000', data: 'A'.repeat(5_000) };
      const content = { role: 'model', parts: [text === undefined ? { inlineData } : { text: `You said ${text}` }] };
      yield { id: 'id', invocationId: 'e-1', author: 'agent', timestamp: 0, content, partial: true };
    }
  },
};

const sessions = new Set<ActiveSessions & { close(): void }>();

afterEach(() => {
  for (const each of sessions) each.close();
  sessions.clear();
});

/** Live sessions of one process, and everything that a client or another process can do to them. */
class Process {
  readonly memory = new MemoryBudget(400_000);
  readonly #hub = new MemoryHub();
  readonly #sessions = sessionsOf(runner, {
    memory: this.memory,
    backplane: new MemoryBackplane(this.#hub),
    logLimits: { bytes: 64 * 1024, ageMs: 120_000 },
  });
  readonly #live = new Map<string, LiveSession>();
  readonly #readers: TestReader[] = [];

  constructor() {
    sessions.add(this.#sessions);
  }

  async open(userId: string): Promise<void> {
    const session = await open(this.#sessions, { userId }).catch(() => undefined);
    if (session) this.#live.set(userId, session);
  }

  async attach(userId: string): Promise<void> {
    const session = this.#live.get(userId);
    if (!session) return;
    const reader = await TestReader.attach(session, undefined, 'a').catch(() => undefined);
    if (reader) this.#readers.push(reader);
  }

  detach(): void {
    this.#readers.shift()?.detach();
  }

  async post(userId: string, requests: readonly LiveRequest[], cseq?: number, client = 'a'): Promise<void> {
    const session = this.#live.get(userId);
    if (!session) return;
    const ack = { epoch: session.log.epoch, seq: session.log.head };
    const body = { requests: requests.map(toSizedRequest) };
    await session.post(cseq === undefined ? { body } : { envelope: { client, cseq, ack }, body });
  }

  refuse(userId: string, cseq: number): unknown {
    const session = this.#live.get(userId);
    const ack = session && { epoch: session.log.epoch, seq: session.log.head };
    const refusal = { code: 'malformed_item', error: 'no such item', retry: false } as const;
    return session?.post({ envelope: { client: 'a', cseq, ack }, body: { refusal } });
  }

  change(userId: string): void {
    this.#live.get(userId)?.reconfigure({ speechConfig: { languageCode: 'de-DE' } });
  }

  end(userId: string): void {
    this.#live.get(userId)?.end({ reason: 'closed' });
  }

  expire(userId: string): void {
    this.#hub.expire({ appName: runner.card.appName, userId, sessionId: 'default' });
  }

  /** Ends everything, and lets all readers go. */
  stop(): void {
    this.#sessions.close();
    for (const reader of this.#readers.splice(0)) reader.detach();
  }
}

const user = fc.constantFrom('ann', 'bob', 'eve');
const cseq = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const requests = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 40_000 }).map((length) => speak(4 * length)),
    fc.constantFrom('hello', 'fail', 'stop', 'x'.repeat(30_000)).map(say),
    fc.constantFrom<LiveRequest>({ activity_start: {} }, { close: true }),
  ),
  { minLength: 1, maxLength: 3 },
);

type Step = (process: Process) => unknown;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: user.map(
      (id): Step =>
        (process) =>
          process.open(id),
    ),
  },
  {
    weight: 2,
    arbitrary: user.map(
      (id): Step =>
        (process) =>
          process.attach(id),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((process) => process.detach()) },
  {
    weight: 10,
    arbitrary: fc.tuple(user, requests, cseq, fc.constantFrom('a', 'b')).map(
      ([id, items, number, client]): Step =>
        (process) =>
          process.post(id, items, number, client),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(user, fc.integer({ min: 1, max: 6 })).map(
      ([id, number]): Step =>
        (process) =>
          process.refuse(id, number),
    ),
  },
  {
    weight: 1,
    arbitrary: user.map(
      (id): Step =>
        (process) =>
          process.change(id),
    ),
  },
  {
    weight: 1,
    arbitrary: user.map(
      (id): Step =>
        (process) =>
          process.end(id),
    ),
  },
  {
    weight: 1,
    arbitrary: user.map(
      (id): Step =>
        (process) =>
          process.expire(id),
    ),
  },
);

test('whatever clients do, however sessions end, every byte that was counted for them is released once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const process = new Process();
      for (const take of steps) {
        await take(process);
        expect(process.memory.used).toBeGreaterThanOrEqual(0);
      }
      process.stop();
      expect(process.memory.used).toBe(0);
    }),
    { numRuns: 300 },
  );
});
