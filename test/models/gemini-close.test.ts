import { expect, test } from '@jest/globals';
import { closeToError, type GeminiClose } from '../../src/models/gemini-close.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';

test.each<[string, GeminiClose, ErrorCode, boolean]>([
  ['a bad key', { code: 1007, reason: 'API key not valid. Please pass a valid API key.' }, 'model_key_refused', false],
  ['an expired key', { code: 1007, reason: 'api_key expired' }, 'model_key_refused', false],
  ['no permission', { code: 1008, reason: 'PERMISSION_DENIED on project' }, 'model_key_refused', false],
  ['HTTP 401', { code: 1006, reason: '', status: 401 }, 'model_key_refused', false],
  ['HTTP 403', { code: 1006, reason: '', status: 403 }, 'model_key_refused', false],
  [
    'an unknown model',
    { code: 1008, reason: 'models/x is not found for API version v1, or is not supported' },
    'model_not_found',
    false,
  ],
  ['HTTP 404', { code: 1006, reason: '', status: 404 }, 'model_not_found', false],
  [
    'quota',
    { code: 1011, reason: 'RESOURCE_EXHAUSTED: Maximum google search tool usage exceeded.' },
    'model_quota',
    true,
  ],
  ['HTTP 429', { code: 1006, reason: '', status: 429 }, 'model_quota', true],
  ['a bad request', { code: 1007, reason: 'Request contains an invalid argument.' }, 'model_request_refused', false],
  ['a request that is not allowed', { code: 1008, reason: 'not enabled' }, 'model_request_refused', false],
  ['a frame of the wrong kind', { code: 1003, reason: '' }, 'model_request_refused', false],
  ['HTTP 500', { code: 1006, reason: '', status: 500 }, 'model_unreachable', true],
  ['no connection', { code: 1006, reason: '', errno: 'ECONNREFUSED' }, 'model_unreachable', true],
  ['a lost connection', { code: 1006, reason: '' }, 'model_closed', true],
  ['a failure of the provider', { code: 1011, reason: 'Internal error encountered.' }, 'model_closed', true],
  ['a deadline', { code: 1011, reason: 'Deadline expired before operation could complete.' }, 'model_closed', true],
  ['an ordinary end', { code: 1000, reason: '' }, 'model_closed', true],
])('closeToError of %s is its code of the catalogue, worth a retry or not', (_what, close, code, retry) => {
  const error = closeToError(close);
  expect([error.code, error.retry]).toEqual([code, retry]);
  for (const known of [close.reason, close.status, close.errno]) {
    if (known && code !== 'model_quota') expect(error.message).toContain(`${known}`);
  }
});

test('closeToError of a long reason quotes its first 300 characters', () => {
  const { message } = closeToError({ code: 1011, reason: `begin ${'x'.repeat(1_000)}` });
  expect(message).toContain('begin xxx');
  expect(message.length).toBeLessThan(400);
});
