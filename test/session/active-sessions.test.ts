import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner } from '../../src/agent/runner.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini-emulator.ts';
import type { ActiveSessionsOptions, OpenParams } from '../../src/session/active-sessions.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { WireError } from '../../src/wire/error-catalogue.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { open, recordingLogger, say, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.restoreAllMocks();
});

async function emulated(options: Partial<ActiveSessionsOptions> = {}, pace = 50) {
  const emulator = closing(await startGeminiEmulator({ pace }));
  return { emulator, sessions: closing(sessionsOf(runnerFor(modelAt(emulator.url)), options)) };
}

/** A Runner with nobody behind it, for tests with a thousand sessions. */
const quietRunner: LiveRunner = {
  card: runnerFor(modelAt('http://127.0.0.1:1')).card,
  // biome-ignore lint/correctness/useYield: it has nothing to say
  async *runLive({ liveRequestQueue }) {
    while (await liveRequestQueue.get());
  },
};

function quiet(options: Partial<ActiveSessionsOptions> = {}) {
  return closing(sessionsOf(quietRunner, options));
}

const params = (more: Partial<OpenParams> = {}): OpenParams => ({
  userId: 'ann',
  sessionId: 'default',
  settings: {},
  cursor: undefined,
  reconnect: false,
  ...more,
});

const errorOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'none';
};

describe('open', () => {
  test('gives the same session for the same ids, another for any other', () => {
    const sessions = quiet();
    const session = open(sessions);
    expect(open(sessions)).toBe(session);
    expect(open(sessions, { sessionId: 'other' })).not.toBe(session);
    expect(open(sessions, { userId: 'bob' })).not.toBe(session);
    expect(sessions.size).toBe(3);
    expect(sessions.get('ann', 'default')).toBe(session);
    expect(session.modality).toBe('TEXT');
  });

  test('keeps the conversations of different users apart', async () => {
    const { sessions } = await emulated();
    const [ann, bob] = [open(sessions), open(sessions, { userId: 'bob' })];
    const [atAnn, atBob] = [await TestReader.attach(ann), await TestReader.attach(bob)];
    ann.send([say('My name is Ann.')]);
    await atAnn.turn(1);
    bob.send([say('What did I say?')]);
    expect(await atBob.turn(1)).toBe('You said nothing before.');
  });

  test('of one more than maxSessions throws too_many_sessions, of those that are live it does not', () => {
    const sessions = quiet({ maxSessions: 2 });
    open(sessions, { userId: 'a' });
    open(sessions, { userId: 'b' });
    expect(errorOf(() => open(sessions, { userId: 'c' }))).toBe('too_many_sessions');
    expect(errorOf(() => open(sessions, { userId: 'a' }))).toBe('none');
    sessions.get('a', 'default').end({ reason: 'idle' });
    expect(errorOf(() => open(sessions, { userId: 'c' }))).toBe('none');
  });
});

describe('a session that a client ended', () => {
  async function ended() {
    const { sessions } = await emulated();
    const session = open(sessions);
    session.send([{ close: true }]);
    await until(() => session.ended);
    return { sessions, epoch: session.log.epoch };
  }

  test('is session_ended to senders, and told to readers that come with its cursor', async () => {
    const { sessions, epoch } = await ended();
    expect(errorOf(() => sessions.get('ann', 'default'))).toBe('session_ended');
    expect(sessions.open(params({ cursor: formatCursor(epoch, 1), reconnect: true }))).toBe('ended');
    expect(sessions.open(params({ cursor: formatCursor(epoch, 1, 1) }))).toBe('ended');
    expect(sessions.size).toBe(0);
  });

  test('gives way to a new one for a reader without a cursor, and is still told to one with its cursor', async () => {
    const { sessions, epoch } = await ended();
    const next = open(sessions);
    expect(next.log.epoch).not.toBe(epoch);
    expect(sessions.get('ann', 'default')).toBe(next);
    expect(sessions.open(params({ cursor: formatCursor(epoch, 1) }))).toBe('ended');
  });

  test('gives way to a new one for a reader with the cursor of another epoch, or garbage', async () => {
    const { sessions } = await ended();
    const session = open(sessions, { cursor: formatCursor('A'.repeat(16), 1), reconnect: true });
    expect(open(sessions, { cursor: 'garbage' })).toBe(session);
  });

  test('is forgotten after ten minutes: session_not_found, and a new one for its cursor', async () => {
    const { sessions, epoch } = await ended();
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 10 * 60_000 - 1_000);
    expect(errorOf(() => sessions.get('ann', 'default'))).toBe('session_ended');
    clock.mockReturnValue(now + 10 * 60_000 + 1_000);
    expect(errorOf(() => sessions.get('ann', 'default'))).toBe('session_not_found');
    expect(sessions.open(params({ cursor: formatCursor(epoch, 1) }))).not.toBe('ended');
  });

  test('that is one of more than 1,000 is forgotten first', () => {
    const sessions = quiet({ maxSessions: 2_000 });
    for (let index = 0; index <= 1_000; index += 1) {
      open(sessions, { sessionId: `s${index}` }).end({ reason: 'closed' });
    }
    expect(errorOf(() => sessions.get('ann', 's0'))).toBe('session_not_found');
    expect(errorOf(() => sessions.get('ann', 's1'))).toBe('session_ended');
    expect(errorOf(() => sessions.get('ann', 's1000'))).toBe('session_ended');
  });
});

