import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { exchange, openBody, write } from '../requests.ts';
import { expectRefusal } from '../sessions.ts';
import { openStream } from '../sse-client.ts';
import { afterTest, startTestServer, type TestServer } from '../test-server.ts';
import { openSocket } from '../ws-client.ts';

const realNow = Date.now;
const SECRET = 'a-secret-that-only-the-tests-use-0123456789';
const ISSUER = 'https://login.example.com';
const AUDIENCE = 'voice';
const CLAIMS = { AUTH: 'jwt', AUTH_JWT_ISSUER: ISSUER, AUTH_JWT_AUDIENCE: AUDIENCE };
const ENVIRONMENT = { ...CLAIMS, AUTH_JWT_SECRET: SECRET };
const REFUSAL = { status: 401, code: 'unauthorized', error: 'The token is not valid' };

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a server with AUTH=jwt and a secret', () => {
  test('lets the user that sub names use the sessions of that user, and no other', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const token = await sign({});
    for (let repetition = 0; repetition < 2; repetition += 1) {
      expect((await poll(server, token)).status).toBe(200);
      expectRefusal(await poll(server, token, 'ben'), { status: 403, code: 'user_not_allowed' });
    }
  });

  test.each<[string, JWTPayload, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'its iss is not accepted by this server'],
    ['no issuer', { iss: undefined }, 'its iss is missing'],
    ['another audience', { aud: 'mail' }, 'its aud is not accepted by this server'],
    ['no audience', { aud: undefined }, 'its aud is missing'],
    ['no expiry', { exp: undefined }, 'its exp is missing'],
    ['no subject', { sub: undefined }, 'its sub is missing'],
    ['a start in the future', { nbf: inSeconds(60) }, 'its nbf is not accepted by this server'],
  ])('refuses a token with %s, and names the claim', async (_what, claims, fault) => {
    const server = await startTestServer(ENVIRONMENT);
    const error = `The token is not valid: ${fault}`;
    expectRefusal(await poll(server, await sign(claims)), { ...REFUSAL, error });
  });

  test('refuses a token that has expired by more than the tolerance of 5 s, and says so', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const error = 'The token has expired';
    expectRefusal(await poll(server, await sign({ exp: inSeconds(-6) })), { ...REFUSAL, error });
    expect((await poll(server, await sign({ exp: inSeconds(-1) }))).status).toBe(200);
  });

  test('refuses a token that was accepted before once it has expired', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const token = await sign({ exp: inSeconds(-2) });
    let answer = await poll(server, token);
    expect(answer.status).toBe(200);
    while (answer.status === 200) answer = await poll(server, token);
    expectRefusal(answer, { ...REFUSAL, error: 'The token has expired' });
  });

  test('refuses tokens that are not signed, signed with another secret or algorithm, or changed', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const claims = { sub: 'ann', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(60) };
    const [header = '', payload = '', signature = ''] = (await sign({})).split('.');
    const forBen = Buffer.from(JSON.stringify({ ...claims, sub: 'ben' })).toString('base64url');
    const { privateKey } = await generateKeyPair('RS256');
    for (const token of [
      new UnsecuredJWT(claims).encode(),
      `${header}.${payload}.`,
      `${header}.${forBen}.${signature}`,
      await sign({}, `${SECRET}x`),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(new TextEncoder().encode(SECRET)),
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
      'no-token-at-all',
      'a.b.c',
    ]) {
      expectRefusal(await poll(server, token, 'ann'), REFUSAL);
      expectRefusal(await poll(server, token, 'ben'), REFUSAL);
    }
  });

  test('ends a stream and a WebSocket with drain when their token expires, and keeps the session', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const token = await sign({ exp: inSeconds(-2) });
    const headers = { Authorization: `Bearer ${token}` };
    const { ticket } = JSON.parse((await exchange(server, '/tickets/ann', { method: 'POST', headers })).text);
    const stream = await openStream(`${server.url}/events/ann`, headers);
    const socket = await openSocket(server, `/ws/ann?client=a&ticket=${ticket}`);
    for (const connection of [stream, socket]) {
      expect(await connection.untilNamed('drain')).toEqual({ retry_ms: 100 });
    }
    expectRefusal(await poll(server, token), { ...REFUSAL, error: 'The token has expired' });
    const { epoch } = await stream.untilNamed('session');
    const fresh = { Authorization: `Bearer ${await sign({})}`, 'Last-Event-ID': stream.lastId };
    const resumed = await openStream(`${server.url}/events/ann`, fresh);
    expect(await resumed.untilNamed('session')).toMatchObject({ epoch });
  });

  test('ends an endless upload when its token expires', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const headers = { Authorization: `Bearer ${await sign({ exp: inSeconds(60) })}` };
    await openStream(`${server.url}/events/me`, headers);
    const mine = { Authorization: `Bearer ${await sign({ sub: 'me', exp: inSeconds(60) })}` };
    await openStream(`${server.url}/events/me`, mine);
    const { sending, answer } = openBody(server, { ...mine, 'Content-Type': 'audio/pcm' });
    await write(sending, Buffer.alloc(3_200));
    setClockForward(66_000);
    await write(sending, Buffer.alloc(3_200));
    expectRefusal(await answer, { status: 401, code: 'unauthorized', error: /^The token has expired; all samples/ });
  });

  test('gives the cookie of /sign-in the lifetime of the token', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const headers = { Authorization: `Bearer ${await sign({ exp: inSeconds(595) })}` };
    const answer = await exchange(server, '/sign-in', { method: 'POST', headers });
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/; Max-Age=(59\d|600)$/)]);
    const { user_id: userId, expires_ms: expiresMs } = JSON.parse(answer.text);
    expect(userId).toBe('ann');
    expect(expiresMs).toBeGreaterThan(500_000);
  });
});

