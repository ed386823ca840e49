import { FinishReason, TurnCompleteReason } from '@google/genai';
import { expect, test } from '@jest/globals';
import { describeReplyFailure } from '../../../src/wire/dialects/reply-failure.ts';

test.each([
  ['SAFETY', 'response_withheld', false],
  ['PROHIBITED_CONTENT', 'response_withheld', false],
  ['BLOCKLIST', 'response_withheld', false],
  ['MAX_TOKENS', 'response_too_long', false],
  ['CANCELLED', 'response_failed', true],
  ['MALFORMED_FUNCTION_CALL', 'response_failed', true],
  ['UNAVAILABLE', 'model_unreachable', true],
  ['DEADLINE_EXCEEDED', 'model_unreachable', true],
  ['RESOURCE_EXHAUSTED', 'model_quota', true],
  ['INVALID_ARGUMENT', 'model_request_refused', false],
  ['PERMISSION_DENIED', 'model_key_refused', false],
  ['WHAT_COMES_NEXT', 'response_failed', true],
])('describeReplyFailure describes %s as %s and names it', (errorCode, code, retry) => {
  const failure = describeReplyFailure(errorCode);
  expect(failure).toMatchObject({ code, retry });
  expect(failure.error).toContain(`(${errorCode})`);
});

test('describeReplyFailure does not repeat a code that is not a plain name', () => {
  for (const errorCode of ['<b>', 'a b', 'x'.repeat(101), 'AIzaSyA1234567890', 'my-project', 'A'.repeat(33)]) {
    expect(describeReplyFailure(errorCode)).toMatchObject({ error: 'The model did not finish its answer' });
  }
});

test('describeReplyFailure describes each SDK reason of a filter or rule as withheld', () => {
  const reasons = [...Object.values(FinishReason), ...Object.values(TurnCompleteReason)];
  const others = reasons.filter((reason) => describeReplyFailure(reason).code !== 'response_withheld');
  expect(new Set(others)).toEqual(
    new Set([
      'FINISH_REASON_UNSPECIFIED',
      'STOP',
      'MAX_TOKENS',
      'LANGUAGE',
      'OTHER',
      'MALFORMED_FUNCTION_CALL',
      'UNEXPECTED_TOOL_CALL',
      'TOO_MANY_TOOL_CALLS',
      'NO_IMAGE',
      'IMAGE_OTHER',
      'CONTINUATION',
      'MALFORMED_RESPONSE',
      'MAX_REGENERATION_REACHED',
      'TURN_COMPLETE_REASON_UNSPECIFIED',
      'NEED_MORE_INPUT',
    ]),
  );
});
