import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type ErrorCode, errorCatalogue } from '../../src/wire/error-catalogue.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];

/** The rows of docs/errors.md: | `code` | status | retry | error | what to do | */
function documented(): Record<string, unknown> {
  const markdown = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...markdown.matchAll(/^\| `([a-z0-9_]+)` \|(.*)\|$/gm)];
  expect(new Set(rows.map(([, code]) => code)).size).toBe(rows.length);
  return Object.fromEntries(
    rows.map(([, code, cells = '']) => {
      const [status, retry, error, hint] = cells.split('|').map((cell) => cell.trim());
      return [code, { status: Number(status), retry, error, hint }];
    }),
  );
}

test('docs/errors.md has each code of the catalogue with its texts, and no other code', () => {
  const catalogued = codes.map((code) => {
    const { status, retry, error, hint } = { hint: '', ...errorCatalogue[code] };
    return [code, { status, retry: retry ? 'yes' : 'no', error, hint }];
  });
  expect(documented()).toEqual(Object.fromEntries(catalogued));
});

test.each(codes)('WireError %s has the status, text, retry and hint of the catalogue', (code) => {
  const { status, retry, error } = errorCatalogue[code];
  const wireError = new WireError(code);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  expect(wireError.status).toBe(status);
  expect(wireError.retry).toBe(retry);
  expect(wireError.name).toBe('WireError');
  const hint = 'hint' in errorCatalogue[code] ? { hint: errorCatalogue[code].hint } : {};
  expect(wireError.body()).toEqual({ error, code, retry, ...hint });
});

test('WireError with its own text and hint uses both instead of those of the catalogue', () => {
  const error = new WireError('body_too_large', 'The body has 5 MB', 'send at most 2 MB');
  expect(error.message).toBe('The body has 5 MB');
  expect(error.body()).toEqual({
    error: 'The body has 5 MB',
    code: 'body_too_large',
    retry: false,
    hint: 'send at most 2 MB',
  });
});

test('WireError has the status that the protocol names for its code', () => {
  const statuses = (
    [
      ['malformed_item', 400],
      ['origin_not_allowed', 403],
      ['session_not_found', 404],
      ['session_ended', 410],
      ['body_too_large', 413],
      ['unsupported_mime_type', 415],
      ['request_queue_full', 429],
      ['draining', 503],
    ] satisfies [ErrorCode, number][]
  ).map(([code, status]) => [code, new WireError(code).status, status]);
  expect(statuses.filter(([, is, should]) => is !== should)).toEqual([]);
  expect(new WireError('session_not_found').message).toBe('Session not found');
});
