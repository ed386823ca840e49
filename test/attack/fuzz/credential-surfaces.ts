import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { CredentialAuthenticator } from '../../../src/http/auth/credential-authenticator.ts';
import { redactUrl } from '../../../src/http/auth/redact-url.ts';
import { StaticTokens } from '../../../src/http/auth/static-tokens.ts';
import { Tickets } from '../../../src/http/auth/tickets.ts';
import { ClientAddresses } from '../../../src/http/limits/client-addresses.ts';
import { decode, expect, MAX_HEADERS, type Surface } from './surface.ts';

const TOKEN = 'ann-0123456789abcdef';
const tickets = new Tickets({ secret: 'ticket-secret-of-the-fuzzer-00001', isLive: async () => false });
const authenticator = new CredentialAuthenticator(new StaticTokens([{ userId: 'ann', token: TOKEN }]), tickets);
const addresses = new ClientAddresses(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);

/** Headers and targets by which a client says who it is. */
export const credentialSurfaces: readonly Surface[] = [
  {
    name: 'credentials',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      `Bearer ${TOKEN}\n\n/poll/ann`,
      `\nbidi_sse_token=${TOKEN}; theme=dark\n/poll/ann`,
      `\n__Host-bidi_sse_token=${TOKEN}\n/events/ann?client=a`,
      `Basic YW5uOmFubg==\na=b\n/send/ann?access_token=${TOKEN}`,
      'Bearer wrong-0123456789abcdef\n\n/events/ann?ticket=a.b',
    ],
    check(input) {
      const [authorization = '', cookie = '', url = '/'] = input.split('\n');
      // The authenticator reads the headers, the target, and whether the connection is encrypted.
      const req = {
        url,
        socket: {},
        headers: { ...(authorization ? { authorization } : {}), ...(cookie ? { cookie } : {}) },
      } as unknown as IncomingMessage;
      const session = { userId: 'ann', sessionId: 'default' };
      const caller = decode(() => authenticator.authenticate(req, 'events', session));
      if ('refusal' in caller) return;
      if (caller.value instanceof Promise) {
        // The ticket is verified later; no mutation of these seeds is a valid one.
        caller.value.catch(() => {});
        return;
      }
      expect(authorization.includes(TOKEN) || cookie.includes(TOKEN), 'a caller without the token was accepted');
      expect(caller.value.userId === 'ann', `the token of ann was accepted for ${caller.value.userId}`);
    },
  },
  {
    name: 'target in the log',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [`/poll/ann?token=${TOKEN}&wait=0`, `/events/ann?client=a&ticket=${TOKEN}`, `/ws/ann?%74oken=${TOKEN}`],
    check(input) {
      const redacted = redactUrl(input);
      for (const name of ['token', 'ticket', 'access_token']) {
        const values = new URLSearchParams(input.split('?').slice(1).join('?')).getAll(name);
        const shown = new URLSearchParams(redacted.split('?').slice(1).join('?')).getAll(name);
        expect(!values.includes(TOKEN) || !shown.includes(TOKEN), `the value of ${name} would be logged`);
      }
    },
  },
  {
    name: 'X-Forwarded-For',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      '192.0.2.1',
      '192.0.2.1, 10.0.0.1',
      '[2001:db8::1]:4711, 10.1.2.3',
      'unknown, 10.0.0.1:80',
      '::ffff:192.0.2.7',
      'fe80::1%eth0, fd00::1',
      '203.0.113.9, 2001:db8:1:2:3:4:5:6, 10.0.0.1',
    ],
    check(input) {
      const req = { headers: { 'x-forwarded-for': input } } as unknown as IncomingMessage; // no other header is read
      const name = addresses.identifyForwarded(req, '10.0.0.9');
      const address = name.endsWith('::/64') ? `${name.slice(0, -'/64'.length)}` : name;
      expect(isIP(address) !== 0, `the address is named ${JSON.stringify(name.slice(0, 60))}`);
    },
  },
];
