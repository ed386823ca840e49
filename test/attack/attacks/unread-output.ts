import type { Attack } from '../attack.ts';
import type { Target } from '../target.ts';

const MEGABYTE = 1_024 * 1_024;
const HOST = 'HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Attacks that make the server produce output, and do not read it. */
export const outputAttacks: readonly Attack[] = [
  {
    name: 'pipelined-polls',
    does: 'has 1 MB of text in a log, then sends 1,000 polls for it in one write, and reads nothing',
    stoppedBy: 'unanswered requests of a connection; bytes that wait for a connection',
    async run(target) {
      await fillLog(target, target.name, MEGABYTE);
      const connection = await target.connect();
      connection?.pause().write(`GET /poll/${target.name}?since=z ${HOST}`.repeat(target.times(1_000)));
      await target.wait(4_000);
    },
  },
  {
    name: 'unread-streams',
    does: 'opens 2,000 streams with an old id, each of which begins with the whole conversation of 1 MB, and reads nothing',
    stoppedBy:
      'readers of a user and connections of an address; characters of a reset; bytes that wait for a connection; STALL_MS',
    async run(target) {
      await fillLog(target, target.name, MEGABYTE);
      await target.inLanes(40, target.times(2_000), async () => {
        const connection = await target.connect();
        connection?.pause().write(`GET /events/${target.name}?since=z ${HOST}`);
      });
      await target.wait(4_000);
    },
  },
  {
    name: 'unread-streams-distributed',
    does: 'does the same with 200 users from 200 addresses, ten streams each',
    stoppedBy: 'bytes that all connections and sessions hold: MAX_HELD_BYTES; STALL_MS',
    async run(target) {
      const users = target.times(200);
      await target.inLanes(20, users, (index) =>
        fillLog(target, `${target.name}${index}`, MEGABYTE / 16, target.address(index)),
      );
      await target.inLanes(40, users * 10, async (index) => {
        const connection = await target.connect(target.address(index % users));
        connection?.pause().write(`GET /events/${target.name}${index % users}?since=z ${HOST}`);
      });
      await target.wait(3_000);
    },
  },
  {
    name: 'held-polls',
    does: 'holds 50,000 polls on five connections',
    stoppedBy: 'unanswered requests of a connection; readers of a user',
    async run(target) {
      await target.openSession(target.name);
      const batch = `GET /poll/${target.name}?wait=25&since=z ${HOST}`.replace(
        'since=z',
        `since=${await findCursor(target, target.name)}`,
      );
      for (let index = 0; index < 5; index += 1) {
        const connection = await target.connect();
        connection?.write(batch.repeat(target.times(10_000)));
      }
      await target.wait(5_000);
    },
  },
  {
    name: 'pipelined-files',
    does: 'sends a stream and 200 files in one write, and closes, again and again',
    stoppedBy: 'unanswered requests of a connection; a file is opened when its turn has come',
    async run(target) {
      await target.inLanes(4, target.times(40), async () => {
        const connection = await target.connect();
        await connection?.flush(`GET /events/${target.name} ${HOST}${`GET /static/page.js.map ${HOST}`.repeat(200)}`);
        await target.wait(50);
        connection?.destroy();
      });
    },
  },
  {
    name: 'unread-files',
    does: 'sends 200 requests for files on each of 50 connections, and reads nothing',
    stoppedBy: 'unanswered requests of a connection; STALL_MS for answers',
    async run(target) {
      await target.inLanes(10, target.times(50), async (index) => {
        const connection = await target.connect(target.address(index));
        connection?.pause().write(`GET /static/page.js.map ${HOST}`.repeat(200));
      });
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'unread-errors',
    does: 'sends 100,000 requests that are refused on ten connections, and reads no answer',
    stoppedBy: 'unanswered requests of a connection; bytes that wait for a connection',
    async run(target) {
      for (let index = 0; index < 10; index += 1) {
        const connection = await target.connect(target.address(index));
        connection?.pause().write(`GET /nothing-${'x'.repeat(150)} ${HOST}`.repeat(target.times(10_000)));
      }
      await target.wait(4_000);
    },
  },
  {
    name: 'flood-of-requests',
    does: 'sends small requests on 20 connections as fast as they are answered',
    stoppedBy: 'requests of an address and of a user',
    async run(target) {
      await target.openSession(target.name);
      const paths = ['/healthz', '/readyz', '/nothing', `/poll/${target.name}?wait=0&since=z`, '/static/page.css', '/'];
      await target.inLanes(20, Number.POSITIVE_INFINITY, async (index) => {
        const connection = await target.connect();
        for (let count = 0; connection && !connection.closed && !target.over && count < 500; count += 1) {
          connection.write(`GET ${paths[(index + count) % paths.length]} ${HOST}`);
          target.count(await connection.nextAnswer(2_000));
        }
        connection?.destroy();
        await target.wait(5);
      });
    },
  },
];

/** Opens a session and sends texts until its conversation has about `bytes`. */
export async function fillLog(target: Target, user: string, bytes: number, from = target.address()): Promise<void> {
  await target.openSession(user, from);
  const headers = { 'Content-Type': 'text/plain' };
  const body = 'lorem '.repeat(Math.min(bytes, MEGABYTE) / 6);
  for (let sent = 0; sent < bytes && !target.over; sent += body.length) {
    await target.request(`/send/${user}`, { headers, body, from });
  }
}

/** Returns the newest position of a log. */
async function findCursor(target: Target, user: string): Promise<string> {
  const answer = await target.request(`/poll/${user}?wait=0`);
  return /"cursor":"([^"]+)"/.exec(answer?.body ?? '')?.[1] ?? 'z';
}
