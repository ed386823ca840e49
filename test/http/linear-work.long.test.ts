import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { readBearerToken } from '../../src/http/auth/credential-authenticator.ts';
import { redactUrl } from '../../src/http/auth/redact-url.ts';
import { readSignInCookie } from '../../src/http/auth/sign-in-cookie.ts';
import { decodeItems } from '../../src/http/decode-body.ts';
import { hasTooManyValues } from '../../src/http/json-complexity.ts';
import { nameSubnet, normalizeAddress } from '../../src/http/limits/subnet.ts';
import { isLoopback, isLoopbackHost } from '../../src/http/loopback.ts';
import { readReaderQuery } from '../../src/http/reader-query.ts';
import { matchRoute } from '../../src/http/route-match.ts';
import { soundMs } from '../../src/wire/audio-duration.ts';
import { isBase64 } from '../../src/wire/base64.ts';
import { parseCursor } from '../../src/wire/cursor.ts';
import { plainDialect } from '../../src/wire/dialects/plain.ts';
import { readEnvelope, readEnvelopeQuery } from '../../src/wire/envelope.ts';
import { isId } from '../../src/wire/identifiers.ts';
import { parseMimeType } from '../../src/wire/mime-type.ts';
import { textBytes } from '../../src/wire/text-bytes.ts';

const decodePlain = (item: object) => decodeItems(item, { dialect: plainDialect, sessionId: 'default' });
const MEBIBYTE = 1024 * 1024;
/** Time that no function may take for a text of 1 MiB, in ms. Work that is not linear takes minutes. */
const PATIENCE_MS = 10_000;

/** Beginnings, repeated units and ends that make a pattern try many ways. */
const UNITS = [
  'a',
  '0',
  '1.',
  '-',
  ' ',
  '/',
  '?',
  '&',
  '=',
  ';',
  '"',
  '.',
  ':',
  '%',
  '\n',
  'rate=1',
  ';rate=1',
  'a.',
  '//',
  'token',
];
const FRAMES = [
  ['', ''],
  ['', '!'],
  ['audio/pcm;rate=', ' '],
  ['/send/', '/a/b/c'],
  ['https://', '/send/a'],
  ['/events/a?', '=x'],
  [`${'e'.repeat(16)}.`, '-x'],
] as const;

/** What reads a text that a client has chosen, all of it. */
const READERS: readonly [name: string, read: (text: string) => unknown][] = [
  ['isId', isId],
  ['parseCursor', parseCursor],
  ['parseMimeType', parseMimeType],
  ['isBase64', (text) => isBase64(text)],
  ['textBytes', textBytes],
  ['soundMs', (text) => soundMs({ mimeType: `audio/${text}`, data: '' })],
  ['matchRoute', matchRoute],
  ['redactUrl', redactUrl],
  ['isLoopback', isLoopback],
  ['isLoopbackHost', isLoopbackHost],
  ['readSignInCookie', (text) => readSignInCookie(text, false)],
  ['readBearerToken', (text) => readBearerToken({ headers: { authorization: `Bearer ${text}` } } as IncomingMessage)],
  ['normalizeAddress', normalizeAddress],
  ['nameSubnet', nameSubnet],
  ['readReaderQuery', (text) => readReaderQuery(`/events/a?client=${text}`, 'agent')],
  ['readEnvelopeQuery', (text) => readEnvelopeQuery(new URLSearchParams({ client: 'a', cseq: text, ack: text }))],
  ['readEnvelope', (text) => readEnvelope({ client: text, cseq: 1, ack: text, items: [] })],
  ['hasTooManyValues', (text) => hasTooManyValues(Buffer.from(text))],
  ['a text item', (text) => decodePlain({ mime_type: 'text/plain', data: text })],
  ['an audio item', (text) => decodePlain({ mime_type: 'audio/pcm', data: text })],
  ['an image item', (text) => decodePlain({ mime_type: 'image/png', data: text })],
  ['the mime_type of an item', (text) => decodePlain({ mime_type: text, data: 'AAAA' })],
  [
    'a message',
    (text) => decodePlain({ content: { parts: [{ text }, { inline_data: { mime_type: text, data: text } }] } }),
  ],
];

describe('work on a text of 1 MiB is linear:', () => {
  test.each(READERS)('%s', (_name, read) => {
    for (const unit of UNITS) {
      for (const [start, end] of FRAMES) {
        const text = start + unit.repeat(MEBIBYTE / unit.length) + end;
        const startedAt = performance.now();
        try {
          read(text);
        } catch {
          // A refusal is fine.
        }
        expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
      }
    }
  });
});