describe('a server with AUTH=jwt and the URL of public keys', () => {
  test('verifies tokens with the key that they name, and fetches the keys once', async () => {
    const provider = await startProvider();
    const server = await startTestServer({ ...CLAIMS, AUTH_JWKS_URL: provider.url });
    const [rsa, ec] = [await provider.addKey('RS256', 'one'), await provider.addKey('ES256', 'two')];
    for (let repetition = 0; repetition < 3; repetition += 1) {
      expect((await poll(server, await rsa({}))).status).toBe(200);
      expect((await poll(server, await ec({}))).status).toBe(200);
    }
    expectRefusal(await poll(server, await rsa({ aud: 'mail' })), {
      ...REFUSAL,
      error: /its aud is not accepted by this server$/,
    });
    expect(provider.fetches).toBe(1);
  });

  test('refuses a token whose HMAC was made with the public key, and one without a signature', async () => {
    const provider = await startProvider();
    const server = await startTestServer({ ...CLAIMS, AUTH_JWKS_URL: provider.url });
    await provider.addKey('RS256', 'one');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = encode({ sub: 'ann', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(60) });
    for (const alg of ['HS256', 'none', 'NONE']) {
      const content = `${encode({ alg, kid: 'one' })}.${payload}`;
      for (const secret of [JSON.stringify(provider.keys[0]), String(provider.keys[0]?.n), '']) {
        const signature = createHmac('sha256', secret).update(content).digest('base64url');
        for (const token of [`${content}.${signature}`, `${content}.`]) {
          expectRefusal(await poll(server, token), { status: 401, code: 'unauthorized' });
        }
      }
    }
  });

  test('fetches the keys again for an unknown key id, but not for each of many', async () => {
    const provider = await startProvider();
    const server = await startTestServer({ ...CLAIMS, AUTH_JWKS_URL: provider.url });
    const first = await provider.addKey('RS256', 'one');
    expect((await poll(server, await first({}))).status).toBe(200);
    const rotated = await provider.addKey('RS256', 'two');
    expectRefusal(await poll(server, await rotated({})), REFUSAL);
    setClockForward(31_000);
    expect((await poll(server, await rotated({}))).status).toBe(200);
    const unknown = await provider.addKey('RS256', 'three');
    provider.keys.pop();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => poll(server, await unknown({}))));
    for (const answer of answers) expectRefusal(answer, REFUSAL);
    expect(provider.fetches).toBe(2);
  });

  test.each<[string, (res: ServerResponse) => void]>([
    ['an error', (res) => res.writeHead(500).end('{"keys":[]}')],
    ['a redirect', (res) => res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()],
    ['no JSON', (res) => res.end('<html>')],
    ['no key set', (res) => res.end('{"keys":{}}')],
    ['more than 256 KiB', (res) => res.end(`{"keys":[],"padding":"${'x'.repeat(300_000)}"}`)],
  ])(
    'answers 503 with Retry-After when the provider answers with %s, and waits before it asks again',
    async (_what, reply) => {
      const provider = await startProvider();
      const signKnown = await provider.addKey('RS256', 'one');
      provider.reply = reply;
      const server = await startTestServer({ ...CLAIMS, AUTH_JWKS_URL: provider.url });
      for (let repetition = 0; repetition < 5; repetition += 1) {
        const answer = await poll(server, await signKnown({}));
        expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'auth_unavailable', retry: true });
      }
      expect(provider.fetches).toBe(1);
      const warnings = server.logs.filter((line) => line.includes('the keys of AUTH_JWKS_URL cannot be fetched'));
      expect(warnings).toHaveLength(1);
    },
  );

  test('still accepts a token that was verified before the provider failed, for an hour', async () => {
    const provider = await startProvider();
    const signKnown = await provider.addKey('EdDSA', 'one');
    const server = await startTestServer({ ...CLAIMS, AUTH_JWKS_URL: provider.url });
    const token = await signKnown({ exp: inSeconds(7_200) });
    expect((await poll(server, token)).status).toBe(200);
    provider.reply = (res) => res.destroy();
    setClockForward(3_500_000);
    expect((await poll(server, token)).status).toBe(200);
    expect((await poll(server, await signKnown({ exp: inSeconds(7_201) }))).status).toBe(503);
    setClockForward(3_600_001);
    expect((await poll(server, token)).status).toBe(503);
  });
});

