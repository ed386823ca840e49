import { execFileSync } from 'node:child_process';
import { copyFile, rename, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ConfigError } from '../src/config.ts';
import { GuardedLogger } from '../src/isolation/guarded-logger.ts';
import { createLogger } from '../src/log.ts';
import { TlsCertificate } from '../src/tls-certificate.ts';
import { makeCertificate } from './certificate.ts';
import { afterTest, startTestServer, temporaryDirectory, waitFor } from './http/test-server.ts';

/** A certificate with its key in a new folder. */
async function writePair() {
  const folder = await temporaryDirectory();
  const { cert, key } = makeCertificate(folder);
  return { folder, cert, key, certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
}

async function startTlsServer(environment: Record<string, string> = {}) {
  const { cert, certFile, keyFile } = await writePair();
  const server = await startTestServer({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, ...environment });
  return { server, ca: cert };
}

function fetchTls(url: string, ca: Buffer): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text });
    });
    sent.on('error', reject).end();
  });
}

/** Opens a TLS connection. */
function openTls(port: number, options: object): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...options }, () => resolve(socket));
    socket.on('error', reject);
    afterTest(() => socket.destroy());
  });
}

describe('a server with TLS_CERT_FILE and TLS_KEY_FILE', () => {
  test('answers over https, and names its address so', async () => {
    const { server, ca } = await startTlsServer();
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await fetchTls(`${server.url}/healthz`, ca)).toMatchObject({ status: 200 });
  });

  test('signs in with a cookie for https only, and takes a page that was loaded over http for a foreign one', async () => {
    const tokens = { AUTH: 'token', AUTH_TOKENS: 'ann:ann-token-0123456789' };
    const { server, ca } = await startTlsServer(tokens);
    const { host } = new URL(server.url);
    const signIn = (origin: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { Authorization: 'Bearer ann-token-0123456789', Origin: origin };
        const options = { method: 'POST', ca, headers, agent: false };
        request(`${server.url}/sign-in`, options, (response) => resolve(response.resume()))
          .on('error', reject)
          .end();
      });
    const { statusCode, headers } = await signIn(`https://${host}`);
    expect(statusCode).toBe(200);
    expect(headers['set-cookie']).toEqual([expect.stringMatching(/^__Host-bidi_sse_token=.*; Secure$/)]);
    expect((await signIn(`http://${host}`)).statusCode).toBe(403);
  });

  test('carries a conversation over the WebSocket', async () => {
    const { server, ca } = await startTlsServer();
    const socket = new WebSocket(`${server.url.replace('https', 'wss')}/ws/me?client=a-client-1`, { ca });
    afterTest(() => socket.terminate());
    const texts: string[] = [];
    socket.on('message', (data) => texts.push(data.toString()));
    await waitFor('the session', () => texts.some((text) => text.includes('"session"')));
    const { epoch } = JSON.parse(texts[0] ?? '').data;
    const items = [{ mime_type: 'text/plain', data: 'count to two' }];
    socket.send(JSON.stringify({ client: 'a-client-1', cseq: 1, ack: `${epoch}.0`, items }));
    await waitFor('the answer', () => texts.some((text) => text.includes('"turn_complete":true')));
  });

  test('accepts TLS 1.2 and refuses TLS 1.1', async () => {
    const { server, ca } = await startTlsServer();
    const socket = await openTls(server.port, { ca, maxVersion: 'TLSv1.2' });
    expect(socket.getProtocol()).toBe('TLSv1.2');
    const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(openTls(server.port, old)).rejects.toThrow();
  });

  test('counts each connection once, and closes although a handshake is not complete', async () => {
    const { server, ca } = await startTlsServer({ MAX_ADDRESS_CONNECTIONS: '3' });
    await openTls(server.port, { ca });
    const waiting = connectTcp(server.port, '127.0.0.1');
    afterTest(() => waiting.destroy());
    waiting.on('error', () => {});
    expect(await fetchTls(`${server.url}/`, ca)).toMatchObject({ status: 200 });
    await openTls(server.port, { ca });
    expect(await fetchTls(`${server.url}/`, ca)).toMatchObject({ status: 429 });
    await server.close();
    await waitFor('the end of the connection', () => waiting.destroyed || waiting.readableEnded);
  });

  test('does not start with files that are missing or do not belong together, and repeats nothing of them', async () => {
    const [one, other] = [await writePair(), await writePair()];
    const { logger } = keptLog();
    const open = (certFile: string, keyFile: string) => () => new TlsCertificate({ certFile, keyFile }, logger);
    expect(open(`${one.certFile}-no`, one.keyFile)).toThrow(`TLS_CERT_FILE: cannot read ${one.certFile}-no (ENOENT)`);
    expect(open(one.certFile, `${one.keyFile}-no`)).toThrow(ConfigError);
    expect(open(one.certFile, other.keyFile)).toThrow(/are not a certificate in PEM and its key \(ERR_OSSL_\w+\)$/);
    expect(open(one.keyFile, one.certFile)).toThrow(ConfigError);
    const locked = join(one.folder, 'locked.pem');
    execFileSync('openssl', ['pkey', '-aes256', '-passout', 'pass:secret', '-in', one.keyFile, '-out', locked]);
    expect(open(one.certFile, locked)).toThrow(/its key \(the key has a passphrase\)$/);
  });
});

