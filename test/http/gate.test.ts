import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { NoAuthenticator } from '../../src/http/auth/no-authenticator.ts';
import { Gate } from '../../src/http/gate.ts';
import { matchRoute } from '../../src/http/route-match.ts';
import { unlimitedAddresses } from '../session/limits.ts';
import { exchange } from './requests.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { HANDSHAKE } from './ws-client.ts';

const STRANGER = 'https://evil.example';

describe('the gate', () => {
  test.each([
    ['an origin', '/send/me', { Origin: STRANGER }, 'origin_not_allowed', { origin: STRANGER }],
    ['a host', '/events/me', { Host: 'rebound.example' }, 'host_not_allowed', { host: 'rebound.example' }],
    ['an id', '/events/-rf', {}, 'invalid_id', { url: '/events/-rf' }],
    ['an origin of an upgrade', '/ws/me?client=a', { ...HANDSHAKE, Origin: STRANGER }, 'origin_not_allowed', {}],
    ['an origin on the page', '/', { Origin: STRANGER }, 'origin_not_allowed', {}],
  ])('logs %s that it refuses at debug level, with the reason', async (_what, path, headers, code, details) => {
    const server = await startTestServer();
    await exchange(server, path, { method: path.startsWith('/send') ? 'POST' : 'GET', headers });
    const line = findRefusal(server);
    expect(line).toMatchObject({ level: 20, code, msg: expect.stringMatching(/^request refused: \w/), ...details });
  });

  test.each([
    ['a body', '/send/me', { method: 'POST', body: '{' }, 'malformed_json'],
    ['a POST without a session', '/send/nobody', { method: 'POST', body: '{}' }, 'session_not_found'],
    ['a query', '/events/me?is_audio=maybe', {}, 'invalid_query'],
    ['a method', '/send/me', { method: 'DELETE' }, 'method_not_allowed'],
    ['a handshake', '/ws/me?client=-', { headers: HANDSHAKE }, 'invalid_query'],
  ])('%s that a route refuses is logged once at debug level, with the reason', async (_what, path, request, code) => {
    const server = await startTestServer();
    await exchange(server, '/poll/me?wait=0');
    await exchange(server, path, request);
    expect(findRefusals(server)).toEqual([
      expect.objectContaining({ level: 20, code, url: path, requestId: expect.any(String) }),
    ]);
  });

  test('shortens a long request target in the log', async () => {
    const server = await startTestServer();
    await exchange(server, `/events/-${'x'.repeat(5_000)}`);
    expect(String(findRefusal(server)?.url).length).toBeLessThanOrEqual(200);
  });

  test('logs nothing of a request that it lets through', async () => {
    const server = await startTestServer();
    expect((await exchange(server, '/poll/me')).status).toBe(200);
    expect(findRefusal(server)).toBeUndefined();
  });

  test('gives a request the X-Request-Id of the proxy, and logs it with the ids of the path', async () => {
    const { context, lines } = await authorize({ 'x-request-id': 'proxy-1.2:3' });
    context.logger.error({}, 'a fault');
    const line = { requestId: 'proxy-1.2:3', userId: 'ann', sessionId: 'one', msg: 'a fault' };
    expect(JSON.parse(lines[0] ?? '')).toMatchObject(line);
    expect(context).toMatchObject({ requestId: 'proxy-1.2:3', userId: 'ann', sessionId: 'one', corsHeaders: {} });
  });

  test.each([undefined, '', 'two words', 'x'.repeat(129), 'line\nbreak'])(
    'gives a request with the X-Request-Id %j a random id, always the same one',
    async (received) => {
      const { context } = await authorize(received === undefined ? {} : { 'x-request-id': received });
      expect(context.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(context.requestId).toBe(context.requestId);
    },
  );
});

/** Passes a request without a server through a gate. */
async function authorize(headers: Record<string, string>) {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
  const gate = new Gate({
    origins: { allowedOrigins: [], allowedHosts: [], hostCheck: 'never' },
    authenticator: new NoAuthenticator(),
    limits: unlimitedAddresses(),
    logger,
  });
  const req = new IncomingMessage(new Socket());
  req.url = '/events/ann/one';
  Object.assign(req.headers, headers);
  return { context: await gate.authorize(req, matchRoute(req.url)), lines };
}

function findRefusal(server: TestServer): Record<string, unknown> | undefined {
  return findRefusals(server)[0];
}

function findRefusals({ logs }: TestServer): readonly Record<string, unknown>[] {
  return logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg?.startsWith('request refused'));
}
