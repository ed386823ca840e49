import type { Attack } from '../attack.ts';
import type { Target } from '../target.ts';

/** Attacks with connections that carry little or nothing. */
export const connectionAttacks: readonly Attack[] = [
  {
    name: 'connection-flood',
    does: 'opens 5,000 connections from one address and sends nothing',
    stoppedBy: 'connections of an address: MAX_ADDRESS_CONNECTIONS',
    run: (target) => openMany(target, target.times(5_000), () => target.address()),
  },
  {
    name: 'connection-flood-distributed',
    does: 'opens 5,000 connections from 500 addresses and sends nothing',
    stoppedBy: 'connections of the process: MAX_CONNECTIONS; time for the headers of a request',
    run: (target) => openMany(target, target.times(5_000), (index) => target.address(index % 500)),
  },
  {
    name: 'slow-headers',
    does: 'sends the headers of 400 requests byte by byte (slowloris)',
    stoppedBy: 'connections of an address; 30 s for the headers of a request',
    run: (target) =>
      sendSlowly(target, target.times(400), `GET /events/${target.name} HTTP/1.1\r\nHost: localhost\r\nX-A: `, 'a'),
  },
  {
    name: 'slow-bodies',
    does: 'sends the bodies of 400 POSTs byte by byte',
    stoppedBy: 'BODY_IDLE_MS, four times as long for a whole body, and connections of an address',
    async run(target) {
      await target.openSession(target.name);
      const head = `POST /send/${target.name} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 4000000\r\n\r\n`;
      await sendSlowly(target, target.times(400), head, 'a');
    },
  },
  {
    name: 'slow-reader-of-answers',
    does: 'requests 64 KB pages on 300 connections and reads a byte now and then',
    stoppedBy: 'time in which an answer must be read: STALL_MS; connections of an address',
    async run(target) {
      await target.inLanes(20, target.times(300), async () => {
        const connection = await target.connect();
        connection?.pause().write('GET /static/page.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(4));
      });
      await target.wait(target.leftMs);
    },
  },
  {
    name: 'reset-storm',
    does: 'opens connections, writes half a request, a stream or a POST, and resets them, as fast as possible',
    stoppedBy: 'requests of an address; every cleanup runs when its connection closes',
    async run(target) {
      const starts = [
        `GET /events/${target.name} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        `POST /send/${target.name} HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/pcm\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab`,
        `GET /poll/${target.name}?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        `GET /ws/${target.name}?client=a HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
        'GET /static/page.js HTTP/1.1\r\nHost: localhost\r\n\r\n',
      ];
      await target.inLanes(40, Number.POSITIVE_INFINITY, async (index) => {
        const connection = await target.connect(target.address(index % 100));
        if (!connection) return target.wait(5);
        await connection.flush(starts[index % starts.length] ?? '');
        connection.reset();
      });
    },
  },
  {
    name: 'half-closed',
    does: 'ends its side of 500 connections after a request, and leaves the other side open',
    stoppedBy: 'the server closes a connection whose client has ended',
    async run(target) {
      await target.inLanes(20, target.times(500), async (index) => {
        const connection = await target.connect(target.address(index % 50));
        connection?.socket.end(
          `GET /${index % 2 ? 'events' : 'poll'}/${target.name}${index % 7} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        );
      });
      await target.wait(2_000);
    },
  },
];

async function openMany(target: Target, count: number, from: (index: number) => string): Promise<void> {
  let refused = 0;
  await target.inLanes(50, count, async (index) => {
    const connection = await target.connect(from(index));
    if (!connection) refused += 1;
  });
  await target.wait(1_000);
  target.note(
    `${target.connections} of ${count} connections stayed open${refused > 0 ? `; ${refused} were not accepted` : ''}`,
  );
  await target.wait(target.leftMs);
}

/** Opens connections, writes `head`, and then `piece` on each of them until the attack is over. */
async function sendSlowly(target: Target, count: number, head: string, piece: string): Promise<void> {
  const connections: Awaited<ReturnType<Target['connect']>>[] = [];
  await target.inLanes(20, count, async () => {
    const connection = await target.connect();
    connection?.write(head);
    connections.push(connection);
  });
  while (!target.over) {
    for (const connection of connections) connection?.write(piece);
    await target.wait(200);
  }
  target.note(
    `${connections.filter((connection) => connection && !connection.closed).length} of ${count} were still open at the end`,
  );
}
