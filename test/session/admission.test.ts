import { describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { Admission } from '../../src/session/admission.ts';
import { MemoryBackplane } from '../../src/session/memory-backplane.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { QuotaLimits } from '../../src/session/quota-table.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { NO_LIMITS } from './limits.ts';
import { open, say, send, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();
/** Memory of a process that holds nothing. */
const MEMORY = new MemoryBudget(1_000_000_000);

/** Limits of users that a test names, on a clock of the test. */
function admissionOf(user: Partial<QuotaLimits>, address: Partial<QuotaLimits> = {}) {
  const clock = { now: 0 };
  const admission = new Admission({
    user: { ...NO_LIMITS, ...user },
    address: { ...NO_LIMITS, ...address },
    maxSessions: 1_000_000,
    now: () => clock.now,
  });
  return { admission, clock };
}

const refusal = (code: string, waitMs: number) =>
  expect.objectContaining({ code, details: { retry_after_ms: waitMs } });

describe('an admission', () => {
  test('refuses a user further runs until the time that it names is over', () => {
    const { admission, clock } = admissionOf({ modelConnectionsPerMinute: 3 });
    for (const _ of [1, 2, 3]) admission.openSession('ann', undefined, MEMORY).close();
    const attempt = () => admission.openSession('ann', undefined, MEMORY);
    expect(attempt).toThrow(refusal('too_many_model_connections', 20_000));
    clock.now = 20_000;
    expect(attempt).not.toThrow();
    expect(attempt).toThrow(refusal('too_many_model_connections', 20_000));
    expect(() => admission.openSession('bob', undefined, MEMORY)).not.toThrow();
  });

  test('charges a session to its user and to the address that has opened it', () => {
    const { admission } = admissionOf({ sessions: 2 }, { sessions: 3 });
    const first = admission.openSession('ann', '192.0.2.1', MEMORY);
    admission.openSession('ann', '192.0.2.2', MEMORY);
    expect(() => admission.openSession('ann', '192.0.2.3', MEMORY)).toThrow(refusal('too_many_user_sessions', 2_000));
    admission.openSession('bob', '192.0.2.1', MEMORY);
    admission.openSession('bob', '192.0.2.1', MEMORY);
    expect(() => admission.openSession('cleo', '192.0.2.1', MEMORY)).toThrow(refusal('too_many_user_sessions', 2_000));
    first.close();
    first.close();
    admission.openSession('cleo', '192.0.2.1', MEMORY);
    expect(() => admission.openSession('cleo', '192.0.2.1', MEMORY)).toThrow(refusal('too_many_user_sessions', 2_000));
  });

  test('counts the audio of all sessions of a user, and allows as much again as a minute has let pass', () => {
    const { admission, clock } = admissionOf({ audioSPerMinute: 120 });
    const [one, two] = [
      admission.openSession('ann', undefined, MEMORY),
      admission.openSession('ann', undefined, MEMORY),
    ];
    one.chargeAudio(121_000);
    for (const account of [one, two]) expect(account.isAudioExhausted).toBe(true);
    expect(two.createAudioRefusal()).toEqual(refusal('too_much_audio', 501));
    clock.now = 501;
    for (const account of [one, two]) expect(account.isAudioExhausted).toBe(false);
  });

  test('remembers a bounded number of users and addresses that have come and gone, and all that are there', () => {
    const { admission } = admissionOf({});
    const kept = admission.openSession('ann', '2001:db8::/64', MEMORY);
    for (let index = 0; index < 30_000; index += 1)
      admission.openSession(`user${index}`, `address${index}`, MEMORY).close();
    expect(admission.size).toBeLessThanOrEqual(2 * 10_001);
    kept.close();
  });

  test('forgets a user whose budgets are full again', () => {
    const { admission, clock } = admissionOf({ modelConnectionsPerMinute: 60 });
    const account = admission.openSession('ann', undefined, MEMORY);
    clock.now = 60_000;
    account.close();
    expect(admission.size).toBe(0);
  });
});

describe('memory', () => {
  test('that sessions of one user hold counts for the user, the address and the process, and is refused to that user only', () => {
    const { admission } = admissionOf({ heldBytes: 1_000 }, { heldBytes: 5_000 });
    const memory = new MemoryBudget(10_000);
    const [one, two] = [1, 2].map(() => admission.openSession('ann', '192.0.2.1', memory));
    one?.memory.add(801);
    expect(() => admission.openSession('ann', '192.0.2.1', memory)).toThrow(refusal('server_busy', 5_000));
    one?.memory.add(200);
    expect(two?.memory.isExhausted).toBe(true);
    expect(two?.memory.reserve(1)).toBe(false);
    const other = admission.openSession('bob', '192.0.2.1', memory);
    expect(other.memory).toMatchObject({ isExhausted: false, admitsWork: true });
    other.memory.add(4_000);
    expect(other.memory.isExhausted).toBe(true);
    expect(memory).toMatchObject({ used: 5_001, admitsWork: true });
    expect(() => admission.openSession('cleo', '192.0.2.2', memory)).not.toThrow();
    one?.memory.release(1_001);
    expect(two?.memory.isExhausted).toBe(false);
  });
});

describe('a session', () => {
  test('that does not open is not counted', async () => {
    const emulator = closing(await startGeminiEmulator({ strict: true }));
    const { admission } = admissionOf({ sessions: 1 });
    const backplane = new MemoryBackplane();
    const sessions = closing(sessionsOf(runnerFor(modelAt(emulator.url)), { admission, backplane }));
    const claim = backplane.claim.bind(backplane);
    backplane.claim = () => Promise.reject(new Error('no network'));
    await expect(open(sessions)).rejects.toThrow('no network');
    backplane.claim = claim;
    await open(sessions);
    await expect(open(sessions, { sessionId: 'other' })).rejects.toMatchObject({ code: 'too_many_user_sessions' });
  });

  test('that nobody has read for ten seconds ends for a new one of its user, and one that is read does not', async () => {
    const emulator = closing(await startGeminiEmulator({ strict: true }));
    const { admission } = admissionOf({ sessions: 3 });
    const sessions = closing(sessionsOf(runnerFor(modelAt(emulator.url)), { admission }));
    const read = await open(sessions, { sessionId: 'read' });
    const reader = await TestReader.attach(read);
    const [older, newer] = [await open(sessions, { sessionId: 'older' }), await open(sessions, { sessionId: 'newer' })];
    await expect(open(sessions, { sessionId: 'more' })).rejects.toMatchObject({ code: 'too_many_user_sessions' });
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + 10_000);
    const third = await open(sessions, { sessionId: 'more' });
    expect([older, newer, read].map(({ ended }) => ended?.reason)).toEqual(['idle', undefined, undefined]);
    clock.mockRestore();
    third.end({ reason: 'idle' });
    reader.detach();
  });

  test('that ends, or is stopped, is not counted any more, and neither are its readers', async () => {
    const emulator = closing(await startGeminiEmulator({ strict: true }));
    const { admission } = admissionOf({ sessions: 1, readers: 1 });
    const sessions = closing(sessionsOf(runnerFor(modelAt(emulator.url)), { admission }));
    const first = await open(sessions);
    const reader = await TestReader.attach(first);
    await expect(TestReader.attach(first)).rejects.toMatchObject({ code: 'too_many_connections' });
    first.end({ reason: 'idle' });
    reader.detach();
    reader.detach();
    const second = await open(sessions, { sessionId: 'other' });
    const next = await TestReader.attach(second);
    await expect(TestReader.attach(second)).rejects.toMatchObject({ code: 'too_many_connections' });
    next.detach();
  });

  test('whose runs end at once starts no more of them than its user may start', async () => {
    const { admission } = admissionOf({ modelConnectionsPerMinute: 3 });
    let runs = 0;
    const { card } = runnerFor(modelAt('http://127.0.0.1:1'));
    const runner: LiveRunner = {
      card,
      // biome-ignore lint/correctness/useYield: the run has no events
      async *runLive() {
        runs += 1;
      },
    };
    const sessions = closing(sessionsOf(runner, { admission }));
    const session = await open(sessions);
    for (let message = 0; message < 10; message += 1) {
      await send(session, [say('hello')]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(runs).toBe(3);
  });

  test('whose first run has not started gives it other settings without a further run', async () => {
    const { admission } = admissionOf({ modelConnectionsPerMinute: 1 });
    const session = await open(closing(sessionsOf(runnerFor(modelAt('http://127.0.0.1:1')), { admission })));
    expect(session.reconfigure({ responseModalities: ['AUDIO'] })).toBe(true);
    expect(() => session.reconfigure({ responseModalities: ['TEXT'] })).toThrow(
      expect.objectContaining({ code: 'too_many_model_connections' }),
    );
  });
});
