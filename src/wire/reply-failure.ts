import { type ErrorBody, type ErrorCode, errorCatalogue, WireError } from './error-catalogue.ts';

/** What the finish reasons of models and the states of their APIs are in our catalogue. */
const KNOWN: ReadonlyMap<string, ErrorCode> = new Map([
  ['MAX_TOKENS', 'response_too_long'],
  ['RESOURCE_EXHAUSTED', 'model_quota'],
  ['UNAVAILABLE', 'model_unreachable'],
  ['DEADLINE_EXCEEDED', 'model_unreachable'],
  ['UNAUTHENTICATED', 'model_key_refused'],
  ['PERMISSION_DENIED', 'model_key_refused'],
  ['NOT_FOUND', 'model_not_found'],
  ['INVALID_ARGUMENT', 'model_request_refused'],
  ['RESPONSE_REJECTED', 'response_withheld'],
  ['INPUT_OTHER', 'response_withheld'],
  ['GENERATED_OTHER', 'response_withheld'],
  ['SPII', 'response_withheld'],
]);

/** Names of all others that say that an answer, or what was asked, was not let through. */
const WITHHELD = /SAFETY|UNSAFE|PROHIBITED|BLOCKLIST|CELEBRITY|PEOPLE|MINORS|RECITATION/;

/** A code is shown to people. */
const PRESENTABLE = /^\w{1,100}$/;

/**
 * The `errorCode` of an event as a `failure`: a reply failed or was withheld, or the model's API was in trouble. The event's `errorMessage` stays
 * on the server: of a runner that is not ours it may hold the names of projects and of machines.
 */
export function replyFailure(errorCode: string): ErrorBody {
  const code = KNOWN.get(errorCode) ?? (WITHHELD.test(errorCode) ? 'response_withheld' : 'response_failed');
  const { error } = errorCatalogue[code];
  return new WireError(code, PRESENTABLE.test(errorCode) ? `${error} (${errorCode})` : error).body();
}
