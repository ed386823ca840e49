import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP server on 127.0.0.1 that ends with `stack`, whoever is still connected. */
export function loopbackServer(stack: AsyncDisposableStack): {
  /** Has a socket, coming or going, end with it; its errors are nobody's. */
  track(socket: Socket): Socket;
  /** @returns the port, a free one */
  listen(server: Server): Promise<number>;
} {
  const sockets = new Set<Socket>();
  return {
    track(socket) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      return socket;
    },
    async listen(server) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      stack.defer(async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      });
      return (server.address() as AddressInfo).port; // a TCP server that listens has one
    },
  };
}
