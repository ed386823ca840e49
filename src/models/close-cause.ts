import type { ErrorCode } from '../wire/error-catalogue.ts';
import type { CloseCause } from './realtime-model.ts';

const CAUSES: ReadonlyMap<ErrorCode, CloseCause> = new Map([
  ['model_key_refused', 'auth'],
  ['model_quota', 'quota'],
  ['model_not_found', 'rejected'],
  ['model_request_refused', 'rejected'],
]);

/** Classifies the error that ended a connection. An error that the table does not know is worth another attempt. */
export function classifyCause(code: ErrorCode): CloseCause {
  return CAUSES.get(code) ?? 'transient';
}
