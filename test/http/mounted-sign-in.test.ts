import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import express, { type Request, type RequestHandler } from 'express';
import session from 'express-session';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { readConfig } from '../../src/config.ts';
import { checkExposure } from '../../src/exposure.ts';
import { type AppAnswer, AppAuthenticator } from '../../src/http/auth/app-authenticator.ts';
import { Tickets } from '../../src/http/auth/tickets.ts';
import { isOwnMachine } from '../../src/http/loopback.ts';
import { createService } from '../../src/service.ts';
import type { ServiceOptions } from '../../src/service-options.ts';
import { ask, createTestRouter, listen, openSocket, PARTS } from './mounted-app.ts';
import { expectRefusal } from './sessions.ts';
import { openStream } from './sse-client.ts';

type SignedIn = Request & { readonly session: { user?: string } };

/** An app whose users sign in by a cookie of express-session, with the router under `/talk`. */
async function startApp(options: Partial<ServiceOptions> = {}, before: RequestHandler[] = []) {
  const logs: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) });
  const app = express();
  app.use(session({ secret: 'a secret of the test', resave: false, saveUninitialized: false }));
  app.post('/login/:user', (req, res) => {
    (req as unknown as SignedIn).session.user = req.params.user;
    res.json({});
  });
  const authenticate = ({ session: { user } }: SignedIn) => (user === undefined ? undefined : { userId: user });
  const router = createTestRouter({ ...PARTS, logger, authenticate, ...options });
  app.use('/talk', ...before, router);
  const server = createServer(app);
  router.service.acceptUpgrades(server, '/talk');
  const url = await listen(app, server);
  return { url, logs, router };
}

async function signIn(url: string, user: string): Promise<{ Cookie: string }> {
  const { headers } = await ask(`${url}/login/${user}`, {}, 'POST');
  return { Cookie: String(headers['set-cookie']).split(';')[0] ?? '' };
}

describe('an app that tells the router who sends a request', () => {
  test('lets a signed-in user use the sessions of that user, and no others, by requests and by WebSockets', async () => {
    const { url } = await startApp();
    const ann = await signIn(url, 'ann');
    const stream = await openStream(`${url}/talk/events/ann`, ann);
    expect(await stream.untilNamed('session')).toMatchObject({ user_id: 'ann', agent: 'mounted' });
    expect((await ask(`${url}/talk/poll/ann/second?wait=0`, ann)).status).toBe(200);
    expect((await openSocket(`${url}/talk/ws/ann?client=a`, ann)).frame).toMatchObject({ event: 'session' });

    expectRefusal(await ask(`${url}/talk/events/bob`, ann), { status: 403, code: 'user_not_allowed' });
    expectRefusal(await ask(`${url}/talk/send/bob`, ann, 'POST'), { status: 403, code: 'user_not_allowed' });
    expect((await openSocket(`${url}/talk/ws/bob?client=a`, ann)).status).toBe(403);
  });

  test('refuses whoever is not signed in, by requests and by WebSockets', async () => {
    const { url } = await startApp();
    const answer = await ask(`${url}/talk/events/ann`);
    expectRefusal(answer, {
      status: 401,
      code: 'unauthorized',
      error: 'Nobody is signed in',
      hint: /sign in to the app/,
    });
    expect(answer.headers['www-authenticate']).toBe('App realm="bidi-sse"');
    expect((await openSocket(`${url}/talk/ws/ann?client=a`)).status).toBe(401);
    expect((await ask(`${url}/talk/sign-in`)).status).toBe(401);
    expect((await ask(`${url}/talk/healthz`)).status).toBe(200);
  });

  test('names the user of the sign-in, and issues tickets that need no cookie', async () => {
    const { url } = await startApp();
    const ann = await signIn(url, 'ann');
    expect(JSON.parse((await ask(`${url}/talk/sign-in`, ann)).text)).toEqual({ user_id: 'ann', sign_in: 'app' });
    const { ticket } = JSON.parse((await ask(`${url}/talk/tickets/ann`, ann, 'POST')).text);
    const stream = await openStream(`${url}/talk/events/ann?ticket=${ticket}`);
    await stream.untilNamed('session');
    expect((await openSocket(`${url}/talk/ws/ann?client=a&ticket=${ticket}`)).status).toBe(101);
    // A bare WebSocket is sent nothing before the model speaks.
    const bare = new WebSocket(
      `${url.replace('http', 'ws')}/talk/run_live?app_name=mounted&user_id=ann&ticket=${ticket}`,
    );
    await once(bare, 'open');
    bare.terminate();
    expect((await ask(`${url}/talk/events/bob?ticket=${ticket}`)).status).toBe(403);
  });

  test('ends streams when the sign-in expires, and refuses the next request', async () => {
    const expiresAt = Date.now() + 1_500;
    const { url } = await startApp({ authenticate: async () => ({ userId: 'ann', expiresAt }) });
    const stream = await openStream(`${url}/talk/events/ann`);
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expectRefusal(await ask(`${url}/talk/events/ann`), { status: 401, code: 'unauthorized', error: /has expired/ });
  });

  test.each<[string, () => AppAnswer | Promise<AppAnswer>]>([
    ['throws', () => JSON.parse('{')],
    ['rejects', async () => JSON.parse('{')],
    ['returns a number as user id', () => ({ userId: 7 }) as unknown as AppAnswer],
    ['returns an id that no user may have', async () => ({ userId: '../ann' })],
    ['returns true', () => true as unknown as AppAnswer],
    ['returns an expiry that is no number', () => ({ userId: 'ann', expiresAt: Number.NaN })],
  ])('and %s, has the request refused with 503, and the cause in the log', async (_what, authenticate) => {
    const { url, logs } = await startApp({ authenticate });
    expectRefusal(await ask(`${url}/talk/poll/ann?wait=0`), {
      status: 503,
      code: 'auth_unavailable',
      error: /cannot tell/,
    });
    const [line] = logs.map((each) => JSON.parse(each)).filter(({ level }) => level === 50);
    expect(line).toMatchObject({ msg: expect.stringContaining('authenticate has failed'), err: expect.anything() });
  });

  test('and never answers, has the request refused with 503 after 10 s', async () => {
    jest.useFakeTimers();
    try {
      const errors: unknown[] = [];
      const authenticator = new AppAuthenticator({
        authenticate: () => new Promise(() => {}),
        tickets: new Tickets({ isLive: async () => false }),
        onError: (error) => errors.push(error),
      });
      const answer = Promise.resolve(
        authenticator.authenticate({ url: '/', headers: {} } as Request, 'poll', undefined),
      );
      const refused = expect(answer).rejects.toMatchObject({ code: 'auth_unavailable' });
      await jest.advanceTimersByTimeAsync(10_000);
      await refused;
      expect(String(errors)).toContain('has not answered within 10000 ms');
    } finally {
      jest.useRealTimers();
    }
  });

  test('cannot also be given AUTH=token, and the option must be a function', () => {
    const config = readConfig({ DATABASE_URL: 'memory:', AUTH: 'token', AUTH_TOKENS: 'ann:ann-0123456789abcdef' });
    const authenticate = () => undefined;
    expect(() => createService({ ...PARTS, config, authenticate })).toThrow(/authenticate and AUTH=token exclude/);
    const wrong = { ...PARTS, authenticate: 'ann' } as unknown as ServiceOptions;
    expect(() => createService(wrong)).toThrow(/authenticate must be a function/);
  });

  test('may listen beyond loopback', () => {
    const config = readConfig({ DATABASE_URL: 'memory:', HOST: '0.0.0.0', ALLOWED_HOSTS: 'app.example' });
    expect(() => checkExposure(config, false)).toThrow(/AUTH: other machines/);
    expect(() => checkExposure(config, true)).not.toThrow();
  });
});