describe('a certificate whose files change', () => {
  test('is replaced for new connections, and connections that are open continue', async () => {
    const [one, other] = [await writePair(), await writePair()];
    const { lines, port } = await startReloading(one);
    const open = await openTls(port, { ca: one.cert });
    await copyFile(other.keyFile, one.keyFile);
    await copyFile(other.certFile, one.certFile);
    await waitFor('the new certificate', () => lines.some((line) => line.includes('was replaced')));
    await openTls(port, { ca: other.cert });
    open.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const first = await new Promise((resolve) => open.once('data', resolve));
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('is replaced when a symbolic link in its path is changed, as Kubernetes does', async () => {
    const [one, other] = [await writePair(), await writePair()];
    const folder = await temporaryDirectory();
    await symlink(one.folder, join(folder, '..data'));
    await symlink('..data/cert.pem', join(folder, 'cert.pem'));
    await symlink('..data/key.pem', join(folder, 'key.pem'));
    const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    const { lines, port } = await startReloading(files);
    await openTls(port, { ca: one.cert });
    await symlink(other.folder, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await waitFor('the new certificate', () => lines.some((line) => line.includes('was replaced')));
    await openTls(port, { ca: other.cert });
  });

  test('stays in use while the new files cannot be used, which is logged once, and is replaced when they can', async () => {
    const [one, other] = [await writePair(), await writePair()];
    const { lines, port, reads } = await startReloading(one);
    await writeFile(one.certFile, 'half of a certificate');
    await waitFor('the fault', () => lines.some((line) => line.includes('cannot be used')));
    await reads(3);
    expect(lines.filter((line) => line.includes('cannot be used'))).toHaveLength(1);
    expect(lines.join('')).not.toContain('half of');
    await copyFile(other.certFile, one.certFile);
    await openTls(port, { rejectUnauthorized: false });
    await copyFile(other.keyFile, one.keyFile);
    await waitFor('the new certificate', () => lines.some((line) => line.includes('was replaced')));
    await openTls(port, { ca: other.cert });
  });
});

function keptLog(): { logger: GuardedLogger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { logger: new GuardedLogger(createLogger({ level: 'info', format: 'json', destination })), lines };
}

/** A TLS server whose certificate is read every 20 ms. */
async function startReloading(files: { certFile: string; keyFile: string }) {
  const { logger, lines } = keptLog();
  const certificate = new TlsCertificate(files, logger, 20);
  const server = createServer(certificate.options, (_req, res) => res.end('hello'));
  certificate.watch((options) => server.setSecureContext(options));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    certificate.stop();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { lines, port, reads: (count: number) => new Promise((resolve) => setTimeout(resolve, count * 40)) };
}
