import { WebSocket } from 'ws';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';

/** Close codes of RFC 6455, section 7.4.1, with which `ws` closes because of a frame that it does not accept. */
const PROTOCOL_ERROR = 1002;
const INVALID_PAYLOAD = 1007;
const POLICY_VIOLATION = 1008;
const TOO_LARGE = 1009;

/** Maximum length of the reason of a close frame, in bytes of UTF-8. @see RFC 6455, section 5.5 */
const MAX_REASON_BYTES = 123;
/** Time for a client to close its side, in ms. Then the connection is destroyed. */
const CLOSE_MS = 1_000;

/** A WebSocket whose client is told, in messages of its dialect and in the reason of the close frame, why the server closes it. */
export class ServedSocket extends WebSocket {
  /** Writes an error as a message of the client's dialect. Default: no message, until the session of the client is there. */
  writeError: (error: ErrorBody) => void = () => undefined;
  /** Maximum size of a message, in bytes. */
  maxBytes = 0;

  /** Closes the connection because of an error, and destroys it if the client does not close its side. */
  fail(code: number, error: WireError): void {
    if (this.readyState !== WebSocket.OPEN) return;
    const timer = setTimeout(() => this.terminate(), CLOSE_MS).unref();
    this.once('close', () => clearTimeout(timer));
    this.#closeWithError(code, error);
  }

  /** `ws` calls this without a reason for a frame that it does not accept, before it emits `error`. */
  override close(code?: number, reason?: string | Buffer): void {
    const error = reason === undefined && this.readyState === WebSocket.OPEN ? this.#describeFault(code) : undefined;
    if (error && code !== undefined) this.#closeWithError(code, error);
    else super.close(code, reason);
  }

  #closeWithError(code: number, error: WireError): void {
    this.writeError(error.body());
    super.close(code, cutReason(error.message));
  }

  #describeFault(code: number | undefined): WireError | undefined {
    switch (code) {
      case TOO_LARGE:
        return new WireError('body_too_large', `The message has more than ${this.maxBytes} bytes`);
      case POLICY_VIOLATION:
        return new WireError('body_too_large', 'The message has too many fragments', 'send it in fewer frames');
      case PROTOCOL_ERROR:
      case INVALID_PAYLOAD:
        return new WireError('malformed_frame');
      default:
        return undefined;
    }
  }
}

/** Cuts a text between two characters. */
function cutReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_REASON_BYTES));
  return text.slice(0, read);
}
