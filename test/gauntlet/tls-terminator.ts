import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { makeCertificate } from '../certificate.ts';
import type { Place } from './profile.ts';

/** TLS in front of our server, with a certificate that nobody has signed. @returns its address, by the name localhost */
export async function startTlsTerminator({ port, directory, stack }: Place): Promise<string> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ ...makeCertificate(directory), ALPNProtocols: ['http/1.1'] }, (incoming) => {
    const client = track(incoming);
    const ours = track(connect(port, '127.0.0.1'));
    client.pipe(ours).pipe(client);
    client.on('close', () => ours.destroy());
    ours.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
}
