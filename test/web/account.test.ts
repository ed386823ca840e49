import { describe, expect, test } from '@jest/globals';
import { Account } from '../../src/web/account.ts';
import { en } from '../../src/web/messages/en.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const TOKEN = 'ann-0123456789abcdef';
const PROMPT = { expired: false, submitting: false };

/** Creates an account with a simulated server. */
function setUp(answer: () => Response | Promise<Response> = () => Response.json({ user_id: 'ann' }), stored = '') {
  const values = new Map<string, string>(stored === '' ? [] : [['bidi-sse.account', stored]]);
  const log: string[] = [];
  const account = new Account({
    fetch: async (input, init) => {
      log.push(`${init?.method ?? 'GET'} ${input} ${new Headers(init?.headers).get('Authorization') ?? ''}`.trim());
      return answer();
    },
    storage: { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) },
    onSignedIn: () => log.push('signed in'),
    onSignedOut: () => log.push('signed out'),
    onNotice: ({ text, advice }) => log.push(`${text(en)} ${advice?.(en)}`),
  });
  return { account, log, values };
}

test('a sign-in sends the token once, as a header, and stores only the user id', async () => {
  const { account, log, values } = setUp();
  account.requireSignIn();
  expect(account.prompt.value).toEqual(PROMPT);
  await account.signIn(` ${TOKEN}\n`);
  expect(log).toEqual([`POST sign-in Bearer ${TOKEN}`, 'signed in']);
  expect([account.prompt.value, account.user.value, account.getIds()]).toEqual([undefined, 'ann', { userId: 'ann' }]);
  expect([...values.values()].join()).not.toContain(TOKEN);
});

test.each<[string, string, () => Response | Promise<Response>, RegExp]>([
  ['has a space', 'two words', () => Response.json({}), /^This is not an access token/],
  [
    'is refused',
    TOKEN,
    () => Response.json(new WireError('unauthorized', 'The token has expired').body(), { status: 401 }),
    /^The token has expired\. Check it, or ask for a new one\.$/,
  ],
  [
    'comes too often',
    TOKEN,
    () => Response.json(new WireError('too_many_requests', 'too many requests', 'wait').body(), { status: 429 }),
    /^Too many requests\. Wait\.$/,
  ],
  [
    'meets a proxy',
    TOKEN,
    () => new Response('<h1>', { status: 502, statusText: 'Bad Gateway' }),
    /502 Bad Gateway\.$/,
  ],
  ['gets no answer', TOKEN, () => Promise.reject(new TypeError('failed')), /^The server cannot be reached/],
])('a sign-in with a token that %s tells why it failed', async (_, token, answer, error) => {
  const { account, log } = setUp(answer);
  account.requireSignIn();
  await account.signIn(token);
  expect(account.prompt.value).toMatchObject(PROMPT);
  expect(account.prompt.value?.error?.(en)).toMatch(error);
  expect([account.user.value, log.includes('signed in')]).toEqual([undefined, false]);
});

test('a second click during a sign-in sends no second request', async () => {
  const { account, log } = setUp();
  account.requireSignIn();
  await Promise.all([account.signIn(TOKEN), account.signIn(TOKEN)]);
  expect(log).toEqual([`POST sign-in Bearer ${TOKEN}`, 'signed in']);
});

test('a browser that drops the cookie is told to allow cookies', async () => {
  const { account } = setUp();
  account.requireSignIn();
  await account.signIn(TOKEN);
  account.requireSignIn();
  expect(account.prompt.value?.error?.(en)).toContain('Allow cookies');
});

test('a sign-in that ends during a conversation is told as ended, and the ids stay', async () => {
  const { account } = setUp(undefined, 'ann');
  account.renewIds();
  const ids = account.getIds();
  account.onAccepted();
  account.requireSignIn();
  expect(account.prompt.value).toEqual({ expired: true, submitting: false });
  await account.signIn(TOKEN);
  expect(account.getIds()).toEqual(ids);
});

test('a page whose last visit ended signed out asks for a sign-in at once, until the server accepts it without one', async () => {
  const first = setUp();
  first.account.requireSignIn();
  const { account } = setUp();
  expect(account.prompt.value).toBeUndefined();
  const values = first.values;
  const next = new Account({
    fetch,
    storage: { getItem: (key) => values.get(key) ?? null, setItem: () => undefined },
    onSignedIn: () => undefined,
    onSignedOut: () => undefined,
    onNotice: () => undefined,
  });
  expect(next.prompt.value).toEqual(PROMPT);
  next.onAccepted();
  expect(next.prompt.value).toBeUndefined();
});

test('a sign-out asks for a sign-in afterwards, and one that fails leaves the user signed in and tells why', async () => {
  let isDown = true;
  const { account, log } = setUp(() => (isDown ? Promise.reject(new TypeError('failed')) : Response.json({})), 'ann');
  account.onAccepted();
  await account.signOut();
  expect(log).toEqual(['POST sign-out', expect.stringMatching(/^You are still signed in\. The server cannot/)]);
  expect([account.user.value, account.prompt.value]).toEqual(['ann', undefined]);
  isDown = false;
  await account.signOut();
  expect(log.at(-1)).toBe('signed out');
  expect([account.user.value, account.prompt.value]).toEqual([undefined, PROMPT]);
});

describe('in an app that signs users in,', () => {
  const nobody = () =>
    Response.json(new WireError('unauthorized').body(), {
      status: 401,
      headers: { 'WWW-Authenticate': 'App realm="bidi-sse"' },
    });

  test('the page uses the user of the app without storing it, and has no sign-out', async () => {
    const { account, values } = setUp(() => Response.json({ user_id: 'ann', sign_in: 'app' }));
    const user = await account.findUser();
    expect(user).toEqual({ userId: 'ann', byApp: true });
    account.switchTo('ann', true);
    expect([account.getIds(), account.user.value]).toEqual([{ userId: 'ann' }, undefined]);
    expect(values.has('bidi-sse.account')).toBe(false);
    account.renewIds();
    expect(account.getIds()).toEqual({ userId: 'ann', sessionId: expect.any(String) });
  });

  test('the page asks for no token', async () => {
    const { account, values } = setUp(nobody);
    expect(await account.isSignInByApp()).toBe(true);
    account.requireSignIn(true);
    expect(account.prompt.value).toEqual({ ...PROMPT, byApp: true });
    expect(values.has('bidi-sse.account')).toBe(false);
  });

  test('a sign-in on the page replaces the user of the app', async () => {
    const { account } = setUp();
    account.switchTo('bob', true);
    await account.signIn(TOKEN);
    expect([account.getIds(), account.user.value]).toEqual([{ userId: 'ann' }, 'ann']);
  });

  test('other servers still ask for a token', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer realm="bidi-sse"' };
    const { account } = setUp(() => Response.json(new WireError('unauthorized').body(), { status: 401, headers }));
    expect(await account.isSignInByApp()).toBe(false);
    expect(await setUp().account.findUser()).toEqual({ userId: 'ann', byApp: false });
  });
});