/** A time in seconds since 1970, as in a token. */
function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

/** Sets the clock forward from the real time. Timers are not affected. */
function setClockForward(ms: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
}

function withClaims(claims: JWTPayload): JWTPayload {
  return { sub: 'ann', iss: ISSUER, aud: [AUDIENCE, 'other'], exp: inSeconds(60), ...claims };
}

function sign(claims: JWTPayload, secret = SECRET): Promise<string> {
  const token = new SignJWT(withClaims(claims)).setProtectedHeader({ alg: 'HS256' });
  return token.sign(new TextEncoder().encode(secret));
}

function poll(server: TestServer, token: string, user = 'ann') {
  return exchange(server, `/poll/${user}?wait=0`, { headers: { Authorization: `Bearer ${token}` } });
}

/** An identity provider on loopback that publishes its keys. */
async function startProvider() {
  const provider = {
    url: '',
    fetches: 0,
    keys: [] as Record<string, unknown>[],
    reply: (res: ServerResponse): unknown => res.end(JSON.stringify({ keys: provider.keys })),
    /** Adds a key. @returns signs tokens with it */
    async addKey(alg: string, kid: string) {
      const { privateKey, publicKey } = await generateKeyPair(alg);
      provider.keys.push({ ...(await exportJWK(publicKey)), kid, alg });
      return (claims: JWTPayload) => new SignJWT(withClaims(claims)).setProtectedHeader({ alg, kid }).sign(privateKey);
    },
  };
  const server = createServer((_req, res) => {
    provider.fetches += 1;
    provider.reply(res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`; // a TCP server that listens has one
  return provider;
}
