import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterTest, type TestServer } from './test-server.ts';

/** Collects the server's ends of the connections that are opened from now on: the server runs in this process. */
export function watchAccepted({ port }: TestServer): readonly Socket[] {
  const accepted: Socket[] = [];
  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) accepted.push(socket);
  };
  diagnostics.subscribe('net.server.socket', onSocket);
  afterTest(() => diagnostics.unsubscribe('net.server.socket', onSocket));
  return accepted;
}
