import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterTest } from '../http/test-server.ts';

/** How the proxy treats a WebSocket. Everything else passes. */
export type SocketFate =
  | 'pass'
  /** The connection breaks before the handshake is answered. */
  | 'refuse'
  /** The handshake is answered, and nothing follows. */
  | 'mute'
  /** Nothing follows after this many bytes down. */
  | { readonly muteAfter: number }
  /** The connection breaks after this many bytes down. */
  | { readonly cutAfter: number };

/**
 * Starts a TCP proxy that recognizes WebSockets and POSTs by their first bytes.
 * @param fate called for each WebSocket
 * @param holdsPosts whether POSTs are held without an answer
 */
export async function socketLine(
  { port }: { readonly port: number },
  fate: () => SocketFate,
  holdsPosts = false,
): Promise<string> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const proxy = createServer((incoming) => {
    const client = track(incoming);
    const server = track(connect(port, '127.0.0.1'));
    let treatment: SocketFate = 'pass';
    let passed = 0;
    client.on('data', (chunk: Buffer) => {
      // The connection may have carried other requests before.
      if (chunk.toString('latin1').startsWith('GET /ws/')) {
        treatment = fate();
        passed = 0;
      }
      if (holdsPosts && chunk.toString('latin1').startsWith('POST /')) return;
      if (treatment === 'refuse') client.destroy();
      else server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (treatment === 'mute' && passed > 0) return;
      if (typeof treatment === 'object' && 'muteAfter' in treatment && passed > treatment.muteAfter) return;
      passed += chunk.length;
      client.write(treatment === 'mute' ? chunk.subarray(0, chunk.indexOf('\r\n\r\n') + 4) : chunk);
      if (typeof treatment === 'object' && 'cutAfter' in treatment && passed > treatment.cutAfter) client.destroy();
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  afterTest(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`; // a TCP server that listens has one
}
