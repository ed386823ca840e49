import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { makeCertificate } from '../certificate.ts';
import { loopbackServer } from './loopback-server.ts';
import type { Place } from './profile.ts';

/** Starts TLS in front of the server, with a self-signed certificate. @returns the address, with the name localhost */
export async function startTlsTerminator({ port, directory, stack }: Place): Promise<string> {
  const { track, listen } = loopbackServer(stack);
  const server = createServer({ ...makeCertificate(directory), ALPNProtocols: ['http/1.1'] }, (incoming) => {
    const client = track(incoming);
    const ours = track(connect(port, '127.0.0.1'));
    client.pipe(ours).pipe(client);
    client.on('close', () => ours.destroy());
    ours.on('close', () => client.destroy());
  });
  return `https://localhost:${await listen(server)}`;
}
