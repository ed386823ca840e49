import { beforeEach, describe, expect, test } from '@jest/globals';
import { Connections } from '../../src/session/connections.ts';
import { LiveLog } from '../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../src/session/log/log-writer.ts';
import type { Attachment } from '../../src/session/session-handle.ts';
import { formatCursor } from '../../src/wire/cursor.ts';

let log: LiveLog;
let writer: LogWriter;
let connections: Connections;
let resets: string[];
let emptied: number;

beforeEach(() => {
  log = new LiveLog({ epoch: createEpoch(), limits: { bytes: 100_000, ageMs: 60_000 } });
  writer = new LogWriter(log);
  resets = [];
  emptied = 0;
  connections = new Connections({
    log,
    nextPost: (client) => client.length,
    createReset: async (reason) => {
      resets.push(reason);
      return { position: { seq: log.head + 1, frames: 0 }, reset: { reason, turns: [], truncated: false } };
    },
    countReader: () => () => {},
    onEmpty: () => {
      emptied += 1;
    },
  });
});

function append(count: number): void {
  for (let entry = 0; entry < count; entry += 1) {
    writer.append({ failure: { error: 'entry', code: 'agent_failed', retry: false } });
  }
}

const attach = (client?: string, cursor?: string, replacesSilent = false) =>
  connections.attach({ client, cursor, replacesSilent });

/** Activates a connection, and records what happens to it. */
function activate(attachment: Attachment): string[] {
  const happened: string[] = [];
  attachment.activate({
    onSuperseded: () => happened.push('superseded'),
    onDrain: (retryMs) => happened.push(`drain ${retryMs}`),
  });
  return happened;
}

describe('the start of a connection', () => {
  test('the first connection without a cursor starts at the first entry, a further one at the head', async () => {
    append(3);
    expect((await attach()).start).toEqual({ position: { seq: 1, frames: 0 } });
    expect((await attach()).start).toEqual({ position: { seq: 4, frames: 0 } });
  });

  test('a connection without a cursor starts where the last one stood, if there is no other', async () => {
    append(3);
    const first = await attach();
    first.detach({ seq: 2, frames: 1 });
    expect((await attach()).start).toEqual({ position: { seq: 2, frames: 1 } });
  });

  test('a connection without a cursor starts with a reset if the last one did: a client that has received the reset has a cursor', async () => {
    append(3);
    (await attach('a', 'garbage')).detach({ seq: 4, frames: 0 });
    append(1);
    expect((await attach('a')).start).toMatchObject({
      position: { seq: 5, frames: 0 },
      reset: { reason: 'too_old' },
    });
  });

  test('a poll of a client whose stream receives nothing starts where the stream started', async () => {
    append(3);
    await attach('a', formatCursor(log.epoch, 1));
    expect((await attach('a', undefined, true)).start.position).toEqual({ seq: 2, frames: 0 });
    expect((await attach('b', undefined, true)).start.position).toEqual({ seq: 4, frames: 0 });
    expect((await attach(undefined, undefined, true)).start.position).toEqual({ seq: 4, frames: 0 });
  });

  test('a poll of a client whose silent stream started with a reset, or was reset later, gets a reset of its own', async () => {
    append(3);
    await attach('a', 'garbage');
    expect((await attach('a', undefined, true)).start.reset?.reason).toBe('malformed');
    const overtaken = await attach('b', formatCursor(log.epoch, 1));
    log.release(3);
    append(2);
    await overtaken.restart();
    append(1);
    expect((await attach('b', undefined, true)).start).toMatchObject({
      position: { seq: 7, frames: 0 },
      reset: { reason: 'too_old' },
    });
  });

  test('a connection whose cursor leads nowhere starts with a reset', async () => {
    append(3);
    const { start } = await attach('a', 'garbage');
    expect(start).toMatchObject({ position: { seq: 4, frames: 0 }, reset: { reason: 'malformed' } });
    expect((await attach('a', formatCursor('A'.repeat(16), 1))).start.reset?.reason).toBe('unknown_epoch');
    expect(resets).toEqual(['malformed', 'unknown_epoch']);
  });

  test('a connection that the log has overtaken gets a new start with a reset', async () => {
    append(3);
    const attachment = await attach('a');
    log.release(3);
    append(2);
    expect(await attachment.restart()).toMatchObject({ position: { seq: 6, frames: 0 }, reset: { reason: 'too_old' } });
    expect(connections.findWritten('a')).toBe(5);
  });
});

