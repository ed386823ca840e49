import { describe, expect, test } from '@jest/globals';
import type { Lease } from '../../src/session/backplane.ts';
import { LiveLog } from '../../src/session/log/live-log.ts';
import { createEpoch } from '../../src/session/log/log-writer.ts';
import { OwnedLog } from '../../src/session/owned-log.ts';
import type { LogEntry, LogMessage } from '../../src/wire/log-entry.ts';

const RESERVED = 10_000;

/** A lease whose reservations the test answers. */
class ManualLease implements Lease {
  readonly token = 1;
  readonly lost = new AbortController().signal;
  readonly published: LogEntry[] = [];
  /** Pending reservations. */
  readonly reservations: { count: number; resolve(first: number): void; reject(error: Error): void }[] = [];

  reserve(count: number): Promise<number> {
    return new Promise((resolve, reject) => this.reservations.push({ count, resolve, reject }));
  }

  publish(entry: LogEntry): void {
    this.published.push(entry);
  }

  onCommand(): () => void {
    return () => undefined;
  }

  async release(): Promise<void> {}
}

async function openLog() {
  const lease = new ManualLease();
  const log = new LiveLog({ epoch: createEpoch(), limits: { bytes: 4_000, ageMs: 60_000 } });
  const exhausted: number[] = [];
  const owned = new OwnedLog({ log, lease, onExhausted: () => exhausted.push(log.head) });
  const opening = owned.open();
  lease.reservations[0]?.resolve(1);
  await opening;
  const fill = (head: number) => {
    while (log.head < head) owned.append(message(`${log.head + 1}`));
  };
  return { lease, log, owned, exhausted, fill };
}

const message = (error: string): LogMessage => ({ failure: { error, code: 'agent_failed', retry: false } });

test('an entry is in the log when it is published, with its number', async () => {
  const { lease, log, owned } = await openLog();
  let headAtPublish = 0;
  const publish = lease.publish.bind(lease);
  lease.publish = (entry) => {
    headAtPublish = log.head;
    publish(entry);
  };
  owned.append(message('hello'));
  expect(headAtPublish).toBe(1);
  expect(lease.published).toEqual([{ seq: 1, turn: 1, message: message('hello') }]);
});

describe('sequence numbers', () => {
  test('more numbers are reserved once half of them are used, one reservation at a time', async () => {
    const { lease, fill } = await openLog();
    fill(RESERVED / 2);
    expect(lease.reservations).toHaveLength(1);
    fill(RESERVED / 2 + 100);
    expect(lease.reservations.map(({ count }) => count)).toEqual([RESERVED, RESERVED]);
    lease.reservations[1]?.resolve(RESERVED + 1);
    await new Promise(setImmediate);
    fill(RESERVED * 1.5);
    expect(lease.reservations).toHaveLength(2);
    fill(RESERVED * 1.5 + 1);
    expect(lease.reservations).toHaveLength(3);
  });

  test('a reservation that fails is repeated with the next entry', async () => {
    const { lease, fill, exhausted } = await openLog();
    fill(RESERVED / 2 + 1);
    lease.reservations[1]?.reject(new Error('the backplane is gone'));
    await new Promise(setImmediate);
    fill(RESERVED / 2 + 2);
    expect(lease.reservations).toHaveLength(3);
    expect(exhausted).toEqual([]);
  });

  test('when the numbers run out, no entry is written and the owner is told once', async () => {
    const { lease, log, owned, fill, exhausted } = await openLog();
    fill(RESERVED);
    owned.append(message('one too many'));
    owned.append(message('and another'));
    expect([log.head, lease.published.length, exhausted]).toEqual([RESERVED, RESERVED, [RESERVED]]);
  });

  test('a log whose first reservation fails does not open', async () => {
    const lease = new ManualLease();
    const log = new LiveLog({ epoch: createEpoch(), limits: { bytes: 4_000, ageMs: 60_000 } });
    const opening = new OwnedLog({ log, lease, onExhausted: () => undefined }).open();
    lease.reservations[0]?.reject(new Error('the backplane is gone'));
    await expect(opening).rejects.toThrow('the backplane is gone');
  });
});

test('a closed log discards messages', async () => {
  const { lease, log, owned, exhausted } = await openLog();
  owned.append(message('first'));
  owned.close();
  owned.append(message('second'));
  expect([log.head, lease.published.length, exhausted]).toEqual([1, 1, []]);
});
