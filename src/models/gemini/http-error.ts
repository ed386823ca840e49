import { ApiError } from '@google/genai';
import { errorCatalogue } from '../../wire/error-catalogue.ts';
import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';
import { sdkErrorToWireError } from './close-error.ts';
import { summarizeReason } from './known-reasons.ts';

/** Maximum wait that a provider may ask for, in ms. A longer one counts as this. */
const MAX_RETRY_MS = 24 * 3_600_000;

/**
 * Converts an error of a request for a text. The text of the provider may quote the key or the request, and is not passed on.
 * @param model name of the text model
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export function toTextError(error: unknown, model: string): WireError {
  if (WireError.is(error)) return error;
  if (!(error instanceof ApiError)) return toWireError(sdkErrorToWireError(error));
  const { status, message } = error;
  const words = summarizeReason(message);
  if (status === 401 || status === 403 || /api[_ ]?key/i.test(message))
    return create('model_key_refused', words, status);
  if (status === 404) {
    return new WireError(
      'model_not_found',
      `The model provider has no text model named "${model}"`,
      'set the summarizer of eventsCompactionConfig to a model that supports generateContent',
    );
  }
  if (status === 429) return create('model_quota', words, status, readRetryDelay(message));
  if (status >= 500) return create('model_unreachable', words, status, readRetryDelay(message));
  return create('model_request_refused', words, status);
}

/** Keeps a connection that breaks apart from a request that cannot be made: `fetch` reports the first as a TypeError. */
function toWireError(error: WireError): WireError {
  return error.code === 'model_request_refused' ? new WireError('model_unreachable') : error;
}

function create(
  code: 'model_key_refused' | 'model_quota' | 'model_unreachable' | 'model_request_refused',
  words: string | undefined,
  status: number,
  retryAfterMs?: number,
): WireError {
  const details = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
  return new WireError(code, `${errorCatalogue[code].error} (${words ?? `HTTP ${status}`})`, undefined, details);
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
    if (seconds !== undefined) return Math.min(Math.ceil(Number(seconds) * 1_000), MAX_RETRY_MS);
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
