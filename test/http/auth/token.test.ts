import { describe, expect, test } from '@jest/globals';
import { exchange, openBody, type RequestOptions } from '../requests.ts';
import { expectRefusal } from '../sessions.ts';
import { openStream } from '../sse-client.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { HANDSHAKE } from '../ws-client.ts';

const ANN = 'ann-token-0123456789';
const ANN_NEXT = 'ann-token-of-tomorrow';
const BEN = 'ben-token-0123456789';
const ANYBODY = 'backend-token-0123456789==';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `ann:${ANN}, ann:${ANN_NEXT}\nben:${BEN},*:${ANYBODY}` };

/** Requests for each route of a user, and the status of each with the right token. */
const ROUTES: readonly [string, string, RequestOptions, number][] = [
  ['GET /poll', '/poll/ann?wait=0', {}, 200],
  ['POST /send', '/send/ann', { method: 'POST', body: '{"mime_type":"text/plain","data":"hello"}' }, 200],
  ['PUT /send', '/send/ann', { method: 'PUT', body: '{"mime_type":"text/plain","data":"hello"}' }, 200],
  ['POST /tickets', '/tickets/ann/default', { method: 'POST' }, 200],
  ['a WebSocket', '/ws/ann?client=-', { headers: HANDSHAKE }, 400],
  ['a method that no route has', '/send/ann', { method: 'DELETE' }, 405],
];

describe('a server with AUTH=token', () => {
  test.each(ROUTES)('answers %s with 401 and WWW-Authenticate without credentials', async (_what, path, request) => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await exchange(server, path, request);
    expectRefusal(answer, { status: 401, code: 'unauthorized', hint: /Authorization: Bearer/ });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="bidi-sse"');
    expect(await countSessions(server)).toBe(0);
  });

  test.each(ROUTES)('answers %s of another user with 403', async (_what, path, request) => {
    const server = await startTestServer(ENVIRONMENT);
    expectRefusal(await authorized(server, path, BEN, request), { status: 403, code: 'user_not_allowed' });
    expect(await countSessions(server)).toBe(0);
  });

  test('lets each token of a user, and a token of every user, use all routes', async () => {
    const server = await startTestServer(ENVIRONMENT);
    for (const token of [ANN, ANN_NEXT, ANYBODY]) {
      for (const [what, path, request, status] of ROUTES) {
        expect({ what, status: (await authorized(server, path, token, request)).status }).toEqual({ what, status });
      }
    }
  });

  test('opens a stream for its user', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const stream = await openStream(`${server.url}/events/ann`, { Authorization: `bearer  ${ANN}` });
    expect(stream.status).toBe(200);
  });

  test.each([
    ['an unknown token', 'Bearer ann-token-0123456780'],
    ['a longer token', `Bearer ${ANN}x`],
    ['no token', 'Bearer'],
    ['two tokens', `Bearer ${ANN} ${BEN}`],
    ['a token in quotes', `Bearer "${ANN}"`],
    ['Basic', `Basic ${Buffer.from(`ann:${ANN}`).toString('base64')}`],
    ['the entry of the configuration', `Bearer ann:${ANN}`],
  ])('refuses %s with 401', async (_what, authorization) => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await exchange(server, '/poll/ann?wait=0', { headers: { Authorization: authorization } });
    expectRefusal(answer, { status: 401, code: 'unauthorized' });
  });

  test('gives a stranger the same answer whether or not a user has a session', async () => {
    const server = await startTestServer(ENVIRONMENT);
    expect((await authorized(server, '/poll/ann?wait=0', ANN)).status).toBe(200);
    const [existing, unknown] = await Promise.all(
      ['ann', 'nobody-of-this-name'].map((user) => authorized(server, `/send/${user}`, BEN, { method: 'POST' })),
    );
    expect(existing?.text).toBe(unknown?.text);
    expect(existing?.status).toBe(unknown?.status);
  });

  test.each(['token', 'access_token', 'authToken', 'jwt'])(
    'refuses a token in the query parameter %s, even a valid one, and does not log it',
    async (name) => {
      const server = await startTestServer(ENVIRONMENT);
      const answer = await authorized(server, `/poll/ann?wait=0&${name}=${ANN}`, ANN);
      expectRefusal(answer, { status: 401, code: 'unauthorized', hint: /POST \/tickets/ });
      expect(answer.text).not.toContain(ANN);
      expect(server.logs.join('')).toContain('request refused');
      expect(server.logs.join('')).not.toContain(ANN);
    },
  );

  test('refuses a body without credentials before it has arrived', async () => {
    const server = await startTestServer(ENVIRONMENT);
    for (const [name, value] of [
      ['Content-Length', '4000000'],
      ['Content-Type', 'audio/pcm'],
    ] as const) {
      const { sending, answer } = openBody(server, { [name]: value });
      sending.flushHeaders();
      expectRefusal(await answer, { status: 401, code: 'unauthorized' });
    }
  });

  test('answers probes, the page and preflights without credentials', async () => {
    const server = await startTestServer({ ...ENVIRONMENT, ALLOWED_ORIGINS: 'https://app.example.com' });
    for (const path of ['/healthz', '/readyz', '/']) expect((await exchange(server, path)).status).toBe(200);
    const headers = { Origin: 'https://app.example.com' };
    expect((await exchange(server, '/send/ann', { method: 'OPTIONS', headers })).status).toBe(204);
    const refused = await exchange(server, '/poll/ann', { headers });
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': headers.Origin } });
  });
});

function authorized(server: TestServer, path: string, token: string, request: RequestOptions = {}) {
  return exchange(server, path, { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } });
}

async function countSessions(server: TestServer): Promise<unknown> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}
