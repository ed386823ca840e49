import type { ToolConfirmation } from '../agent-event.ts';
import type { LiveRequest } from '../live-request.ts';
import { isRecord } from '../record.ts';
import { MAX_CALL_ID } from '../tool-result.ts';
import { WireError } from '../wire-error.ts';

/** Name of the function by which ADK asks its client for a confirmation. */
export const ADK_CONFIRMATION = 'adk_request_confirmation';
/** Prefix of the id of ADK's function call for a confirmation, before the id of the call that it is about: clients tell the two apart by their ids. */
const ADK_PREFIX = 'confirm-';

/**
 * Decodes `{"id","ok"}`.
 * @throws {WireError} malformed_item
 */
export function decodeToolConfirm(item: unknown): LiveRequest {
  if (isRecord(item) && isCallId(item.id) && typeof item.ok === 'boolean') {
    return { tool_confirmations: [{ id: item.id, ok: item.ok }] };
  }
  throw new WireError('malformed_item', 'tool_confirm must be {"id":"…","ok":true} or {"id":"…","ok":false}');
}

/** @returns the id of the function call by which the ADK dialect asks for the confirmation of a call */
export function toAdkConfirmationId(callId: string): string {
  return ADK_PREFIX + callId;
}

/**
 * Decodes ADK's response to `adk_request_confirmation`.
 * @throws {WireError} malformed_item
 */
export function decodeAdkConfirmation(id: unknown, response: unknown): ToolConfirmation {
  if (typeof id === 'string' && id.startsWith(ADK_PREFIX) && isRecord(response)) {
    const callId = id.slice(ADK_PREFIX.length);
    if (isCallId(callId) && typeof response.confirmed === 'boolean') return { id: callId, ok: response.confirmed };
  }
  throw new WireError(
    'malformed_item',
    `The function_response of ${ADK_CONFIRMATION} must be {"id":"…","name":"${ADK_CONFIRMATION}","response":{"confirmed":true}}`,
    'send the id of the function call that asked for it',
  );
}

function isCallId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= MAX_CALL_ID;
}
