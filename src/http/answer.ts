import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import { awaitsContinue } from './expect-continue.ts';
import type { RequestLogger } from './gate.ts';
import { type Headers, HttpRefusal } from './http-refusal.ts';
import { discardBody } from './request-body.ts';

/** Wait before a client repeats a request that was refused for lack of capacity, in ms, unless the error names another. */
const RETRY_AFTER_MS = 1_000;

/** Answers with JSON. Express's `res.json` would hash every answer for an ETag, and nobody caches these. */
export function answerJson(res: ServerResponse, status: number, body: object, headers: Headers = {}): void {
  const json = JSON.stringify(body);
  const bytes = Buffer.byteLength(json);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  // ASCII is the same in both encodings, and Node writes latin1 faster.
  res.end(json, bytes === json.length ? 'latin1' : 'utf8');
}

/**
 * Answers with an error. An error other than a WireError is a fault of the server: the log has it, the client sees only `internal`.
 * @param headers added to those of the refusal
 */
export function answerError(
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
  logger: RequestLogger,
  headers: Headers = {},
): void {
  try {
    writeError(req, res, error, logger, headers);
  } catch (fault) {
    // An error that is thrown from here would be a rejection that nobody handles.
    logServerFault(logger, fault);
    res.destroy();
  }
}

function writeError(
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
  logger: RequestLogger,
  headers: Headers,
): void {
  const reason = error instanceof HttpRefusal ? error.reason : error;
  if (!(reason instanceof WireError)) logServerFault(logger, reason);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const wireError = reason instanceof WireError ? reason : new WireError('internal');
  const { status, details } = wireError;
  const retryAfterS = Math.ceil((details.retry_after_ms ?? RETRY_AFTER_MS) / 1_000);
  // A client that still waits to send its body may send it or another request: only a new connection is clear.
  const isBodyUnsent = awaitsContinue(req);
  answerJson(res, status, wireError.body(), {
    ...(isBodyUnsent ? { Connection: 'close' } : {}),
    ...(status === 429 || status === 503 ? { 'Retry-After': String(retryAfterS) } : {}),
    ...headers,
    ...(error instanceof HttpRefusal ? error.headers : {}),
  });
  if (!req.complete && !isBodyUnsent) discardBody(req);
}

/** Logs an error that no client can be blamed for. */
export function logServerFault(logger: RequestLogger, error: unknown): void {
  logger.error({ err: error }, 'a request failed because of a server fault');
}
