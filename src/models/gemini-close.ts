import { WireError } from '../wire/error-catalogue.ts';

/** Why a connection to Gemini ended, as its socket tells it. */
export interface GeminiClose {
  code: number;
  reason: string;
  /** The HTTP status, where the upgrade was refused. */
  status?: number | undefined;
  /** The system's error, where there was no connection. */
  errno?: string | undefined;
}

/**
 * Puts a close code and its reason into the words of the error catalogue. Gemini has no error message type: it closes, with
 * 1007 for a bad request, 1008 for a bad model or handle, 1011 for its own troubles and for quota.
 */
export function closeToError({ code, reason, status, errno }: GeminiClose): WireError {
  const said = reason ? `: ${reason.slice(0, 300)}` : '';
  if (/api[ _]?key|unauthenticated|permission.denied/i.test(reason) || status === 401 || status === 403) {
    return new WireError('model_key_refused', `The model provider refused the key${said || ` (HTTP ${status})`}`);
  }
  if (code === 1008 && /not found|not supported/i.test(reason)) {
    return new WireError('model_not_found', `The provider has no such live model${said}`);
  }
  if (status === 404) {
    return new WireError(
      'model_not_found',
      'The provider has no live endpoint here (HTTP 404)',
      'check GOOGLE_GEMINI_BASE_URL and GOOGLE_GENAI_API_VERSION',
    );
  }
  if (/resource.exhausted|quota/i.test(reason) || status === 429) {
    return new WireError('model_quota', `The provider's quota is used up${said}`);
  }
  if (code === 1007 || code === 1008 || code === 1003) {
    return new WireError('model_request_refused', `The model provider refused the request${said}`);
  }
  if (status !== undefined) {
    return new WireError('model_unreachable', `The model provider cannot be reached (HTTP ${status})`);
  }
  if (errno !== undefined) return new WireError('model_unreachable', `The model provider cannot be reached (${errno})`);
  return new WireError('model_closed', `The model provider closed the connection (${code}${said})`);
}
