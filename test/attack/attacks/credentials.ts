import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { AUDIENCE, HONEST_TOKEN, ISSUER, JWT_SECRET, MALLORY_TOKEN, signJwt } from '../credentials.ts';
import { expectRefused, expectTicketRefused, shakeHands } from './expect-refused.ts';

const BEARER = { Authorization: `Bearer ${MALLORY_TOKEN}` };

/** Attacks on servers that ask who is there. */
export const credentialAttacks: readonly Attack[] = [
  {
    name: 'no-credentials',
    does: 'asks every route without credentials, with empty ones, and with those of other schemes',
    stoppedBy: 'AUTH=token or jwt: 401 before a body is read or a session is opened',
    server: 'gated',
    async run(target) {
      const headers: Record<string, string>[] = [
        {},
        { Authorization: '' },
        { Authorization: 'Bearer' },
        { Authorization: 'Bearer ' },
        { Authorization: 'Basic aG9uZXN0Og==' },
        { Cookie: 'bidi_sse_token=; __Host-bidi_sse_token=x' },
        { Authorization: 'Bearer null' },
        { Authorization: 'Bearer undefined' },
      ];
      for (const each of headers) await expectRefused(target, 'honest', each, 401);
      const doors = [
        '/ws/honest?client=x',
        '/ws/honest',
        '/ws/honest/socket',
        '/run_live?user_id=honest&session_id=socket',
      ];
      await target.inLanes(5, target.times(100), async (index) => {
        const answer = await shakeHands(target, doors[index % doors.length] ?? '', {}, target.address(index));
        if (answer && answer.status !== 401 && answer.status !== 429)
          target.complain(`a handshake without credentials was answered ${answer.status}`);
      });
    },
  },
  {
    name: 'token-brute-force',
    does: 'guesses tokens on 20 connections as fast as they are refused',
    stoppedBy: 'tokens have at least 16 characters, and are compared by hash; requests of an address',
    server: 'gated',
    async run(target) {
      await target.inLanes(20, Number.POSITIVE_INFINITY, async (index) => {
        const token =
          index % 2 ? HONEST_TOKEN.slice(0, -1) + index.toString(36).slice(-1) : `guess-${index}-0123456789abcdef`;
        if (token === HONEST_TOKEN) return;
        const answer = await target.request('/poll/honest?wait=0', { headers: { Authorization: `Bearer ${token}` } });
        if (answer && answer.status < 400) target.complain(`a guessed token was accepted: ${answer.status}`);
      });
    },
  },
  {
    name: 'foreign-users',
    does: "uses another user's id with valid credentials: header, cookie, ticket, encoded id",
    stoppedBy: 'a token is bound to its user: 403',
    server: 'gated',
    async run(target) {
      await expectRefused(target, 'honest', BEARER, 403);
      await expectRefused(target, '%68onest', BEARER, 403);
      await expectRefused(target, 'honest', { Cookie: `bidi_sse_token=${MALLORY_TOKEN}` }, 403);
      await expectRefused(target, 'honest', { ...BEARER, 'X-User': 'honest', 'X-Original-URL': '/poll/honest' }, 403);
      await expectRefused(target, 'mallory', { Authorization: `Bearer ${HONEST_TOKEN.toUpperCase()}` }, 401);
    },
  },
  {
    name: 'forged-tickets',
    does: 'changes, cuts, joins and replays tickets: for other users, sessions and routes',
    stoppedBy: 'a ticket is signed, names one session, and opens connections for a minute',
    server: 'gated',
    async run(target) {
      const issued = await target.request('/tickets/mallory/mine', { method: 'POST', headers: BEARER });
      const ticket = /"ticket":"([^"]+)"/.exec(issued?.body ?? '')?.[1] ?? 'x.y';
      const [content = '', signature = ''] = ticket.split('.');
      const honest = Buffer.from(Buffer.from(content, 'base64url').toString().replace('mallory', 'honest')).toString(
        'base64url',
      );
      const forged = [
        `${honest}.${signature}`,
        `${honest}.`,
        `${content}`,
        `.${signature}`,
        `${content}.${signature}.`,
        `${content}.${signature.slice(1)}`,
        `${ticket}=`,
        `${honest}.${createHmac('sha256', '').update(honest).digest('base64url')}`,
        `${content}.${Buffer.alloc(32).toString('base64url')}`,
        'x'.repeat(10_000),
        '',
        'null',
        '..',
        '%00',
      ];
      for (const each of forged) await expectTicketRefused(target, '/events/honest/socket', each);
      for (const path of [
        '/events/honest/socket',
        '/events/mallory/other',
        '/events/mallory',
        '/ws/honest/stream?client=x',
        '/ws/honest/stream',
        '/ws/mallory/other',
        '/ws/mallory',
        '/run_live?user_id=honest&session_id=stream',
        '/run_live?user_id=mallory&session_id=other',
        '/run_live?user_id=mallory',
      ])
        await expectTicketRefused(target, path, ticket);
      for (const path of ['/poll/mallory/mine?wait=0', '/send/mallory/mine'])
        await expectTicketRefused(target, path, ticket);
      for (let index = 0; index < 200 && !target.over; index += 1) {
        const at = Math.floor(target.random() * ticket.length);
        const letter = String.fromCharCode(97 + Math.floor(target.random() * 26));
        const changed = ticket.slice(0, at) + letter + ticket.slice(at + 1);
        if (isSameTicket(changed, ticket)) continue;
        await expectTicketRefused(target, '/events/mallory/mine', changed);
      }
    },
  },
  {
    name: 'secrets-in-urls',
    does: 'sends tokens in the query, under every usual name, to get them into logs',
    stoppedBy: 'a token in a URL is refused, and never logged',
    server: 'gated',
    settings: { LOG_LEVEL: 'debug' },
    async run(target) {
      for (const name of [
        'token',
        'access_token',
        'auth_token',
        'authorization',
        'bearer',
        'jwt',
        'id_token',
        'api_key',
        'key',
        'Token',
        '%74oken',
        'ticket',
        'session.token',
      ]) {
        await target.request(`/poll/mallory?wait=0&${name}=${MALLORY_TOKEN}`);
        await target.request(`/nothing?${name}=${MALLORY_TOKEN}`);
        await target.request(`/events/mallory?${name}=Bearer%20${MALLORY_TOKEN}`, {
          headers: { Origin: 'https://attacker.example' },
        });
      }
    },
  },
  {
    name: 'forged-jwts',
    does: 'sends tokens without a signature, of other algorithms, keys, issuers, audiences and times, and for other users',
    stoppedBy: 'only the configured algorithms, key, issuer and audience; exp is required; sub is the user id',
    server: 'jwt',
    async run(target) {
      const now = Math.floor(Date.now() / 1_000);
      const good = { iss: ISSUER, aud: AUDIENCE, sub: 'honest', iat: now, exp: now + 600 };
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2_048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const none = (alg: string) => `${encode({ alg, typ: 'JWT' })}.${encode(good)}.`;
      const tokens: [string, string][] = [
        ...['none', 'None', 'NONE', 'nOnE'].map((alg): [string, string] => [`algorithm ${alg}`, none(alg)]),
        ['another key', signJwt(good, 'another-secret-of-32-characters-00')],
        ['the public key as secret', signJwt(good, publicKey)],
        ['the empty key', signJwt(good, '')],
        ['HS512 named, HS256 used', signJwt(good, JWT_SECRET, { alg: 'HS512' })],
        ['RS256 named, HS256 used', signJwt(good, JWT_SECRET, { alg: 'RS256' })],
        [
          'a key of its own',
          signJwt(good, privateKey, {
            alg: 'HS256',
            jwk: { kty: 'oct', k: 'AAAA' },
            jku: 'http://127.0.0.1:1/',
            kid: '../../dev/null',
          }),
        ],
        ['expired', signJwt({ ...good, exp: now - 600 })],
        ['not valid yet', signJwt({ ...good, nbf: now + 3_600 })],
        ['no expiry', signJwt({ ...good, exp: undefined })],
        ['an expiry that is a text', signJwt({ ...good, exp: `${now + 600}` })],
        ['another issuer', signJwt({ ...good, iss: 'https://attacker.example' })],
        ['no issuer', signJwt({ ...good, iss: undefined })],
        ['another audience', signJwt({ ...good, aud: 'other' })],
        ['no audience', signJwt({ ...good, aud: undefined })],
        ['no user', signJwt({ ...good, sub: undefined })],
        ['a list of users', signJwt({ ...good, sub: ['honest'] })],
        ['a critical extension', signJwt(good, JWT_SECRET, { crit: ['exp2'], exp2: 1 })],
        ['four parts', `${signJwt(good)}.x`],
        ['a changed payload', signJwt(good).replace(/\.[^.]+\./, `.${encode({ ...good, sub: 'root' })}.`)],
      ];
      for (const [what, token] of tokens) {
        await expectRefused(target, 'honest', { Authorization: `Bearer ${token}` }, 401, what);
      }
      for (const sub of ['mallory', 'Honest', 'honest ', '*', '../honest', 'honest\u0000']) {
        await expectRefused(
          target,
          'honest',
          { Authorization: `Bearer ${signJwt({ ...good, sub })}` },
          undefined,
          `the user ${JSON.stringify(sub)}`,
        );
      }
    },
  },
];

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Tells whether two tickets are the same bytes: the last letter of each part may differ in bits that encode nothing. */
function isSameTicket(one: string, other: string): boolean {
  const decoded = [one, other].map((ticket) =>
    ticket
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('hex'))
      .join(),
  );
  return decoded[0] === decoded[1];
}
