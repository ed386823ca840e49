import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../wire/error-catalogue.ts';

export interface OriginOptions {
  /** Origins of other hosts whose pages may use this server, as `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Names beside localhost that the server answers for. */
  readonly allowedHosts: readonly string[];
  /** The server is bound to loopback: the name in `Host` is checked then, and wherever `allowedHosts` names any. */
  readonly loopback: boolean;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Decides whether a request may come in. `text/plain` POSTs and EventSource need no preflight, so that without this a server on
 * localhost is open to every page its owner visits; and without the check of `Host`, to a page whose name is made to resolve
 * to 127.0.0.1 (DNS rebinding).
 * @returns the CORS headers of the answer
 * @throws {WireError} origin_not_allowed, host_not_allowed
 */
export function checkOrigin(req: IncomingMessage, options: OriginOptions): Record<string, string> {
  const { host = '', origin } = req.headers;
  if (options.loopback || options.allowedHosts.length > 0) {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (!LOOPBACK_NAMES.includes(name) && !options.allowedHosts.includes(name)) {
      throw new WireError('host_not_allowed', `This server does not answer for the host "${name.slice(0, 100)}"`);
    }
  }
  if (origin === undefined || req.headers['sec-fetch-site'] === 'same-origin') return {};
  if (hostOf(origin) === host.toLowerCase()) return {};
  if (!options.allowedOrigins.includes(origin)) {
    throw new WireError('origin_not_allowed', `Pages of ${origin.slice(0, 200)} may not use this server`);
  }
  return { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
}

/** Answers a preflight of an origin that `checkOrigin` let in. */
export function answerPreflight(res: ServerResponse, corsHeaders: Record<string, string>): void {
  res.writeHead(204, {
    ...corsHeaders,
    'Access-Control-Allow-Methods': 'GET, POST, PUT',
    'Access-Control-Allow-Headers': 'Content-Type, Last-Event-ID, Authorization',
    'Access-Control-Max-Age': '86400',
  });
  res.end();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
