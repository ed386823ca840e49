import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP server on 127.0.0.1 that ends with `stack`, even with open connections. */
export function loopbackServer(stack: AsyncDisposableStack): {
  /** Ends a socket together with the server and ignores its errors. */
  track(socket: Socket): Socket;
  /** Starts to listen on a free port. @returns the port */
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
      return (server.address() as AddressInfo).port; // a listening TCP server has an AddressInfo
    },
  };
}