describe('the push connection of a client', () => {
  test('a newer connection supersedes the older one when it is activated, and not before', async () => {
    const [older, newer] = [await attach('a'), await attach('a')];
    const toOlder = activate(older);
    expect(toOlder).toEqual([]);
    const toNewer = activate(newer);
    expect([toOlder, toNewer]).toEqual([['superseded'], []]);
  });

  test('connections of different clients, and without a client, do not supersede each other', async () => {
    const happened = [];
    for (const client of ['a', 'b', undefined, undefined]) happened.push(activate(await attach(client)));
    expect(happened).toEqual([[], [], [], []]);
  });

  test('the end of a superseded connection leaves the newer one in place', async () => {
    const [older, newer] = [await attach('a'), await attach('a')];
    activate(older);
    activate(newer);
    newer.recordWritten(7);
    older.detach({ seq: 1, frames: 0 });
    expect(connections.findWritten('a')).toBe(7);
  });

  test('written is the newest entry that was written to the push connection, or the entry before the start of a poll', async () => {
    append(3);
    expect(connections.findWritten('a')).toBeNull();
    const poll = await attach('a', formatCursor(log.epoch, 2));
    expect(connections.findWritten('a')).toBe(2);
    const stream = await attach('a', formatCursor(log.epoch, 0));
    activate(stream);
    expect(connections.findWritten('a')).toBe(0);
    stream.recordWritten(3);
    expect(connections.findWritten('a')).toBe(3);
    stream.detach({ seq: 4, frames: 0 });
    expect(connections.findWritten('a')).toBe(2);
    poll.detach({ seq: 3, frames: 0 });
    expect(connections.findWritten('a')).toBeNull();
  });
});

describe('presence', () => {
  test('onEmpty is called when the last connection is detached, once for each time', async () => {
    const [one, two] = [await attach('a'), await attach()];
    one.detach({ seq: 1, frames: 0 });
    one.detach({ seq: 1, frames: 0 });
    expect([connections.size, emptied]).toEqual([1, 0]);
    two.detach({ seq: 1, frames: 0 });
    two.detach({ seq: 1, frames: 0 });
    expect([connections.size, emptied]).toEqual([0, 1]);
    (await attach()).detach({ seq: 1, frames: 0 });
    expect(emptied).toBe(2);
  });

  test('drain reaches every activated connection, each with its own wait', async () => {
    const happened = [activate(await attach('a')), activate(await attach())];
    await attach('poll');
    let retryMs = 0;
    connections.drain(() => {
      retryMs += 100;
      return retryMs;
    });
    expect(happened).toEqual([['drain 100'], ['drain 200']]);
  });
});

test('a connection that is drained before it is activated is drained when it is activated', async () => {
  const attachment = await attach('a');
  connections.drain(() => 300);
  expect(activate(attachment)).toEqual(['drain 300']);
});

test('a connection whose reset cannot be created is detached, so that the session is not kept open for it', async () => {
  const failing = new Connections({
    log,
    nextPost: () => 1,
    createReset: () => Promise.reject(new Error('no conversation')),
    countReader: () => () => {},
    onEmpty: () => {
      emptied += 1;
    },
  });
  await expect(failing.attach({ client: 'a', cursor: 'garbage' })).rejects.toThrow('no conversation');
  expect([failing.size, emptied]).toEqual([0, 1]);
});

describe('acknowledgements', () => {
  test('an attachment shows what its client has acknowledged, and the number of its next POST', async () => {
    append(5);
    const [named, anonymous] = [await attach('abc'), await attach()];
    expect([named.acked, named.next, anonymous.acked, anonymous.next]).toEqual([undefined, 3, undefined, 1]);
    connections.acknowledge('abc', 2);
    connections.acknowledge('abc', 1);
    expect([named.acked, anonymous.acked]).toEqual([2, undefined]);
    connections.acknowledge('abc', 99);
    expect(named.acked).toBe(5);
  });

  test('an acknowledgement wakes the readers and releases what no reader needs', async () => {
    append(5);
    await attach('a');
    let wakes = 0;
    log.subscribe(() => {
      wakes += 1;
    });
    connections.acknowledge('a', 3);
    expect([log.oldest, wakes]).toEqual([4, 1]);
  });
});
