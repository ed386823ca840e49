import { type ErrorCode, errorCatalogue } from '../../wire/error-catalogue.ts';
import { WireError } from '../../wire/wire-error.ts';
import { classifyCause } from '../close-cause.ts';
import type { SocketClose } from '../provider-socket.ts';
import type { CloseInfo } from '../realtime-model.ts';
import { summarizeReason } from './known-reasons.ts';

/** Codes of system, TLS and proxy errors, such as ECONNREFUSED and CERT_HAS_EXPIRED. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]{2,60}$/;
/** Errors of the credentials of Google Cloud, as google-auth-library words them. */
const CREDENTIALS = /credential|invalid_grant|invalid_client|unauthorized_client|permission|service account/i;
/** Settings that the SDK refuses before it connects: "multiSpeakerVoiceConfig is not supported in the live API." Names of settings have no digits. */
const UNSUPPORTED_SETTING = /^([a-z]+(?:[A-Z][a-z]+){0,9}) (?:parameter )?is (?:not|only) supported/;
/** Maximum length of the name of a setting, in characters. */
const MAX_SETTING = 60;

/** What to do if a proxy refuses. */
const PROXY_HINT = 'check HTTPS_PROXY, the name and the password in it, and NO_PROXY';

/** Describes how a connection to Gemini ended, in the words of the contract. */
export function describeClose(close: SocketClose): CloseInfo {
  const error = closeToError(close);
  return {
    cause: classifyCause(error.code),
    code: close.code,
    error,
    // Gemini sometimes closes a healthy session with 1007 or 1008 because of an internal fault.
    ...(error.code === 'model_request_refused' ? { mayBeTransient: true } : {}),
  };
}

/**
 * Converts a close code and its reason to an error of the catalogue. Gemini has no error message type: it closes with 1007 for a bad request,
 * with 1008 for a bad model or handle, and with 1011 for an internal fault or an exhausted quota.
 *
 * This file is the only place where text of the provider becomes an error, and no such text is part of the error: a reason may quote the key, a
 * token or the name of a project. The error says what `summarizeReason` recognizes, in our own words, and the numbers.
 */
export function closeToError({ code, reason, status, errno, proxyStatus, fault }: SocketClose): WireError {
  if (fault !== undefined) return createError('model_closed', fault);
  if (errno?.startsWith('ERR_PROXY')) {
    const answer = proxyStatus === undefined ? 'the proxy opened no tunnel' : `the proxy answered HTTP ${proxyStatus}`;
    return new WireError('model_unreachable', `The model provider cannot be reached (${answer})`, PROXY_HINT);
  }
  const words = summarizeReason(reason);
  if (/api[ _]?key|unauthenticated|permission.denied/i.test(reason) || status === 401 || status === 403) {
    return createError('model_key_refused', words ?? describeStatus(status));
  }
  if (code === 1008 && /not found|not supported/i.test(reason)) return createError('model_not_found', words);
  if (status === 404) {
    return new WireError(
      'model_not_found',
      'The provider has no live endpoint here (HTTP 404)',
      'check GOOGLE_GEMINI_BASE_URL and GOOGLE_GENAI_API_VERSION',
    );
  }
  if (/resource.exhausted|quota/i.test(reason) || status === 429) return createError('model_quota', words);
  if (code === 1007 || code === 1008 || code === 1003) {
    return createError('model_request_refused', words ?? `close code ${code}`);
  }
  if (status !== undefined) return createError('model_unreachable', describeStatus(status));
  if (errno !== undefined) return createError('model_unreachable', describeErrorCode(errno));
  return createError('model_closed', words === undefined ? `${code}` : `${code}: ${words}`);
}

/**
 * Converts an error of the SDK, or of the search for credentials, that came before anything was sent to the provider. Its text may contain
 * credentials, paths and project names, and is not passed on.
 */
export function sdkErrorToWireError(error: unknown): WireError {
  const { message, code, cause } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const text = message ?? '';
  const errorCode = [code, (cause as NodeJS.ErrnoException | undefined)?.code].find(isErrorCode);
  if (errorCode !== undefined) return createError('model_unreachable', errorCode);
  if (CREDENTIALS.test(text)) {
    return new WireError(
      'model_key_refused',
      'No credentials of Google Cloud were found, or they were rejected',
      'log in with application default credentials, or set GOOGLE_API_KEY',
    );
  }
  const setting = UNSUPPORTED_SETTING.exec(text)?.[1];
  const isName = setting !== undefined && setting.length <= MAX_SETTING;
  return createError('model_request_refused', isName ? `${setting} is not supported` : undefined);
}

/** @param detail our own words, or a number or code of a protocol */
function createError(code: ErrorCode, detail: string | undefined): WireError {
  return new WireError(code, detail === undefined ? undefined : `${errorCatalogue[code].error} (${detail})`);
}

function describeStatus(status: number | undefined): string | undefined {
  return status === undefined ? undefined : `HTTP ${status}`;
}

function describeErrorCode(code: string): string | undefined {
  return isErrorCode(code) ? code : undefined;
}

function isErrorCode(code: unknown): code is string {
  return typeof code === 'string' && ERROR_CODE.test(code);
}
