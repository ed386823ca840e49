import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../wire/error-catalogue.ts';
import { discardBody } from './request-body.ts';

/** Wait before a refused request is sent again, seconds. */
const RETRY_AFTER_S = '1';

/** Answers with JSON. Not Express's `res.json`: its ETag costs a hash of each answer, and nobody caches these. */
export function answerJson(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const json = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(json),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  res.end(json);
}

/** Answers with an error. Whatever is no WireError is told to nobody but the log. */
export function answerError(
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
  onBug: (error: unknown) => void,
  headers: Record<string, string> = {},
): void {
  if (!(error instanceof WireError)) onBug(error);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const wireError = error instanceof WireError ? error : new WireError('internal');
  const { status } = wireError;
  answerJson(res, status, wireError.body(), {
    ...(status === 429 || status === 503 ? { 'Retry-After': RETRY_AFTER_S } : {}),
    ...headers,
  });
  if (!req.complete) discardBody(req);
}
