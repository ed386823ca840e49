import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../wire/error-catalogue.ts';
import { WireError } from '../wire/wire-error.ts';

/** Time that a client has to read the answer before its connection is destroyed, in ms. */
const CLOSE_MS = 1_000;

/** Errors of Node's HTTP parser that are more than a malformed request. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/**
 * Answers bytes that are not a request, for the event `clientError` of an HTTP server. The answer is JSON, as every other error, and the
 * connection is closed after it. A connection that is busy with another answer is destroyed: the error would come in the middle of it.
 * @param newest response to the newest request on the connection; `undefined` before the first
 */
export function answerClientError(
  error: Error & { readonly code?: string },
  connection: Duplex,
  newest: ServerResponse | undefined,
): void {
  // The parser reports what arrives after the answer, too.
  if (connection.writableEnded) return;
  if (isBeingAnswered(newest) || !connection.writable || error.code === 'ECONNRESET') {
    connection.destroy();
    return;
  }
  endWithError(connection, new WireError(CODES[error.code ?? ''] ?? 'malformed_request'));
}

/** Tells whether a part of an answer has been written. A response without a connection waits for the one before it. */
function isBeingAnswered(newest: ServerResponse | undefined): boolean {
  if (!newest || newest.writableFinished) return false;
  return newest.headersSent || newest.socket === null;
}

/** Answers `CONNECT`, which asks for a tunnel: this server is no proxy. */
export function refuseTunnel(connection: Duplex): void {
  connection.on('error', () => connection.destroy());
  endWithError(connection, new WireError('method_not_allowed', 'CONNECT is not allowed: this server is no proxy'));
}

function endWithError(connection: Duplex, error: WireError): void {
  const body = JSON.stringify(error.body());
  const { status } = error;
  connection.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
  // Destroyed at once, a connection with unread data would be reset, and the client would not see the answer.
  const timer = setTimeout(() => connection.destroy(), CLOSE_MS).unref();
  connection.once('close', () => clearTimeout(timer));
}
