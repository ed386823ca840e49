import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterTest } from '../http/test-server.ts';

/** What becomes of a WebSocket. Everything else passes. */
export type SocketFate =
  | 'pass'
  /** The connection breaks before it is answered. */
  | 'refuse'
  /** The handshake is answered, and then nothing comes down any more. */
  | 'mute'
  /** After so many bytes down nothing comes any more. */
  | { readonly muteAfter: number }
  /** It breaks after so many bytes down. */
  | { readonly cutAfter: number };

/**
 * A TCP proxy in front of a server that knows a WebSocket, and a POST, by its first bytes.
 * @param fate asked for each WebSocket
 * @param holdsPosts whether POSTs get no further, and no answer
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
      // On a connection that has carried other requests too.
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