describe('middleware in front of the router', () => {
  const requireSignIn: RequestHandler = (req, res, next) => {
    if ((req as unknown as SignedIn).session.user !== undefined) next();
    else res.status(401).send('of the app');
  };

  test('decides about WebSockets as about requests', async () => {
    const { url } = await startApp({ authenticate: undefined } as Partial<ServiceOptions>, [requireSignIn]);
    expect(await ask(`${url}/talk/poll/me?wait=0`)).toMatchObject({ status: 401, text: 'of the app' });
    expect(await openSocket(`${url}/talk/ws/me?client=a`)).toMatchObject({ status: 401, body: 'of the app' });
    const ann = await signIn(url, 'ann');
    expect((await ask(`${url}/talk/poll/me?wait=0`, ann)).status).toBe(200);
    expect((await openSocket(`${url}/talk/ws/me?client=a`, ann)).status).toBe(101);
  });
});

describe('a router without authentication', () => {
  /** Has requests come from another machine. */
  const fromElsewhere: RequestHandler = ({ socket }, _res, next) => {
    Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.7', configurable: true });
    next();
  };

  test('refuses requests of other machines, and says once in the log what to set', async () => {
    const { url, logs } = await startApp({ authenticate: undefined } as Partial<ServiceOptions>, [fromElsewhere]);
    for (const path of ['/talk/poll/me?wait=0', '/talk/events/me']) {
      expectRefusal(await ask(`${url}${path}`), {
        status: 401,
        code: 'unauthorized',
        error: /only requests of its own machine/,
      });
    }
    expect((await openSocket(`${url}/talk/ws/me?client=a`)).status).toBe(401);
    const lines = logs.map((each) => JSON.parse(each)).filter(({ level }) => level === 50);
    expect(lines).toEqual([
      expect.objectContaining({ address: '192.0.2.7', msg: expect.stringMatching(/option authenticate/) }),
    ]);
  });

  test('accepts them with AUTH_NONE_BEYOND_LOOPBACK=yes', async () => {
    const config = readConfig({ DATABASE_URL: 'memory:', AUTH_NONE_BEYOND_LOOPBACK: 'yes' });
    const { url } = await startApp({ authenticate: undefined, config } as Partial<ServiceOptions>, [fromElsewhere]);
    expect((await ask(`${url}/talk/poll/me?wait=0`)).status).toBe(200);
  });

  test.each([
    ['of IPv4 loopback', { remoteAddress: '127.0.0.1' }, true],
    ['of IPv6 loopback', { remoteAddress: '::1' }, true],
    ['of loopback on a socket for both', { remoteAddress: '::ffff:127.0.0.1' }, true],
    ['of another machine', { remoteAddress: '192.0.2.7' }, false],
    ['of another machine on a socket for both', { remoteAddress: '::ffff:192.0.2.7' }, false],
    ['of another machine that has reset it', { remoteAddress: undefined, localAddress: '192.0.2.1' }, false],
    ['of this machine that has reset it', { remoteAddress: undefined, localAddress: '127.0.0.1' }, true],
    ['of a Unix domain socket', {}, true],
    ['that is closed', { destroyed: true }, false],
  ])('takes a connection %s for one of this machine or not: %j', (_what, socket, expected) => {
    const addresses = { remoteAddress: undefined, localAddress: undefined, destroyed: false, ...socket };
    expect(isOwnMachine(addresses as Parameters<typeof isOwnMachine>[0])).toBe(expected);
  });
});
