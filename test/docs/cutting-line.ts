import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterTest } from '../http/test-server.ts';

export interface CuttingLine {
  readonly url: string;
  /** Port to which new connections lead. */
  target: number;
  /** Streams that were cut. */
  readonly cuts: number;
  /** Answers to POSTs that were swallowed. */
  readonly swallowed: number;
}

export interface Faults {
  /** A connection of a stream is cut after so many bytes down. */
  readonly cutAfter?: number;
  /** Number of numbered POSTs that arrive but whose responses are dropped. */
  readonly swallow?: number;
}

/** The server by another port, over TCP connections that fail. */
export async function startCuttingLine(
  target: number,
  { cutAfter = Number.POSITIVE_INFINITY, swallow = 0 }: Faults = {},
): Promise<CuttingLine> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const state = { url: '', target, cuts: 0, swallowed: 0 };
  const line = createServer((near) => {
    const far = keep(connect(state.target, '127.0.0.1'));
    keep(near);
    let said = '';
    let room = cutAfter;
    near.on('data', (chunk) => {
      if (said.length < 10_000) said += chunk.toString('latin1');
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (said.includes('"cseq"') && state.swallowed < swallow) {
        state.swallowed += 1;
        near.destroy();
      } else if (said.startsWith('GET') && chunk.length > room) {
        state.cuts += 1;
        near.end((chunk as Buffer).subarray(0, room));
        far.destroy();
      } else {
        room -= chunk.length;
        near.write(chunk);
      }
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  afterTest(() => {
    for (const socket of sockets) socket.destroy();
    line.close();
  });
  state.url = `http://127.0.0.1:${(line.address() as AddressInfo).port}`; // a TCP server that listens has one
  return state;
}
