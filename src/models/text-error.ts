import { type ErrorCode, errorCatalogue } from '../wire/error-catalogue.ts';
import { WireError } from '../wire/wire-error.ts';

/** Maximum wait that a provider may ask for, in ms. A longer one counts as this. */
const MAX_RETRY_MS = 24 * 3_600_000;

export interface TextFailure {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Name of the text model. */
  readonly model: string;
  /** What is known of the reason, in our own words. Default: the status is named. */
  readonly words?: string | undefined;
  /** How long the provider asks to wait, in ms. Default: it does not. */
  readonly retryAfterMs?: number | undefined;
}

/** Creates the error of a text model's request that the provider has refused. */
export function createTextError({ status, model, words = `HTTP ${status}`, retryAfterMs }: TextFailure): WireError {
  if (status === 404) {
    return new WireError(
      'model_not_found',
      `The model provider has no text model named "${model}"`,
      'set the summarizer of eventsCompactionConfig to a model that generates text',
    );
  }
  const code = classifyStatus(status);
  const details = retryAfterMs === undefined ? {} : { retry_after_ms: Math.min(retryAfterMs, MAX_RETRY_MS) };
  return new WireError(code, `${errorCatalogue[code].error} (${words})`, undefined, details);
}

/** Creates the error of an answer without a complete text. @param reason name that is harmless to show; default: none is given */
export function createNoTextError(reason = 'no reason given'): WireError {
  return new WireError('model_request_refused', `The model provider returned no complete text (${reason})`);
}

function classifyStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'model_key_refused';
  if (status === 429) return 'model_quota';
  return status >= 500 || status === 408 ? 'model_unreachable' : 'model_request_refused';
}
