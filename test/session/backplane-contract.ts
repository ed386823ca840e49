import { describe, expect, test } from '@jest/globals';
import type { Backplane, Lease, SessionCommand } from '../../src/session/backplane.ts';
import { LiveLog } from '../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../src/session/log/log-writer.ts';
import type { ConversationKey } from '../../src/store/conversation-key.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import { until } from '../models/until.ts';
import { say } from './live.ts';

/** Processes that share one backplane. */
export interface Cluster {
  /** Adds a process. */
  join(): Promise<Backplane>;
  /** Lets the lease of a session expire, as if its owner had hung. */
  expire(key: ConversationKey): Promise<void>;
}

const KEY: ConversationKey = { appName: 'app', userId: 'ann', sessionId: 'default' };
const OTHER_KEY: ConversationKey = { appName: 'app', userId: 'ann', sessionId: 'other' };

function createLog(): LiveLog {
  return new LiveLog({ epoch: createEpoch(), limits: { bytes: 1024 * 1024, ageMs: 60_000 } });
}

async function claim(backplane: Backplane, key = KEY, log = createLog()): Promise<Lease> {
  const lease = await backplane.claim(key, log);
  if (!lease) throw new Error('the session has an owner');
  return lease;
}

/** Tests that every backplane passes. @param startCluster starts an empty cluster, which the caller ends after the test */
export function testBackplane(startCluster: () => Promise<Cluster>): void {
  describe('ownership', () => {
    test('one process at a time owns a session, and another session has an owner of its own', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      await claim(one);
      expect(await two.claim(KEY, createLog())).toBeUndefined();
      expect(await one.claim(KEY, createLog())).toBeUndefined();
      await claim(two, OTHER_KEY);
    });

    test('of two processes that claim a session at the same time, one becomes its owner', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const leases = await Promise.all([one.claim(KEY, createLog()), two.claim(KEY, createLog())]);
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    test('a released session can be claimed again at once, by the same process and by another, and the token grows', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const first = await claim(one);
      void first.release();
      const second = await claim(one);
      await second.release();
      const third = await claim(two);
      expect([first.lost.aborted, second.lost.aborted]).toEqual([false, false]);
      expect(second.token).toBeGreaterThan(first.token);
      expect(third.token).toBeGreaterThan(second.token);
    });

    test('a lease that expires is lost, and another process can claim the session', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const first = await claim(one);
      await cluster.expire(KEY);
      await until(() => first.lost.aborted);
      const second = await claim(two);
      expect(second.token).toBeGreaterThan(first.token);
      // The former owner cannot take the session from its successor.
      await first.release();
      expect(await one.claim(KEY, createLog())).toBeUndefined();
      expect(second.lost.aborted).toBe(false);
    });

    test('a process that leaves loses its leases, and no others', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const [leaving, staying] = [await claim(one), await claim(two, OTHER_KEY)];
      await one.close();
      await until(() => leaving.lost.aborted);
      expect(staying.lost.aborted).toBe(false);
      await claim(two);
    });
  });

  test('reserved sequence numbers are consecutive, begin above the head of the log, and are never reserved twice', async () => {
    const cluster = await startCluster();
    const lease = await claim(await cluster.join());
    expect([await lease.reserve(100), await lease.reserve(50), await lease.reserve(1)]).toEqual([1, 101, 151]);
  });

  describe('followers', () => {
    test('a follower reads the entries that were published before and after it began to follow, and is woken by each', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const log = createLog();
      const lease = await claim(one, KEY, log);
      const writer = new LogWriter(log);
      const publish = (error: string) =>
        lease.publish(writer.append({ failure: { error, code: 'agent_failed', retry: false } }));
      publish('first');
      const view = await two.follow(KEY);
      if (!view) throw new Error('nothing to follow');
      expect([view.epoch, view.oldest]).toEqual([log.epoch, 1]);
      await until(() => view.head === 1);
      let wakes = 0;
      const unsubscribe = view.subscribe(() => {
        wakes += 1;
      });
      publish('second');
      await until(() => view.head === 2 && wakes > 0);
      unsubscribe();
      expect([1, 2].map((seq) => view.at(seq)?.entry.message.failure?.error)).toEqual(['first', 'second']);
    });

    test('a session without an owner cannot be followed', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      expect(await two.follow(KEY)).toBeUndefined();
      const lease = await claim(one);
      await lease.release();
      expect(await two.follow(KEY)).toBeUndefined();
    });
  });

  describe('commands', () => {
    const post = (cseq: number): SessionCommand => ({
      kind: 'post',
      post: {
        envelope: { client: 'a', cseq, ack: { epoch: 'A'.repeat(16), seq: 0 } },
        body: { requests: [toSizedRequest(say(`message ${cseq}`))] },
      },
    });

    test('a command reaches the owner as it was sent, and the caller gets the answer', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const lease = await claim(one);
      const received: SessionCommand[] = [];
      lease.onCommand(async (command) => {
        received.push(command);
        return { status: 'sent', next: 2, written: null };
      });
      expect(await two.call(KEY, post(1))).toEqual({ status: 'sent', next: 2, written: null });
      expect(received).toEqual([post(1)]);
    });

    test('commands of one process arrive in the order in which they were sent', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      const lease = await claim(one);
      const received: SessionCommand[] = [];
      lease.onCommand(async (command) => {
        received.push(command);
        return { status: 'ended' };
      });
      const sent = [1, 2, 3, 4, 5].map(post);
      await Promise.all(sent.map((command) => two.call(KEY, command)));
      expect(received).toEqual(sent);
    });

    test('a command to a session without an owner, or whose owner handles no commands, has no answer', async () => {
      const cluster = await startCluster();
      const [one, two] = [await cluster.join(), await cluster.join()];
      expect(await two.call(KEY, post(1))).toBeUndefined();
      const lease = await claim(one);
      const stop = lease.onCommand(async () => ({ status: 'ended' }));
      stop();
      expect(await two.call(KEY, post(1))).toBeUndefined();
      await lease.release();
      expect(await two.call(KEY, post(1))).toBeUndefined();
    });
  });
}
