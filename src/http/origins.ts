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

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Decides whether a request may come in. `text/plain` POSTs and EventSource need no preflight, so that without this a server on
 * localhost is open to every page its owner visits; and without the check of `Host`, to a page whose name is made to resolve
 * to 127.0.0.1 (DNS rebinding).
 * @param options.strict also refuse what names no origin and comes from a foreign page; not for the page itself, which links lead to
 * @returns the CORS headers of the answer
 * @throws {WireError} origin_not_allowed, host_not_allowed
 */
export function checkOrigin(
  req: IncomingMessage,
  options: OriginOptions & { strict: boolean },
): Record<string, string> {
  const { host = '', origin } = req.headers;
  if (options.loopback || options.allowedHosts.length > 0) {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (!LOOPBACK_NAME.test(name) && !options.allowedHosts.includes(name)) {
      throw new WireError('host_not_allowed', `This server does not answer for the host "${name.slice(0, 100)}"`);
    }
  }
  const site = req.headers['sec-fetch-site'];
  if (site === 'same-origin') return {};
  // A picture, a script or a no-cors fetch of a foreign page names no origin, but a browser says where it comes from.
  if (origin === undefined && (site === undefined || site === 'none' || !options.strict)) return {};
  if (origin !== undefined && hostOf(origin) === host.toLowerCase()) return {};
  if (origin === undefined || !options.allowedOrigins.includes(origin)) {
    const who = origin === undefined ? 'other origins' : origin.slice(0, 200);
    throw new WireError('origin_not_allowed', `Pages of ${who} may not use this server`);
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
