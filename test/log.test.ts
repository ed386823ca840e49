import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogger, type Logger, protectLogger } from '../src/log.ts';
import { secret } from './secrets.ts';

/** A logger whose lines are kept. */
function keptLog(format: 'pretty' | 'json', secrets: readonly string[] = []): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { logger: createLogger({ level: 'trace', format, secrets, destination }), lines };
}

/** An error as HTTP libraries throw it: with the request, its headers and its address. */
function requestError(hidden: string): Error {
  const cause = new Error(`the request to https://user:${hidden}@host.example/?key=${hidden} failed`);
  const details = {
    code: `E_${hidden.length}`,
    config: { headers: { Authorization: `Bearer ${hidden}`, Cookie: `session=${hidden}` }, url: `/?key=${hidden}` },
    response: { data: hidden },
  };
  return Object.assign(new Error(`403 for ?access_token=${hidden}`, { cause }), details);
}

describe.each(['pretty', 'json'] as const)('the %s log', (format) => {
  test('contains no secret of the configuration, wherever a record contains it', () => {
    fc.assert(
      fc.property(secret, (hidden) => {
        const { logger, lines } = keptLog(format, [hidden]);
        const child = logger.child({ url: `/?x=${encodeURIComponent(hidden)}`, [hidden]: 1 });
        child.info({ text: `a ${hidden} b`, deep: { list: [hidden] } }, `message with ${hidden}`);
        child.error({ err: requestError(hidden) }, 'failed');
        child.error(requestError(hidden));
        expect(lines).toHaveLength(3);
        expect(lines.join('')).not.toContain(hidden);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['the key of a query', 'GET /?key=hidden-text&a=1'],
    ['the ticket of a query', 'GET /?ticket=hidden-text'],
    ['a bearer token', 'Authorization: Bearer hidden-text'],
    ['a Basic header', 'Proxy-Authorization: Basic hidden-text'],
    ['credentials in an address', 'http://name:hidden-text@proxy.example:3128'],
    ['a key of Google', 'the key AIzahidden-text-0123456789012345 is bad'],
    ['an access token of Google', 'ya29.hidden-text'],
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.hidden-text.sig'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nhidden-text\n-----END'],
  ])('contains nothing of %s, even if the configuration does not contain it', (_what, text) => {
    const { logger, lines } = keptLog(format);
    logger.warn({ text, err: new Error(text) }, text);
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain('hidden-text');
  });

  test('contains no header with credentials', () => {
    const { logger, lines } = keptLog(format);
    const headers = {
      authorization: 'hidden',
      cookie: 'hidden',
      'proxy-authorization': 'hidden \\"',
      'set-cookie': ['hidden'],
      host: 'seen',
    };
    logger.info({ headers, req: { headers } }, 'request');
    expect(lines.join('')).toContain('seen');
    expect(lines.join('')).not.toContain('hidden');
  });

  test.each([
    'plain',
    '\n',
    '\r\n',
    '\u001b[2J',
    '\u009b31m',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u2066',
    '\u200b',
    '\0',
    '\ud800',
  ])('is one printable line for each record, whatever a text with %j contains', (text) => {
    const { logger, lines } = keptLog(format);
    const forged = `me${text}[12:00:00] INFO: forged`;
    logger.child({ userId: forged }).info({ [forged]: forged, deep: [{ url: forged }] }, forged);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+\n$/u);
  });

  test('shows a thrown value of any kind by its text, and does not fail', () => {
    const { logger, lines } = keptLog(format);
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    for (const err of [null, undefined, 7, 'text', Symbol('s'), Object.create(null), hostile])
      logger.error({ err }, 'failed');
    expect(lines).toHaveLength(7);
  });

  test('follows the causes of an error, up to a limit', () => {
    const { logger, lines } = keptLog(format);
    const loop = new Error('first');
    loop.cause = loop;
    logger.error({ err: new Error('outer', { cause: loop }) }, 'failed');
    expect(lines.join('')).toMatch(/outer[\s\S]*first/);
  });
});

test('the pretty log shows the stack of an error line by line, and a message with line breaks in one line', () => {
  const { logger, lines } = keptLog('pretty');
  logger.error({ err: new Error('one\n[12:00:00] INFO: two') }, 'failed');
  expect(lines.join('')).toContain('one\\n[12:00:00] INFO: two');
  expect(lines.join('')).toMatch(/\n +at .*log\.test\.ts:\d+/);
});

test('the JSON log keeps the value of every text', () => {
  const { logger, lines } = keptLog('json');
  const text = 'line\nbreak \u2028 \u202e \u009b \u{1f600}';
  logger.info({ text }, text);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ text, msg: text });
});

test("a logger of the caller's logs errors without requests and secrets, after protectLogger", () => {
  const { logger, lines } = keptLog('json');
  protectLogger(logger, ['the-hidden-text']).error({ err: requestError('the-hidden-text') }, 'failed');
  expect(lines.join('')).toContain('403 for');
  expect(lines.join('')).not.toContain('the-hidden-text');
});
