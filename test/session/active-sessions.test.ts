import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import { MemoryBackplane, MemoryHub } from '../../src/session/memory-backplane.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { OpenParams } from '../../src/session/session-handle.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { open, recordingLogger, say, send, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.restoreAllMocks();
});

async function emulated(options: Partial<ActiveSessionsOptions> = {}, pace = 50) {
  const emulator = closing(await startGeminiEmulator({ pace, strict: true }));
  return { emulator, sessions: closing(sessionsOf(runnerFor(modelAt(emulator.url)), options)) };
}

/** A Runner without a model, for tests with a thousand sessions. */
const quietRunner: LiveRunner = {
  card: runnerFor(modelAt('http://127.0.0.1:1')).card,
  // biome-ignore lint/correctness/useYield: the run has no events
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
  runConfig: {},
  cursor: undefined,
  reconnect: false,
  ...more,
});

/** Returns the code of the error that a promise is rejected with; `none` if it is fulfilled. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'none';
}

describe('open', () => {
  test('open returns the same session for the same ids and another one for other ids', async () => {
    const sessions = quiet();
    const session = await open(sessions);
    expect(await open(sessions)).toBe(session);
    expect(await open(sessions, { sessionId: 'other' })).not.toBe(session);
    expect(await open(sessions, { userId: 'bob' })).not.toBe(session);
    expect(sessions.size).toBe(3);
    expect(await sessions.get('ann', 'default')).toBe(session);
    expect(session.info.modality).toBe('TEXT');
  });

  test('get waits for a session that is being opened', async () => {
    const sessions = quiet();
    const opened = open(sessions);
    expect(await sessions.get('ann', 'default')).toBe(await opened);
  });

  test('two readers that open a session at the same time get the same one, and the second applies its settings', async () => {
    const sessions = quiet();
    const [first, second] = await Promise.all([
      sessions.open(params()),
      sessions.open(params({ runConfig: { responseModalities: ['AUDIO'] } })),
    ]);
    if (first === 'ended' || second === 'ended') throw new Error('the session has ended');
    expect(second.session).toBe(first.session);
    expect([first.replaced, second.replaced]).toEqual([false, true]);
    expect(first.session.info.modality).toBe('AUDIO');
    expect(sessions.size).toBe(1);
  });

  test('conversations of different users are separate', async () => {
    const { sessions } = await emulated();
    const [ann, bob] = [await open(sessions), await open(sessions, { userId: 'bob' })];
    const [atAnn, atBob] = [await TestReader.attach(ann), await TestReader.attach(bob)];
    await send(ann, [say('My name is Ann.')]);
    await atAnn.turn(1);
    await send(bob, [say('What did I say?')]);
    expect(await atBob.turn(1)).toBe('You said nothing before.');
  });

  test('a session beyond maxSessions is refused with too_many_sessions, a live one is not', async () => {
    const sessions = quiet({ maxSessions: 2 });
    const [first] = await Promise.all([open(sessions, { userId: 'a' }), open(sessions, { userId: 'b' })]);
    expect(await codeOf(open(sessions, { userId: 'c' }))).toBe('too_many_sessions');
    expect(await codeOf(open(sessions, { userId: 'a' }))).toBe('none');
    first.end({ reason: 'idle' });
    expect(await codeOf(open(sessions, { userId: 'c' }))).toBe('none');
  });

  test('a new session is refused with server_busy while four fifths of the memory for clients are used, a live one is not', async () => {
    const memory = new MemoryBudget(1_000_000);
    const sessions = quiet({ memory });
    await open(sessions, { userId: 'a' });
    memory.add(900_000);
    expect(await codeOf(open(sessions, { userId: 'b' }))).toBe('server_busy');
    expect(await codeOf(open(sessions, { userId: 'a' }))).toBe('none');
    memory.release(900_000);
    expect(await codeOf(open(sessions, { userId: 'b' }))).toBe('none');
  });

  test('sessions that are being opened count against maxSessions', async () => {
    const sessions = quiet({ maxSessions: 1 });
    const opening = [open(sessions, { userId: 'a' }), open(sessions, { userId: 'b' })];
    expect(await Promise.all(opening.map(codeOf))).toEqual(['none', 'too_many_sessions']);
  });
});

describe('closed sessions', () => {
  async function closed() {
    const { sessions } = await emulated();
    const session = await open(sessions);
    await send(session, [{ close: true }]);
    await until(() => session.ended);
    return { sessions, epoch: session.log.epoch };
  }

  test('senders get session_ended, and readers with a cursor of the closed session get ended', async () => {
    const { sessions, epoch } = await closed();
    expect(await codeOf(sessions.get('ann', 'default'))).toBe('session_ended');
    expect(await sessions.open(params({ cursor: formatCursor(epoch, 1), reconnect: true }))).toBe('ended');
    expect(await sessions.open(params({ cursor: formatCursor(epoch, 1, 1) }))).toBe('ended');
    expect(sessions.size).toBe(0);
  });

  test('a reader without a cursor gets a new session, and readers with a cursor of the closed session still get ended', async () => {
    const { sessions, epoch } = await closed();
    const next = await open(sessions);
    expect(next.log.epoch).not.toBe(epoch);
    expect(await sessions.get('ann', 'default')).toBe(next);
    expect(await sessions.open(params({ cursor: formatCursor(epoch, 1) }))).toBe('ended');
  });

  test('a reader with a cursor of another epoch, or an invalid one, gets a new session', async () => {
    const { sessions } = await closed();
    const session = await open(sessions, { cursor: formatCursor('A'.repeat(16), 1), reconnect: true });
    expect(await open(sessions, { cursor: 'garbage' })).toBe(session);
  });

  test('after ten minutes senders get session_not_found, and readers with an old cursor get a new session', async () => {
    const { sessions, epoch } = await closed();
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 10 * 60_000 - 1_000);
    expect(await codeOf(sessions.get('ann', 'default'))).toBe('session_ended');
    clock.mockReturnValue(now + 10 * 60_000 + 1_000);
    expect(await codeOf(sessions.get('ann', 'default'))).toBe('session_not_found');
    expect(await sessions.open(params({ cursor: formatCursor(epoch, 1) }))).not.toBe('ended');
  });

  test('of more than 1,000 closed sessions the oldest is forgotten', async () => {
    const sessions = quiet({ maxSessions: 2_000 });
    for (let index = 0; index <= 1_000; index += 1) {
      const session = await open(sessions, { sessionId: `s${index}` });
      session.end({ reason: 'closed' });
    }
    expect(await codeOf(sessions.get('ann', 's0'))).toBe('session_not_found');
    expect(await codeOf(sessions.get('ann', 's1'))).toBe('session_ended');
    expect(await codeOf(sessions.get('ann', 's1000'))).toBe('session_ended');
  });
});

test('a session whose conversation was deleted is ended for its readers: a client that reconnects does not bring it back', async () => {
  const sessions = quiet();
  const session = await open(sessions);
  session.end({ reason: 'deleted' });
  expect(await codeOf(sessions.get('ann', 'default'))).toBe('session_ended');
  expect(await sessions.open(params({ cursor: formatCursor(session.log.epoch, 1) }))).toBe('ended');
  expect(await sessions.open(params({}))).not.toBe('ended');
});

test('a session is not opened while its conversation is changed, whatever becomes of the change', async () => {
  const sessions = quiet();
  const key = { appName: quietRunner.card.appName, userId: 'ann', sessionId: 'default' };
  const { promise, reject } = Promise.withResolvers<void>();
  const changed = sessions.change(key, () => promise);
  const opened = sessions.open(params({}));
  const isOpen = jest.fn();
  void opened.then(isOpen);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOpen).not.toHaveBeenCalled();
  reject(new Error('the store has failed'));
  await expect(changed).rejects.toThrow('the store has failed');
  expect(await opened).not.toBe('ended');
});

test('changes of one conversation that are requested at the same time follow each other', async () => {
  const sessions = quiet();
  const key = { appName: quietRunner.card.appName, userId: 'ann', sessionId: 'default' };
  const steps: string[] = [];
  const change = (name: string) =>
    sessions.change(key, async () => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} ends`);
    });
  await Promise.all(['a', 'b', 'c'].map(change));
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test.each(['idle', 'max_duration'] as const)(
  'a session that ended by %s is session_not_found, and its readers get a new one',
  async (reason) => {
    const sessions = quiet();
    const session = await open(sessions);
    session.end({ reason });
    expect(await codeOf(sessions.get('ann', 'default'))).toBe('session_not_found');
    expect(await sessions.open(params({ cursor: formatCursor(session.log.epoch, 1) }))).not.toBe('ended');
  },
);

test('a session that was never opened is session_not_found', async () => {
  expect(await codeOf(quiet().get('ann', 'default'))).toBe('session_not_found');
});

describe('change of owner', () => {
  const KEY = { appName: quietRunner.card.appName, userId: 'ann', sessionId: 'default' };

  async function lost() {
    const hub = new MemoryHub();
    const sessions = quiet({ backplane: new MemoryBackplane(hub) });
    const session = await open(sessions);
    const attachment = await session.attach({ client: 'a', cursor: undefined });
    const drains: number[] = [];
    attachment.activate({ onSuperseded: () => undefined, onDrain: (retryMs) => drains.push(retryMs) });
    const { head } = session.log;
    hub.expire(KEY);
    return { sessions, session, head, drains };
  }

  test('the session stops, writes nothing more to its log, and sends its connections away', async () => {
    const { sessions, session, head, drains } = await lost();
    expect([session.over, session.ended, session.log.head, sessions.size]).toEqual([true, undefined, head, 0]);
    expect(drains).toEqual([1_000]);
    await expect(send(session, [say('hello')])).rejects.toThrow(new WireError('draining'));
    expect(await codeOf(session.attach({ client: 'b', cursor: undefined }))).toBe('draining');
    session.end({ reason: 'closed' });
    expect([session.ended, session.log.head]).toEqual([undefined, head]);
  });

  test('the old session leaves its successor in place when it ends late', async () => {
    const { sessions, session } = await lost();
    const successor = await open(sessions);
    expect(successor).not.toBe(session);
    session.end({ reason: 'closed' });
    session.stop();
    expect(sessions.size).toBe(1);
    expect(await sessions.get('ann', 'default')).toBe(successor);
  });

  test('a reader with the cursor of the old session gets a new one', async () => {
    const { sessions, session } = await lost();
    const cursor = formatCursor(session.log.epoch, session.log.head);
    expect(await sessions.open(params({ cursor, reconnect: true }))).not.toBe('ended');
  });

  test('the session can be opened by one process at a time', async () => {
    const hub = new MemoryHub();
    const [here, there] = [
      quiet({ backplane: new MemoryBackplane(hub) }),
      quiet({ backplane: new MemoryBackplane(hub) }),
    ];
    const session = await open(here);
    await expect(open(there)).rejects.toThrow('another process serves the session');
    expect(there.size).toBe(0);
    session.end({ reason: 'idle' });
    expect(await open(there)).not.toBe(session);
  });
});

test('a session ends, and the server log has a warning, if its ownership cannot be released', async () => {
  const { logger, lines } = recordingLogger();
  const backplane = new MemoryBackplane();
  const claim = backplane.claim.bind(backplane);
  backplane.claim = async (...params) => {
    const lease = await claim(...params);
    if (lease) lease.release = () => Promise.reject(new Error('the backplane is gone'));
    return lease;
  };
  const sessions = quiet({ logger, backplane });
  const session = await open(sessions);
  session.end({ reason: 'idle' });
  expect([session.ended, sessions.size]).toEqual([{ reason: 'idle' }, 0]);
  await until(() => lines.some(({ level }) => level === 'warn'));
});

test('a command of another process reaches the live session', async () => {
  const hub = new MemoryHub();
  const session = await open(quiet({ backplane: new MemoryBackplane(hub) }));
  const other = new MemoryBackplane(hub);
  const key = { appName: quietRunner.card.appName, userId: 'ann', sessionId: 'default' };
  const envelope = { client: 'a', cseq: 1, ack: { epoch: session.log.epoch, seq: 0 } };
  const post = { envelope, body: { requests: [toSizedRequest(say('hello'))] } };
  expect(await other.call(key, { kind: 'post', post })).toEqual({ status: 'sent', next: 2, written: null });
  expect(await other.call(key, { kind: 'end', end: { reason: 'deleted' } })).toEqual({ status: 'ended' });
  expect(session.ended).toEqual({ reason: 'deleted' });
  expect(await other.call(key, { kind: 'post', post })).toBeUndefined();
});

test('logs are trimmed at an interval when nothing is appended to them', async () => {
  jest.useFakeTimers({ now: 0 });
  try {
    const sessions = quiet({ logLimits: { bytes: 100_000, ageMs: 60_000 } });
    const { log } = await open(sessions);
    log.append({ seq: 1, turn: 1, message: { event: { id: '1', invocationId: 'e', author: 'a', timestamp: 0 } } });
    jest.advanceTimersByTime(59_000);
    expect(log.oldest).toBe(1);
    jest.advanceTimersByTime(12_000);
    expect([log.oldest, log.bytes]).toEqual([2, 0]);
  } finally {
    jest.useRealTimers();
  }
});

describe('shutdown', () => {
  test('finishTurns resolves when each reply is complete', async () => {
    const server = closing(await startScriptedGemini());
    const sessions = closing(sessionsOf(runnerFor(modelAt(server.url))));
    const [talking, silent] = [await open(sessions), await open(sessions, { userId: 'bob' })];
    const peer = await server.connection(0);
    peer.say('One, ');
    await until(() => talking.midTurn || silent.midTurn);
    let finished = false;
    const finishing = sessions.finishTurns(600_000).then(() => {
      finished = true;
    });
    const { head } = talking.log;
    peer.say('two.');
    await until(() => talking.log.head > head || silent.midTurn);
    expect(finished).toBe(false);
    peer.completeTurn();
    await finishing;
  });

  test('finishTurns resolves after its time limit when a reply is not complete', async () => {
    const { sessions } = await emulated({}, 0.05);
    const session = await open(sessions);
    await send(session, [say('count to thirty')]);
    await until(() => session.midTurn);
    await sessions.finishTurns(10);
    expect(session.midTurn).toBe(true);
  });

  test('finishTurns resolves at once when there are no sessions', async () => {
    await quiet().finishTurns(600_000);
  });

  test('stop closes all connections to the model, and no session can be opened', async () => {
    const { emulator, sessions } = await emulated();
    await open(sessions);
    await open(sessions, { userId: 'bob' });
    await until(() => emulator.connections === 2);
    sessions.stop(() => 0);
    expect(sessions.size).toBe(0);
    await until(() => emulator.connections === 0);
    expect(await codeOf(open(sessions))).toBe('draining');
  });

  test('stop refuses a session that is being opened', async () => {
    const sessions = quiet();
    const opening = open(sessions);
    sessions.stop(() => 0);
    expect(await codeOf(opening)).toBe('draining');
    expect(sessions.size).toBe(0);
  });

  test('stop drains the connections of live sessions and of sessions that have ended, each with its own wait', async () => {
    const sessions = quiet();
    const drains: number[] = [];
    const attach = async (userId: string) => {
      const session = await open(sessions, { userId });
      const attachment = await session.attach({ client: undefined, cursor: undefined });
      attachment.activate({ onSuperseded: () => undefined, onDrain: (retryMs) => drains.push(retryMs) });
      return { session, attachment };
    };
    const [, ended, left] = [await attach('live'), await attach('ended'), await attach('left')];
    ended.session.end({ reason: 'closed' });
    left.session.end({ reason: 'closed' });
    left.attachment.detach({ seq: 1, frames: 0 });
    let retryMs = 0;
    sessions.stop(() => {
      retryMs += 100;
      return retryMs;
    });
    expect(drains).toEqual([100, 200]);
  });
});

test('the log has a line with the ids when a session opens and when it ends', async () => {
  const { logger, lines } = recordingLogger();
  const session = await open(quiet({ logger }));
  session.end({ reason: 'idle' });
  expect(lines).toMatchObject([
    { level: 'info', message: 'live session opened', details: { userId: 'ann', sessionId: 'default' } },
    { level: 'info', message: 'live session ended', details: { userId: 'ann', sessionId: 'default', reason: 'idle' } },
  ]);
});