test.each(['idle', 'max_duration', 'deleted'] as const)('a session that ended by %s is session_not_found', (reason) => {
  const sessions = quiet();
  const session = open(sessions);
  session.end({ reason });
  expect(errorOf(() => sessions.get('ann', 'default'))).toBe('session_not_found');
  expect(sessions.open(params({ cursor: formatCursor(session.log.epoch, 1) }))).not.toBe('ended');
});

test('a session that never was is session_not_found', () => {
  expect(errorOf(() => quiet().get('ann', 'default'))).toBe('session_not_found');
});

test('an old session that ends late leaves its successor where it is', () => {
  const sessions = quiet();
  const old = open(sessions);
  sessions.stop();
  const successor = open(sessions);
  expect(successor).not.toBe(old);
  old.end({ reason: 'closed' });
  expect(sessions.size).toBe(1);
  expect(sessions.get('ann', 'default')).toBe(successor);
});

describe('the logs', () => {
  test('are trimmed by a timer, too, when nothing is appended to them', () => {
    jest.useFakeTimers({ now: 0 });
    try {
      const sessions = quiet({ logLimits: { bytes: 100_000, ageMs: 60_000 } });
      const { log } = open(sessions);
      log.append({ event: { id: '1', invocationId: 'e', author: 'a', timestamp: 0 } });
      jest.advanceTimersByTime(59_000);
      expect(log.oldest).toBe(1);
      jest.advanceTimersByTime(12_000);
      expect([log.oldest, log.bytes]).toEqual([2, 0]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the end of the server', () => {
  test('finishTurns waits until each reply is complete', async () => {
    const server = closing(await startScriptedGemini());
    const sessions = closing(sessionsOf(runnerFor(modelAt(server.url))));
    const [talking, silent] = [open(sessions), open(sessions, { userId: 'bob' })];
    const peer = await server.connection(0);
    peer.say('One, ');
    await until(() => talking.log.midTurn || silent.log.midTurn);
    let finished = false;
    const finishing = sessions.finishTurns(600_000).then(() => {
      finished = true;
    });
    const { head } = talking.log;
    peer.say('two.');
    await until(() => talking.log.head > head || silent.log.midTurn);
    expect(finished).toBe(false);
    peer.completeTurn();
    await finishing;
  });

  test('finishTurns does not wait for longer than it may', async () => {
    const { sessions } = await emulated({}, 0.05);
    const session = open(sessions);
    session.send([say('count to thirty')]);
    await until(() => session.log.midTurn);
    await sessions.finishTurns(10);
    expect(session.log.midTurn).toBe(true);
  });

  test('finishTurns without sessions resolves at once', async () => {
    await quiet().finishTurns(600_000);
  });

  test('stop lets go of all connections to the model', async () => {
    const { emulator, sessions } = await emulated();
    open(sessions);
    open(sessions, { userId: 'bob' });
    await until(() => emulator.connections === 2);
    sessions.stop();
    expect(sessions.size).toBe(0);
    await until(() => emulator.connections === 0);
  });
});

test('a session is logged when it opens and when it ends, with its ids', () => {
  const { logger, lines } = recordingLogger();
  const sessions = quiet({ logger });
  open(sessions).end({ reason: 'idle' });
  expect(lines).toMatchObject([
    { level: 'info', message: 'live session opened', details: { userId: 'ann', sessionId: 'default' } },
    { level: 'info', message: 'live session ended', details: { userId: 'ann', sessionId: 'default', reason: 'idle' } },
  ]);
});
