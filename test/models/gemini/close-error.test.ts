import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closeToError, describeClose, sdkErrorToWireError } from '../../../src/models/gemini/close-error.ts';
import type { SocketClose } from '../../../src/models/provider-socket.ts';
import type { CloseCause } from '../../../src/models/realtime-model.ts';
import type { ErrorCode } from '../../../src/wire/error-catalogue.ts';
import { secret } from '../../secrets.ts';

test.each<[string, SocketClose, ErrorCode, boolean]>([
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
  [
    'frames that are too large',
    { code: 1006, reason: '', fault: 'a frame is larger than 4 MiB' },
    'model_closed',
    true,
  ],
])('closeToError converts %s to an error of the catalogue that may be retried or not', (_what, close, code, retry) => {
  const error = closeToError(close);
  expect([error.code, error.retry]).toEqual([code, retry]);
  for (const known of [close.status, close.errno, close.fault]) {
    if (known && code !== 'model_quota') expect(error.message).toContain(`${known}`);
  }
});

test.each([
  [
    1007,
    'API key not valid. Please pass a valid API key.',
    'The model provider rejected the API key (the API key is not valid)',
  ],
  [
    1007,
    'Thinking level must be specified',
    'The model provider rejected the request (the model requires a thinking level, or has none)',
  ],
  [1008, 'Call of project my-project is odd', 'The model provider rejected the request (close code 1008)'],
  [1011, 'Internal error encountered.', 'The model provider closed the connection (1011: internal error)'],
  [
    1011,
    'RESOURCE_EXHAUSTED: You exceeded your current quota',
    'The quota at the model provider is used up (the quota is exceeded)',
  ],
  [1011, 'it rains', 'The model provider closed the connection (1011)'],
])('closeToError describes a close with %i "%s" as "%s"', (code, reason, message) => {
  expect(closeToError({ code, reason }).message).toBe(message);
});

test('closeToError and sdkErrorToWireError pass on nothing of a text of the provider, whatever phrase the text contains', () => {
  const phrases = ['API key not valid', 'not found', 'quota', 'Internal error', 'PERMISSION_DENIED', 'credential', ''];
  const code = fc.constantFrom(1000, 1003, 1006, 1007, 1008, 1011, 4000);
  const status = fc.constantFrom(undefined, 301, 401, 403, 404, 429, 500);
  fc.assert(
    fc.property(code, status, fc.constantFrom(...phrases), secret, (closeCode, httpStatus, phrase, hidden) => {
      const reason = `${phrase}: ${hidden} refused`;
      const close = { code: closeCode, reason, status: httpStatus, errno: hidden };
      const cause = Object.assign(new Error(reason), { code: hidden });
      const errors = [closeToError(close), describeClose(close).error, sdkErrorToWireError(cause)];
      errors.push(sdkErrorToWireError(new Error(`${hidden} parameter is not supported`, { cause })));
      for (const error of errors) expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(hidden);
    }),
  );
});

test.each<[string, SocketClose, CloseCause, boolean]>([
  ['a bad key', { code: 1007, reason: 'API key not valid' }, 'auth', false],
  ['an exhausted quota', { code: 1011, reason: 'RESOURCE_EXHAUSTED' }, 'quota', false],
  ['an unknown model', { code: 1008, reason: 'models/x is not found' }, 'rejected', false],
  ['a bad request', { code: 1007, reason: 'Request contains an invalid argument.' }, 'rejected', true],
  ['a request that is not allowed', { code: 1008, reason: 'not enabled' }, 'rejected', true],
  ['an internal fault', { code: 1011, reason: 'Internal error encountered.' }, 'transient', false],
  ['a lost connection', { code: 1006, reason: '' }, 'transient', false],
])(
  'describeClose gives %s its cause, and says whether a fault of the provider may look like it',
  (_what, close, cause, mayBeTransient) => {
    const described = describeClose(close);
    expect(described).toMatchObject({ cause, code: close.code });
    expect(described.mayBeTransient ?? false).toBe(mayBeTransient);
  },
);
