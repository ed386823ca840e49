import { ApiError } from '@google/genai';
import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';
import { createTextError } from '../text-error.ts';
import { sdkErrorToWireError } from './close-error.ts';
import { summarizeReason } from './known-reasons.ts';

/** Status of a request whose key is not valid. Google answers 400, as for any invalid argument. */
const UNAUTHORIZED = 401;

/**
 * Converts an error of a request for a text. The text of the provider may quote the key or the request, and is not passed on.
 * @param model name of the text model
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export function toTextError(error: unknown, model: string): WireError {
  if (WireError.is(error)) return error;
  if (!(error instanceof ApiError)) return toNetworkError(sdkErrorToWireError(error));
  const { status, message } = error;
  return createTextError({
    status: /api[_ ]?key/i.test(message) ? UNAUTHORIZED : status,
    model,
    words: summarizeReason(message),
    retryAfterMs: readRetryDelay(message),
  });
}

/** Keeps a connection that breaks apart from a request that cannot be made: `fetch` reports the first as a TypeError. */
function toNetworkError(error: WireError): WireError {
  return error.code === 'model_request_refused' ? new WireError('model_unreachable') : error;
}

/**
 * Reads how long the provider asks to wait, in ms.
 * @param message body of the answer as JSON, as the SDK puts it into its error
 * @see https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto, RetryInfo
 */
function readRetryDelay(message: string): number | undefined {
  const { error } = parseRecord(message);
  const details = isRecord(error) && Array.isArray(error.details) ? error.details : [];
  for (const detail of details) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(String(isRecord(detail) ? detail.retryDelay : ''))?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1_000);
  }
  return undefined;
}

function parseRecord(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
