import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterTest, type TestServer } from './test-server.ts';

export interface CuttableLine {
  readonly url: string;
  /** Cuts all connections, and says how many there were. */
  cut(): number;
  /** From now on none is taken, until it is set again. */
  away: boolean;
  /** Nothing passes any more on those that there are, nor on those that come, until it is set again; nobody is told. */
  silent: boolean;
}

/** The server by another port, over connections that can be cut. */
export async function cuttableLine({ port }: Pick<TestServer, 'port'>): Promise<CuttableLine> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };
  const line = createServer((near) => {
    if (cuttable.away) {
      near.destroy();
      return;
    }
    const far = keep(connect(port, '127.0.0.1'));
    keep(near);
    // What was swallowed on a connection never comes: it stays dead.
    let isDead = false;
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        isDead ||= cuttable.silent;
        if (!isDead) to.write(chunk);
      });
    pass(near, far);
    pass(far, near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  const cut = () => {
    const connections = sockets.size / 2;
    for (const socket of sockets) socket.destroy();
    return connections;
  };
  afterTest(() => {
    cut();
    line.close();
  });
  const { port: own } = line.address() as AddressInfo; // a TCP server that listens has one
  const cuttable: CuttableLine = { url: `http://127.0.0.1:${own}`, cut, away: false, silent: false };
  return cuttable;
}
