import { deflateRawSync } from 'node:zlib';
import type { Attack } from '../attack.ts';
import type { RawConnection } from '../client/raw-connection.ts';
import { encodeFrame, formatHandshake, OPCODE } from '../client/web-socket-frames.ts';
import type { Target } from '../target.ts';
import { openSocket, pour } from './open-socket.ts';

const MEGABYTE = 1_024 * 1_024;

/** Attacks with WebSockets. */
export const webSocketAttacks: readonly Attack[] = [
  {
    name: 'tiny-frames',
    does: 'sends frames of an empty array, of two bytes of audio and of single characters, as fast as they are accepted',
    stoppedBy: 'frames of a user; answers that wait for a client',
    run: (target) =>
      flood(target, 4, [
        encodeFrame('[]'),
        encodeFrame(Buffer.alloc(2), { opcode: OPCODE.binary }),
        encodeFrame('7'),
        encodeFrame('{"interrupt":{}}'),
      ]),
  },
  {
    name: 'fragments',
    does: 'sends a message in fragments of one byte and of none, and never ends it',
    stoppedBy: 'fragments count as what they cost; MAX_BODY_BYTES for a message; BODY_IDLE_MS',
    async run(target) {
      await target.inLanes(4, 4, async (index) => {
        const connection = await openSocket(target, `/ws/${target.name}?client=f${index}`);
        connection?.write(encodeFrame('[', { fin: false }));
        const piece = encodeFrame(index % 2 ? '1' : '', { opcode: OPCODE.continuation, fin: false });
        await pour(target, connection, Buffer.concat(Array(10_000).fill(piece)));
      });
    },
  },
  {
    name: 'ping-flood',
    does: 'sends pings and pongs as fast as they are accepted, and reads no answer',
    stoppedBy: 'control frames of a connection; answers that wait for a client',
    run: (target) =>
      flood(
        target,
        6,
        [encodeFrame('x'.repeat(120), { opcode: OPCODE.ping }), encodeFrame('', { opcode: OPCODE.pong })],
        (connection) => connection.pause(),
      ),
  },
  {
    name: 'unread-frame-answers',
    does: 'sends frames that are refused with an answer, and reads none',
    stoppedBy: 'answers that wait for the client of a WebSocket: 256 KiB; STALL_MS',
    run: (target) =>
      flood(target, 6, [encodeFrame('{}'), encodeFrame('{"client":"b"}')], (connection) => connection.pause()),
  },
  {
    name: 'compressed-frames',
    does: 'asks for compression, and sends 4 MB that inflate to 4 GB',
    stoppedBy: 'compression is never agreed to; a compressed frame closes the connection with 1002',
    async run(target) {
      const bomb = deflateRawSync(Buffer.alloc(64 * MEGABYTE));
      await target.inLanes(4, target.times(20), async (index) => {
        const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=15' };
        const connection = await openSocket(target, `/ws/${target.name}?client=z${index % 4}`, headers);
        if (/sec-websocket-extensions/i.test(connection?.text.split('\r\n\r\n')[0] ?? '')) {
          target.complain('the server agreed to compress');
        }
        connection?.write(encodeFrame(bomb, { reserved: 0x40 }));
        await connection?.waitForClose(1_000);
      });
    },
  },
  {
    name: 'broken-frames',
    does: 'sends frames that break the protocol: claimed lengths up to 2^63, no mask, reserved bits and opcodes, invalid UTF-8',
    stoppedBy: 'the connection is closed with 1002 or 1009',
    async run(target) {
      await target.inLanes(8, target.times(800), async (index) => {
        const frames = brokenFrames();
        const connection = await openSocket(target, `/ws/${target.name}?client=b${index % 8}`);
        connection?.write(frames[index % frames.length] ?? '');
        await target.wait(20);
        connection?.destroy();
      });
    },
  },
  {
    name: 'frames-before-handshake',
    does: 'sends a megabyte of frames behind the handshake in one write, and handshakes that are not valid',
    stoppedBy: 'frames are read when the handshake is complete, within the limits of a frame',
    async run(target) {
      const frames = Buffer.concat(Array(20_000).fill(encodeFrame('{"interrupt":{}}')));
      const wrong: Record<string, string>[] = [
        {},
        { 'Sec-WebSocket-Key': 'x' },
        { 'Sec-WebSocket-Version': '0' },
        { 'Sec-WebSocket-Protocol': 'a,'.repeat(2_000) },
        { Upgrade: 'h2c' },
        { Connection: 'close' },
        { 'Content-Length': '5', 'Sec-WebSocket-Key': '' },
      ];
      await target.inLanes(5, target.times(200), async (index) => {
        const connection = await target.connect(target.address(index % 20));
        const headers = wrong[index % wrong.length];
        await connection?.flush(
          Buffer.concat([Buffer.from(formatHandshake(`/ws/${target.name}?client=h${index % 5}`, headers)), frames]),
        );
        await target.wait(20);
        connection?.destroy();
      });
    },
  },
];

function brokenFrames(): readonly Buffer[] {
  return [
    encodeFrame('', { claimedLength: 2 ** 40 }),
    encodeFrame('', { claimedLength: Number.MAX_SAFE_INTEGER }),
    encodeFrame('x'.repeat(100), { masked: false }),
    encodeFrame('x', { reserved: 0x70 }),
    encodeFrame('x', { opcode: 11 }),
    encodeFrame('x', { opcode: 3 }),
    encodeFrame('x'.repeat(126), { opcode: OPCODE.ping }),
    encodeFrame('x', { opcode: OPCODE.ping, fin: false }),
    encodeFrame('x', { opcode: OPCODE.continuation }),
    encodeFrame(Buffer.from([0xff, 0xfe, 0xc0])),
    encodeFrame(Buffer.from([0x00, 0x00]), { opcode: OPCODE.close }),
    encodeFrame(Buffer.from([0x03]), { opcode: OPCODE.close }),
    encodeFrame(Buffer.from([0x03, 0xe8, 0xff, 0xff]), { opcode: OPCODE.close }),
    encodeFrame('x'.repeat(5 * MEGABYTE)),
  ];
}

/** Sends the same frames on some WebSockets until the attack is over. */
async function flood(
  target: Target,
  sockets: number,
  frames: readonly Buffer[],
  prepare: (connection: RawConnection) => void = () => {},
): Promise<void> {
  const batch = Buffer.concat(Array(2_000).fill(Buffer.concat(frames)));
  await target.inLanes(sockets, sockets, async (index) => {
    const connection = await openSocket(target, `/ws/${target.name}?client=t${index}`);
    if (connection) prepare(connection);
    await pour(target, connection, batch);
  });
}
