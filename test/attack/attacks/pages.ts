import type { Attack } from '../attack.ts';
import type { RawConnection } from '../client/raw-connection.ts';
import { encodeFrame, OPCODE } from '../client/web-socket-frames.ts';
import { AGENTSCOPE_MESSAGES } from '../fuzz/page-surfaces.ts';
import type { Target } from '../target.ts';
import { openSocket, pour } from './open-socket.ts';

const MEGABYTE = 1_024 * 1_024;

/** Attacks through the doors of pages that were written for other servers. */
export const pageAttacks: readonly Attack[] = [
  {
    name: 'silent-pages',
    does: 'opens 1,500 WebSockets of as many sessions of one user, without a client name, and never sends a first message',
    stoppedBy: 'live sessions of a user, and connections to the model of a user a minute; a refused page is closed',
    async run(target) {
      await target.inLanes(20, target.times(1_500), (index) => openSocket(target, `/ws/${target.name}/s${index}`));
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'silent-pages-distributed',
    does: 'does the same with as many users from 300 addresses, on all doors',
    stoppedBy: 'MAX_SESSIONS and MAX_CONNECTIONS; running conversations keep their places',
    async run(target) {
      await target.inLanes(30, target.times(1_500), (index) =>
        openSocket(target, doorOf(`${target.name}${index}`, index), {}, target.address(index % 300)),
      );
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'muting-pages',
    does: 'opens 2,000 WebSockets of one session without a client name, each of which mutes the one before, and asks on all',
    stoppedBy: 'readers of a user; requests of an address',
    async run(target) {
      const text = encodeFrame('{"type":"text","text":"say 1"}');
      await target.inLanes(20, target.times(2_000), async () => {
        const connection = await openSocket(target, `/ws/${target.name}/one`);
        connection?.write(text);
      });
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'switching-pages',
    does: 'reconnects pages of one session with other switches and modalities as fast as they are answered',
    stoppedBy: 'connections to the model of a user a minute',
    async run(target) {
      await target.inLanes(10, Number.POSITIVE_INFINITY, async (index) => {
        const connection = await openSocket(
          target,
          index % 2
            ? `/ws/${target.name}/one?is_audio=${index % 4 > 1}&proactivity=true&affective_dialog=${index % 3 > 1}`
            : `/run_live?user_id=${target.name}&session_id=one&modalities=${index % 4 > 1 ? 'TEXT' : 'AUDIO'}`,
        );
        connection?.destroy();
      });
    },
  },
  {
    name: 'unfinished-messages',
    does: 'sends 3 MB of a message that does not end on 400 WebSockets, and pings between its fragments',
    stoppedBy: 'memory of all bodies that have not arrived whole; BODY_IDLE_MS, four times as long for a whole message',
    async run(target) {
      const fragment = encodeFrame(Buffer.alloc(3 * MEGABYTE), { opcode: OPCODE.binary, fin: false });
      const ping = encodeFrame('x', { opcode: OPCODE.ping });
      const connections: RawConnection[] = [];
      await target.inLanes(20, target.times(400), async (index) => {
        const connection = await openSocket(
          target,
          `/ws/${target.name}${index % 20}/one`,
          {},
          target.address(index % 20),
        );
        await connection?.flush(Buffer.concat([fragment, ping]));
        if (connection) connections.push(connection);
      });
      while (!target.over) {
        for (const connection of connections) connection.write(ping);
        await target.wait(500);
      }
      target.note(`${connections.filter(({ closed }) => !closed).length} of ${connections.length} stayed open`);
    },
  },
  {
    name: 'unread-page-errors',
    does: 'sends messages that each door refuses with words, as fast as they are accepted, and reads nothing',
    stoppedBy: 'answers that wait for the client of a WebSocket: 256 KiB; STALL_MS',
    async run(target) {
      const frames = [
        '{}',
        '{',
        `{"type":"${'x'.repeat(100)}"}`,
        '[{"type":"client_text_append","session_id":"other"}]',
      ];
      const batch = Buffer.concat(Array(2_000).fill(Buffer.concat(frames.map((frame) => encodeFrame(frame)))));
      await target.inLanes(6, 6, async (index) => {
        const connection = await openSocket(target, doorOf(`${target.name}-${index}`, index));
        if (index % 2) connection?.write(encodeFrame(AGENTSCOPE_MESSAGES[0] ?? ''));
        connection?.pause();
        await pour(target, connection, batch);
      });
    },
  },
  {
    name: 'page-messages',
    does: 'sends all messages of the pages of ADK and AgentScope as fast as they are accepted, each audio with another sample rate',
    stoppedBy: 'requests of an address; input that waits for the model; filters of sample rates are shared',
    async run(target) {
      const messages = AGENTSCOPE_MESSAGES.filter((message) => !/session_end|^\[/.test(message));
      let rate = 8_000;
      const nextBatch = () => {
        const frames: Buffer[] = [];
        for (let count = 0; count < 300; count += 1) {
          for (const message of messages) {
            rate = rate >= 48_000 ? 8_000 : rate + 1;
            frames.push(encodeFrame(message.replace(/"rate":16000|"sample_rate":24000/, `"rate":${rate}`)));
          }
        }
        return Buffer.concat(frames);
      };
      await target.inLanes(4, 4, async (index) => {
        const connection = await openSocket(target, `/ws/${target.name}-${index}/session1`);
        connection?.write(encodeFrame(messages[0] ?? ''));
        while (connection && !connection.closed && !target.over) {
          await Promise.race([connection.flush(nextBatch()), target.wait(1_000)]);
          if (connection.socket.writableLength > 2 * MEGABYTE) await target.wait(200);
        }
      });
    },
  },
  {
    name: 'vanished-pages',
    does: 'opens pages of 12 sessions whose network is gone: nothing answers the pings, and nothing is closed',
    stoppedBy:
      'liveness: a WebSocket that is not heard for four heartbeats is closed, and its session lingers and ends',
    settings: { MAX_SESSIONS: '40' },
    async run(target) {
      const before = await countSessions(target);
      for (let index = 0; index < 12; index += 1) {
        const connection = await openSocket(
          target,
          doorOf(`${target.name}-${index}`, index),
          {},
          target.address(index),
        );
        connection?.pause();
      }
      await target.wait(target.leftMs - 500);
      const left = (await countSessions(target)) - before;
      target.note(`${left} of 12 sessions of vanished pages were still live after 10 s at a heartbeat of 1 s`);
      if (left > 0 && target.scale === 1) target.complain(`${left} sessions of vanished pages live on`);
    },
  },
];

/** Returns the address of one of the doors. */
function doorOf(user: string, index: number): string {
  return [`/ws/${user}`, `/ws/${user}/session1`, `/run_live?user_id=${user}&session_id=session1`][index % 3] ?? '';
}

async function countSessions(target: Target): Promise<number> {
  const answer = await target.request('/readyz', { from: '127.0.0.9' });
  return Number(/"sessions":(\d+)/.exec(answer?.body ?? '')?.[1] ?? 0);
}
