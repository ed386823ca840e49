import type { LiveRunner } from '../agent/run/runner.ts';
import type { SizedRequest } from '../wire/byte-size.ts';
import { describeError } from '../wire/error-text.ts';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';

/**
 * Finds a request that is well-formed but not allowed in this session, because a provider would end the conversation over it, or because the runner
 * cannot carry it out.
 * @param manualActivity whether clients report when the user speaks; `undefined` if the runner does not say
 * @returns the refusal (`malformed_item`, `not_supported`), or `undefined` if all requests are allowed
 */
export function findViolation(
  requests: readonly SizedRequest[],
  manualActivity: boolean | undefined,
  runner: LiveRunner,
): ErrorBody | undefined {
  if (runner.checkRequest) {
    const refusal = checkWithRunner(requests, runner);
    if (refusal) return refusal;
  }
  if (hasOnlyMedia(requests)) return undefined;
  const close = requests.findIndex(({ request }) => request.close);
  if (close !== -1 && close < requests.length - 1) {
    return new WireError('malformed_item', 'Nothing may follow close').body();
  }
  if (manualActivity !== false) return undefined;
  if (!requests.some(({ request }) => request.activity_start || request.activity_end)) return undefined;
  return new WireError(
    'malformed_item',
    'activity_start and activity_end are for an agent whose model does not detect speech',
    'leave them out, or set realtimeInputConfig.automaticActivityDetection.disabled in the runConfig of the agent',
  ).body();
}

/** Whether requests are audio and images and nothing else, as nearly all are. */
export function hasOnlyMedia(requests: readonly SizedRequest[]): boolean {
  for (const { request } of requests) for (const field in request) if (field !== 'blob') return false;
  return true;
}

/** Calls code of an author, whose error may have any shape. */
function checkWithRunner(requests: readonly SizedRequest[], runner: LiveRunner): ErrorBody | undefined {
  try {
    for (const { request } of requests) runner.checkRequest?.(request);
    return undefined;
  } catch (error) {
    if (WireError.is(error)) return error.body();
    throw new Error(`the runner cannot check a request: ${describeError(error)}`);
  }
}
