import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly url: string;
  /** Cuts all connections and stops listening. */
  close(): void;
}

/** Number of round trips of the TCP and TLS 1.3 handshakes. On loopback one takes no time and the other does not happen. */
const HANDSHAKES = 2;

/**
 * Puts `roundTripMs` between a client and a port of this machine, for the handshakes of a connection too. A line holds what is said in half of
 * that.
 */
export async function startDistantRelay(port: number, roundTripMs: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Ignore the error, because `close` follows and is forwarded.
    socket.on('error', () => {});
    return socket.setNoDelay();
  };
  const server = createServer((client) => {
    track(client);
    // Data that arrives before then waits in the kernel.
    setTimeout(() => {
      if (client.destroyed) return;
      const origin = track(connect(port, '127.0.0.1'));
      carry(client, origin, roundTripMs / 2);
      carry(origin, client, roundTripMs / 2);
    }, HANDSHAKES * roundTripMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Forwards data with a delay. Timers of equal duration keep its order. */
function carry(from: Socket, to: Socket, lateMs: number): void {
  from.on('data', (chunk: Buffer) => setTimeout(() => to.destroyed || to.write(chunk), lateMs));
  from.on('end', () => setTimeout(() => to.end(), lateMs));
  from.on('close', () => setTimeout(() => to.destroy(), lateMs));
}
