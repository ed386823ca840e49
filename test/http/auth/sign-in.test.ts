import { describe, expect, test } from '@jest/globals';
import { type Answer, exchange, type RequestOptions } from '../requests.ts';
import { expectRefusal } from '../sessions.ts';
import { startTestServer, type TestServer } from '../test-server.ts';

const TOKEN = 'ann-token-0123456789';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN},*:backend-token-0123456789` };

describe('POST /sign-in', () => {
  test('stores the token in a cookie that no script and no other site can use, and answers with the user id', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await signIn(server);
    expect(answer).toMatchObject({ status: 200, text: '{"user_id":"ann"}' });
    expect(answer.headers['set-cookie']).toEqual([`bidi_sse_token=${TOKEN}; Path=/; HttpOnly; SameSite=Strict`]);
    const cookie = readCookie(answer);
    expect((await exchange(server, '/poll/ann?wait=0', { headers: { Cookie: `a=b; ${cookie}; c` } })).status).toBe(200);
    const other = await exchange(server, '/poll/ben?wait=0', { headers: { Cookie: cookie } });
    expectRefusal(other, { status: 403, code: 'user_not_allowed' });
  });

  test.each([
    ['its origin', { Origin: 'https://app.example.com', Host: 'app.example.com' }],
    ['a proxy', { 'X-Forwarded-Proto': 'https' }],
  ])('sets a Secure cookie of this host only when %s shows that the page uses https', async (_what, headers) => {
    const server = await startTestServer({ ...ENVIRONMENT, ALLOWED_HOSTS: 'app.example.com' });
    const [cookie] = (await signIn(server, headers)).headers['set-cookie'] ?? [];
    expect(cookie).toBe(`__Host-bidi_sse_token=${TOKEN}; Path=/; HttpOnly; SameSite=Strict; Secure`);
  });

  test('answers a token of every user without a user id', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await signIn(server, { Authorization: 'Bearer backend-token-0123456789' });
    expect(answer).toMatchObject({ status: 200, text: '{"user_id":null}' });
  });

  test('sets no cookie for a wrong token, and answers 401', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await signIn(server, { Authorization: 'Bearer wrong-token-0123456789' });
    expectRefusal(answer, { status: 401, code: 'unauthorized' });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('is refused to a page of another origin, which could sign its visitors in as somebody else', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const answer = await signIn(server, { Origin: 'https://evil.example' });
    expectRefusal(answer, { status: 403, code: 'origin_not_allowed' });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('sets no cookie on a server without authentication, where nobody needs one', async () => {
    const server = await startTestServer();
    const answer = await signIn(server);
    expect(answer).toMatchObject({ status: 200, text: '{"user_id":null}' });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});

describe('GET /sign-in', () => {
  test('answers with the user id of the cookie, and with 401 without one', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const cookie = readCookie(await signIn(server));
    expect(await exchange(server, '/sign-in', { headers: { Cookie: cookie } })).toMatchObject({
      status: 200,
      text: '{"user_id":"ann"}',
    });
    expectRefusal(await exchange(server, '/sign-in'), { status: 401, code: 'unauthorized' });
    const method = await exchange(server, '/sign-in', { method: 'DELETE', headers: { Cookie: cookie } });
    expect(method).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
  });

  test('answers without a user id on a server without authentication', async () => {
    const server = await startTestServer();
    expect(await exchange(server, '/sign-in')).toMatchObject({ status: 200, text: '{"user_id":null}' });
  });
});

describe('a request with a cookie', () => {
  test('prefers the name that only this host can set, and the header before both', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const cookies = (first: string, second: string) => `bidi_sse_token=${first}; __Host-bidi_sse_token=${second}`;
    const poll = (headers: Record<string, string>) => exchange(server, '/poll/ann?wait=0', { headers });
    expect((await poll({ Cookie: cookies('planted-by-a-neighbour', TOKEN) })).status).toBe(200);
    expect((await poll({ Cookie: cookies(TOKEN, 'wrong') })).status).toBe(401);
    expect((await poll({ Cookie: cookies('wrong', 'wrong'), Authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await poll({ Cookie: cookies(TOKEN, TOKEN), Authorization: 'Bearer wrong' })).status).toBe(401);
    // A proxy with a password of its own passes its header on.
    expect((await poll({ Cookie: cookies('', TOKEN), Authorization: 'Basic YTpi' })).status).toBe(200);
  });

  test('over https has the name that only this host can set: neighbours below the same domain could set the other one', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const poll = (name: string) => {
      const headers = { Cookie: `${name}=${TOKEN}`, 'X-Forwarded-Proto': 'https' };
      return exchange(server, '/poll/ann?wait=0', { headers });
    };
    expectRefusal(await poll('bidi_sse_token'), { status: 401, code: 'unauthorized' });
    expect((await poll('__Host-bidi_sse_token')).status).toBe(200);
  });

  test('is refused if a page of another port of the same host sends it: for a cookie, both are one site', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const headers = { Cookie: `bidi_sse_token=${TOKEN}`, Origin: `http://127.0.0.1:${server.port + 1}` };
    const answer = await exchange(server, '/tickets/ann', { method: 'POST', headers });
    expectRefusal(answer, { status: 403, code: 'origin_not_allowed' });
  });
});

describe('POST /sign-out', () => {
  test('removes the cookie, under both names over https, and needs no credentials', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const request: RequestOptions = { method: 'POST', body: 'ignored' };
    const plain = await exchange(server, '/sign-out', request);
    expect(plain).toMatchObject({ status: 200, text: '{"status":"signed_out"}' });
    expect(plain.headers['set-cookie']).toEqual([expect.stringMatching(/^bidi_sse_token=; .*Max-Age=0$/)]);
    const secure = await exchange(server, '/sign-out', { ...request, headers: { 'X-Forwarded-Proto': 'https' } });
    expect(secure.headers['set-cookie']).toEqual([
      expect.stringMatching(/^bidi_sse_token=; /),
      expect.stringMatching(/^__Host-bidi_sse_token=; .*Secure; Max-Age=0$/),
    ]);
  });

  test('cannot be caused by a link, nor by another page', async () => {
    const server = await startTestServer(ENVIRONMENT);
    expect(await exchange(server, '/sign-out')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    const headers = { Origin: 'https://evil.example' };
    expect((await exchange(server, '/sign-out', { method: 'POST', headers })).status).toBe(403);
  });
});

function signIn(server: TestServer, headers: Record<string, string> = {}): Promise<Answer> {
  return exchange(server, '/sign-in', { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
}

function readCookie({ headers }: Answer): string {
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}
