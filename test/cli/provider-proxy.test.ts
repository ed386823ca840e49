import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import { expect } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { type ConnectProxy, startConnectProxy } from '../connect-proxy.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, temporaryDirectory } from '../http/test-server.ts';
import { makePrivateCertificate } from '../private-ca.ts';
import { addressOf, type Command, runCli } from './command.ts';

/** Name of a provider that only the proxy can resolve. */
const HOST = 'gemini.example';
const PASSWORD = 'p@ss:word-of-the-proxy';

/** Starts an emulator behind TLS with a certificate of a private authority. */
async function startProvider(host: string) {
  const emulator = await startGeminiEmulator({ pace: 50, strict: true });
  const { key, cert, caFile } = makePrivateCertificate(await temporaryDirectory(), host);
  const server = createServer({ key, cert }, (socket) => {
    const inner = connect(emulator.port, '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    for (const each of [socket, inner]) each.on('error', () => each.destroy());
    socket.on('close', () => inner.destroy());
    inner.on('close', () => socket.destroy());
    afterTest(() => socket.destroy());
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => emulator.close());
  afterTest(() => server.close());
  return { port: (server.address() as AddressInfo).port, caFile }; // a TCP server that listens has an address
}

/** Starts the server of the command line. @param host name of its provider */
async function startCli(proxy: ConnectProxy, credentials: string, more: Record<string, string> = {}, host = HOST) {
  const { port, caFile } = await startProvider(host);
  const command = await runCli(['--port', '0'], {
    env: {
      GOOGLE_GEMINI_BASE_URL: `https://${host}:${port}`,
      GOOGLE_API_KEY: 'the-key-of-the-test',
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
      HTTPS_PROXY: `http://${credentials}127.0.0.1:${proxy.port}`,
      NODE_EXTRA_CA_CERTS: caFile,
      ...more,
    },
  });
  const url = await addressOf(command);
  return { command, url, target: `${host}:${port}`, stream: await openStream(`${url}/events/me`) };
}

function expectNoCredentials({ stdout, stderr }: Command, wire: string): void {
  const basic = Buffer.from(`user:${PASSWORD}`).toString('base64');
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), basic]) {
    expect(stdout + stderr + wire).not.toContain(secret);
  }
}

test('the provider is reached through the CONNECT proxy of HTTPS_PROXY, with a private authority in NODE_EXTRA_CA_CERTS', async () => {
  const proxy = await startConnectProxy();
  const { url, target, stream } = await startCli(proxy, '');
  await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'count to two' });
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect(proxy.tunnels.map((tunnel) => tunnel.target)).toEqual([target]);
  expect(proxy.tunnels[0]?.headers['proxy-authorization']).toBeUndefined();
});

test('the credentials in the address of the proxy are sent to the proxy, and appear neither in the log nor on the wire', async () => {
  const proxy = await startConnectProxy({ credentials: `user:${PASSWORD}` });
  const { command, url, stream } = await startCli(proxy, `user:${encodeURIComponent(PASSWORD)}@`, {
    LOG_LEVEL: 'trace',
  });
  await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'count to two' });
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect(command.stdout).toContain(`"proxy":"127.0.0.1:${proxy.port}"`);
  expectNoCredentials(command, stream.text);
});

test('a proxy that rejects the credentials is named in a failure, which contains nothing of them', async () => {
  const proxy = await startConnectProxy({ credentials: 'user:other' });
  const { command, stream } = await startCli(proxy, `user:${encodeURIComponent(PASSWORD)}@`);
  expect(await stream.untilNamed('failure')).toMatchObject({
    code: 'model_unreachable',
    error: 'The model provider cannot be reached (the proxy answered HTTP 407)',
    hint: expect.stringContaining('HTTPS_PROXY'),
  });
  expectNoCredentials(command, stream.text);
});

test('a private authority that NODE_EXTRA_CA_CERTS does not name makes the provider unreachable', async () => {
  const { stream } = await startCli(await startConnectProxy(), '', { NODE_EXTRA_CA_CERTS: '' });
  expect(await stream.untilNamed('failure')).toMatchObject({
    code: 'model_unreachable',
    error: expect.stringMatching(
      /\((?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\)$/,
    ),
  });
});

test.each([
  ['a host of NO_PROXY', { NO_PROXY: 'other.example,.example' }],
  ['a host whose domain NO_PROXY contains', { no_proxy: 'example' }],
])('%s is not reached through the proxy', async (_what, more) => {
  const proxy = await startConnectProxy();
  const { stream } = await startCli(proxy, '', more);
  // Only the proxy of the tests can resolve the name.
  expect(await stream.untilNamed('failure')).toMatchObject({
    error: expect.stringMatching(/\((?:ENOTFOUND|EAI_AGAIN)\)$/),
  });
  expect(proxy.tunnels).toEqual([]);
});

test('a provider on this machine is not reached through the proxy', async () => {
  const proxy = await startConnectProxy();
  const { url, stream } = await startCli(proxy, '', {}, 'localhost');
  await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'count to two' });
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect(proxy.tunnels).toEqual([]);
});

test('requests of the server that use fetch, such as the one for the keys of tokens, go through the proxy too', async () => {
  const proxy = await startConnectProxy();
  const env = {
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    AUTH: 'jwt',
    AUTH_JWKS_URL: 'https://keys.example:8443/keys',
    AUTH_JWT_ISSUER: 'https://issuer.example',
    AUTH_JWT_AUDIENCE: 'talk',
  };
  const url = await addressOf(await runCli(['--port', '0'], { env }));
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { iss: 'https://issuer.example', aud: 'talk', sub: 'me', exp: 4_000_000_000 };
  const token = `${encode({ alg: 'RS256', kid: '1' })}.${encode(claims)}.${'A'.repeat(342)}`;
  const { status } = await fetch(`${url}/events/me`, { headers: { Authorization: `Bearer ${token}` } });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(proxy.tunnels.map(({ target }) => target)).toContain('keys.example:8443');
});
