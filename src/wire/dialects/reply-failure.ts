import { type ErrorCode, errorCatalogue } from '../error-catalogue.ts';
import { type ErrorBody, WireError } from '../wire-error.ts';

/** Finish reasons of models and states of their APIs, with the code of our catalogue for each. */
const KNOWN: ReadonlyMap<string, ErrorCode> = new Map([
  ['CALLBACK_FAILED', 'agent_failed'],
  ['RECORDING_FAILED', 'recording_failed'],
  ['STATE_TOO_LARGE', 'state_too_large'],
  ['MAX_TOKENS', 'response_too_long'],
  ['RESOURCE_EXHAUSTED', 'model_quota'],
  ['UNAVAILABLE', 'model_unreachable'],
  ['DEADLINE_EXCEEDED', 'model_unreachable'],
  ['UNAUTHENTICATED', 'model_key_refused'],
  ['PERMISSION_DENIED', 'model_key_refused'],
  ['NOT_FOUND', 'model_not_found'],
  ['INVALID_ARGUMENT', 'model_request_refused'],
  ['SPII', 'response_withheld'],
  ['ESCALATION', 'response_withheld'],
  ['MODEL_ARMOR', 'response_withheld'],
  ['PUP_LIMITED_DISABLED', 'response_withheld'],
  ['MISSING_THOUGHT_SIGNATURE', 'response_withheld'],
]);

/** Other names that mean that an answer, or its question, was blocked. */
const WITHHELD =
  /SAFETY|UNSAFE|PROHIBITED|BLOCKLIST|CELEBRITY|PEOPLE|MINORS|RECITATION|REJECTED|^(?:INPUT|GENERATED)_OTHER$/;

/** Names of enumerations: upper-case words without digits. Keys, tokens and names of projects and machines are not of this form. */
const PRESENTABLE = /^[A-Z]{1,32}(?:_[A-Z]{1,32}){0,9}$/;

/**
 * Describes the `errorCode` of an event as a `failure`: a reply failed or was withheld, or the API of the model had a fault. The event's
 * `errorMessage` stays on the server: from a third-party runner it may name projects and machines.
 */
export function describeReplyFailure(errorCode: string): ErrorBody {
  const code = KNOWN.get(errorCode) ?? (WITHHELD.test(errorCode) ? 'response_withheld' : 'response_failed');
  const { error } = errorCatalogue[code];
  return new WireError(code, isPresentable(errorCode) ? `${error} (${errorCode})` : error).body();
}

/** Whether a text of a provider is the name of an enumeration, which clients may see. */
export function isPresentable(name: string): boolean {
  return PRESENTABLE.test(name);
}
