import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Headers } from './http-refusal.ts';

/** Headers that a page of another origin may read, besides those that every page may. @see Fetch standard, "CORS-safelisted response header" */
const EXPOSED_HEADERS = 'Retry-After, WWW-Authenticate, X-Request-Id';
/** Request headers of the API. */
const OWN_HEADERS = ['Content-Type', 'Last-Event-ID', 'Authorization', 'X-Requested-With', 'X-HTTP-Method-Override'];
/** Maximum number of further request headers that a preflight allows. At the limit, the others are not allowed. */
const MAX_FURTHER_HEADERS = 32;
/** Name of a header. @see RFC 9110, section 5.1 */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,64}$/;

/**
 * Creates the CORS headers of an answer to a page of an allowed origin. Credentials are allowed: the origin is one that the operator has named, never
 * `*`.
 */
export function createCorsHeaders(origin: string): Headers {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
    Vary: 'Origin',
  };
}

/** Answers a CORS preflight whose origin was accepted. Allows the headers that it asks for: a tracing header of the page does no harm. */
export function answerPreflight(req: IncomingMessage, res: ServerResponse, corsHeaders: Headers): void {
  res.writeHead(204, {
    ...corsHeaders,
    'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
    'Access-Control-Allow-Headers': [...OWN_HEADERS, ...readFurtherHeaders(req)].join(', '),
    'Access-Control-Max-Age': '86400',
    Vary: 'Origin, Access-Control-Request-Headers',
  });
  res.end();
}

function readFurtherHeaders({ headers }: IncomingMessage): readonly string[] {
  const requested = headers['access-control-request-headers'] ?? '';
  const own = OWN_HEADERS.map((name) => name.toLowerCase());
  return String(requested)
    .split(',', OWN_HEADERS.length + MAX_FURTHER_HEADERS)
    .map((name) => name.trim())
    .filter((name) => HEADER_NAME.test(name) && !own.includes(name.toLowerCase()))
    .slice(0, MAX_FURTHER_HEADERS);
}
