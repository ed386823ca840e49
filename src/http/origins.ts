import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import { createCorsHeaders } from './cors.ts';
import type { Headers } from './http-refusal.ts';
import { isLoopbackHost, isLoopbackSocket } from './loopback.ts';

/**
 * Which requests must name a known host in `Host`, if `allowedHosts` is empty: all of them (the server listens on a loopback address),
 * those that arrive at a loopback address (a router in another server, whose address is unknown), or none.
 */
export type HostCheck = 'always' | 'on_loopback' | 'never';

export interface OriginOptions {
  /** Origins of other hosts whose pages may use this server, such as `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Host names besides localhost that the server answers for. If any are named, the host of every request is checked. */
  readonly allowedHosts: readonly string[];
  readonly hostCheck: HostCheck;
}

const NO_HEADERS: Headers = {};
/** Every browser begins its `User-Agent` with this word, or, if it is very old, with `Opera`. */
const BROWSER = /^(?:Mozilla|Opera)\//;
/** Request headers that the page of another origin cannot set without a preflight, which this server refuses. */
const PREFLIGHTED_HEADERS = ['authorization', 'last-event-id', 'x-requested-with'] as const;
/** Ports that an origin, and sometimes a `Host`, does not name. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' };

/**
 * Decides by `Host` and `Origin` whether a request may be answered. POSTs of `text/plain` and EventSource need no preflight, so every
 * page that the owner of a server on localhost visits could use it without this check. Without the check of `Host`, so could a page
 * whose name was made to resolve to 127.0.0.1 (DNS rebinding).
 * @param strict whether to refuse requests of foreign pages that carry no `Origin`. Use `false` only for the page itself, which links
 * lead to.
 * @returns the CORS headers of the answer
 * @throws {WireError} origin_not_allowed, host_not_allowed
 */
export function checkOrigin(req: IncomingMessage, options: OriginOptions, strict: boolean): Headers {
  const { host = '', origin, 'sec-fetch-site': site } = req.headers;
  checkHost(req, host, options);
  if (site === 'same-origin') return NO_HEADERS;
  if (origin === undefined) {
    if (!strict || site === 'none') return NO_HEADERS;
    // An image, a script or a no-cors fetch of a foreign page carries no Origin, but the browser names its site in Sec-Fetch-Site.
    if (site !== undefined) throw createOriginRefusal(origin);
    checkSilentBrowser(req, host, options);
    return NO_HEADERS;
  }
  if (isOwnOrigin(origin, host, req)) return NO_HEADERS;
  if (!options.allowedOrigins.includes(origin)) throw createOriginRefusal(origin);
  return createCorsHeaders(origin);
}

/** @throws {WireError} host_not_allowed */
function checkHost(req: IncomingMessage, host: string, options: OriginOptions): void {
  if (!mustCheckHost(req, options)) return;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (isLoopbackHost(name) || options.allowedHosts.includes(name)) return;
  throw new WireError('host_not_allowed', `This server does not answer for the host "${name.slice(0, 100)}"`);
}

function mustCheckHost(req: IncomingMessage, { allowedHosts, hostCheck }: OriginOptions): boolean {
  if (allowedHosts.length > 0 || hostCheck === 'always') return true;
  return hostCheck === 'on_loopback' && isLoopbackSocket(req.socket.localAddress ?? '');
}

/**
 * Checks the request of a browser that names neither its origin nor its site. Browsers send no `Origin` with a GET to their own origin,
 * with an image or with a no-cors fetch, and no `Sec-Fetch-Site` over plain HTTP beyond localhost; Safari before version 16.4 never does.
 * The GET of a foreign page could then open a session or change its voice. The page of this server is recognized by its `Referer`, which no
 * page can forge, or by a header that no foreign page can set. Programs that are not browsers have nothing to prove.
 * @throws {WireError} origin_not_allowed
 */
function checkSilentBrowser(req: IncomingMessage, host: string, { allowedOrigins }: OriginOptions): void {
  const { headers } = req;
  const { referer, 'user-agent': agent } = headers;
  if (agent === undefined || !BROWSER.test(agent)) return;
  if (PREFLIGHTED_HEADERS.some((name) => headers[name] !== undefined)) return;
  const origin = referer === undefined ? undefined : URL.parse(referer)?.origin;
  if (origin !== undefined && (isOwnOrigin(origin, host, req) || allowedOrigins.includes(origin))) return;
  if (origin !== undefined) throw createOriginRefusal(origin);
  throw new WireError(
    'origin_not_allowed',
    'The request of this browser does not show which page it comes from',
    'serve the page over https, or with Referrer-Policy: same-origin, or send the header X-Requested-With',
  );
}

function createOriginRefusal(origin: string | undefined): WireError {
  // Browsers send this word for files and sandboxed frames. Every site can make them send it, so it cannot be allowed.
  if (origin === 'null') {
    return new WireError(
      'origin_not_allowed',
      'Pages without an origin, such as local files and sandboxed frames, may not use this server',
      'serve the page over http, and add its origin to ALLOWED_ORIGINS',
    );
  }
  return new WireError(
    'origin_not_allowed',
    `Pages of ${origin?.slice(0, 200) ?? 'other origins'} may not use this server`,
  );
}

/**
 * Tells whether an origin has the host and the port that a request is for. The scheme is unknown behind a proxy; on a TLS connection, a
 * page that was loaded over plain HTTP is a foreign one, because anybody on the way could have changed it.
 */
function isOwnOrigin(origin: string, host: string, { socket }: IncomingMessage): boolean {
  // For some texts of more than 16 KiB, `URL.canParse` is true and `new URL` throws.
  const { host: own = '', protocol = '' } = URL.parse(origin) ?? {};
  const requested = host.toLowerCase();
  if (protocol === 'http:' && 'encrypted' in socket) return false;
  return own !== '' && (own === requested || own + DEFAULT_PORTS[protocol] === requested);
}
