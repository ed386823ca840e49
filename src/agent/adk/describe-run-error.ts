import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';

/** Error with which ADK's run ends when the model announces the end of the connection (goAway) and there is no handle to resume it with. */
const RECONNECT_SIGNAL = 'LiveReconnectSignal';
/** Codes of system errors, such as ECONNRESET. */
const SYSTEM_ERROR = /^E[A-Z]{3,30}$/;
const HINT =
  "send a message to open a new connection: ADK's Runner resumes none, and the model does not know what was spoken before, nor what was typed";

/** Models to which ADK 2.0 sends audio and images as Gemini accepts them. To others it sends `media_chunks`, for which Gemini closes with 1007. */
const REALTIME_MODELS = /gemini-3\.[^/]*-flash-live|native-audio/;

/**
 * Creates the error of a run that has ended although nobody asked for its end. ADK reports no close code and no reason.
 * @param model name of the model
 * @param hasSentRealtime whether audio or an image was sent
 * @see mastra#18287 (media_chunks)
 */
export function createEndError(model: string, hasSentRealtime: boolean): WireError {
  if (hasSentRealtime && !REALTIME_MODELS.test(model)) {
    return new WireError(
      'model_request_refused',
      `The connection closed after audio or an image: ADK 2.0 sends both to ${model} in a form that Gemini refuses`,
      'use a model whose name contains native-audio, or gemini-3. and -flash-live',
    );
  }
  return new WireError('model_closed', 'The model provider closed the connection; ADK does not report why', HINT);
}

/**
 * Describes an error with which ADK's run ended.
 * @param createEnd creates the error of a connection that has closed
 * @returns an error of the catalogue if the connection to the model is the cause; otherwise the error itself, which goes to the log
 */
export function describeRunError(error: unknown, createEnd: () => WireError): unknown {
  if (!isRecord(error)) return error;
  if (error.name === RECONNECT_SIGNAL) {
    return new WireError('model_closed', 'The model provider has announced the end of the connection', HINT);
  }
  // The SDK passes on the ErrorEvent of the WebSocket, whose text may contain the key.
  const isSocketError = error.type === 'error' && 'target' in error;
  const cause = isRecord(error.error) ? error.error : error;
  const { code } = cause;
  if (typeof code === 'string' && SYSTEM_ERROR.test(code)) {
    return new WireError('model_unreachable', `The model provider cannot be reached (${code})`);
  }
  return isSocketError ? createEnd() : error;
}
