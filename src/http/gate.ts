import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import type { Authenticator, Principal } from './auth/authenticator.ts';
import { redactUrl } from './auth/redact-url.ts';
import { isLongTarget } from './copy-text.ts';
import { holdBack } from './hold-back.ts';
import { type Headers, HttpRefusal } from './http-refusal.ts';
import type { AddressLimits, FrameMeter } from './limits/address-limits.ts';
import { checkMessage } from './message-check.ts';
import { checkOrigin, type OriginOptions } from './origins.ts';
import { type RouteIds, readIds } from './route-ids.ts';
import { createNotFoundError, type RouteMatch } from './route-match.ts';

/** The part of the server's logger that requests use. */
export interface RequestLogger {
  debug(details: object, message: string): void;
  error(details: object, message: string): void;
  /** Returns a logger that adds `bindings` to every line. */
  child(bindings: object): RequestLogger;
}

/** What the gate has established about a request before its route runs. */
export interface RequestContext extends RouteIds {
  /** `X-Request-Id` of the request if that is usable in a log, else a random UUID. */
  readonly requestId: string;
  readonly principal: Principal;
  /** Network address of the client; of an IPv6 address only the network. */
  readonly clientAddress: string;
  /** CORS headers that the answer must carry. */
  readonly corsHeaders: Headers;
  /** Adds the request id, the user id and the session id to every line. */
  readonly logger: RequestLogger;
  /** Counts an answer that costs as much as several requests against the limit of requests of the address. */
  chargeRequests(requests: number): void;
}

export interface GateOptions {
  readonly origins: OriginOptions;
  readonly authenticator: Authenticator;
  readonly limits: AddressLimits;
  readonly logger: RequestLogger;
}

const NO_HEADERS: Headers = {};
/** Request ids of proxies that are safe and short enough for a log. */
const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;
/** Maximum length of a request target in the log, in characters. */
const MAX_LOGGED_URL = 200;

/**
 * Decides whether a request may reach a route. HTTP requests and WebSocket upgrades pass the same checks in the same order: framing,
 * `Host`, `Origin`, ids, caller. Refusals are logged at debug level with their reason.
 */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * Checks a request for a route of the API.
   * @param route `undefined` if the API has no such route; a stranger is not told so
   * @throws {HttpRefusal} what `checkMessage` throws, host_not_allowed, origin_not_allowed, not_found, invalid_id, unauthorized,
   * auth_unavailable, user_not_allowed, too_many_requests, too_many_connections, server_busy
   */
  async authorize(req: IncomingMessage, route: RouteMatch | undefined): Promise<RequestContext> {
    const corsHeaders = this.#checkOrigin(req, true);
    const clientAddress = this.#admit(req, corsHeaders);
    try {
      if (!route) throw createNotFoundError(req.url);
      const ids = readIds(route.userId, route.sessionId, isLongTarget(req.url));
      const identified = this.#options.authenticator.authenticate(req, route.name, ids);
      // Most credentials were verified before: no promise, and no turn of the event loop.
      const principal = identified instanceof Promise ? await identified : identified;
      // The answer is the same whether or not the session exists.
      if (!principal.mayUse(ids.userId, ids.sessionId)) throw new WireError('user_not_allowed');
      const { logger, limits } = this.#options;
      return new AuthorizedRequest(req, ids, { principal, clientAddress, corsHeaders, logger, limits });
    } catch (error) {
      throw this.#refuse(req, error, corsHeaders);
    }
  }

  /** Whether a bearer token makes a difference. */
  get acceptsTokens(): boolean {
    return this.#options.authenticator.acceptsTokens;
  }

  /**
   * Finds out who sends a request that names no session.
   * @param route name of the route
   * @param corsHeaders what `authorizeOrigin` has returned
   * @throws {HttpRefusal} unauthorized, auth_unavailable
   */
  async identifyCaller(req: IncomingMessage, route: string, corsHeaders: Headers): Promise<Principal> {
    try {
      return await this.#options.authenticator.authenticate(req, route, undefined);
    } catch (error) {
      throw this.#refuse(req, error, corsHeaders);
    }
  }

  /**
   * Checks only where a request comes from: for a CORS preflight, which names no caller, and for the routes that sign in and out.
   * @returns the CORS headers of the answer
   * @throws {HttpRefusal} what `checkMessage` throws, host_not_allowed, origin_not_allowed, too_many_requests,
   * too_many_connections, server_busy
   */
  authorizeOrigin(req: IncomingMessage): Headers {
    const corsHeaders = this.#checkOrigin(req, true);
    this.#admit(req, corsHeaders);
    return corsHeaders;
  }

  /**
   * Checks a request for the page or one of its files. Links on other sites may lead there.
   * @throws {HttpRefusal} what `checkMessage` throws, host_not_allowed, origin_not_allowed, too_many_requests,
   * too_many_connections, server_busy
   */
  authorizePage(req: IncomingMessage): void {
    this.#checkOrigin(req, false);
    this.#admit(req, NO_HEADERS);
  }

  /** Returns the meter of the frames of a WebSocket whose handshake `authorize` has accepted. */
  meterFrames(req: IncomingMessage): FrameMeter {
    return this.#options.limits.meterFrames(req);
  }

  /** Counts a request that is answered whether or not its address has sent too many. If so, its connection is read more slowly. */
  countUnlimited(req: IncomingMessage): void {
    const meter = this.meterFrames(req);
    meter.charge();
    if (meter.isExhausted) holdBack(req);
  }

  /** Counts a request. @returns the network address of the client */
  #admit(req: IncomingMessage, corsHeaders: Headers): string {
    try {
      return this.#options.limits.admit(req);
    } catch (error) {
      if (error instanceof WireError && error.code === 'too_many_requests') holdBack(req);
      throw this.#refuse(req, error, corsHeaders);
    }
  }

  #checkOrigin(req: IncomingMessage, strict: boolean): Headers {
    try {
      checkMessage(req);
      return checkOrigin(req, this.#options.origins, strict);
    } catch (error) {
      this.countUnlimited(req);
      throw this.#refuse(req, error, NO_HEADERS);
    }
  }

  #refuse(req: IncomingMessage, error: unknown, headers: Headers): unknown {
    if (!(error instanceof WireError)) return error;
    const { authenticator, logger } = this.#options;
    logRefusal(req, error, logger);
    if (error.code === 'unauthorized') {
      return new HttpRefusal(error, { ...headers, 'WWW-Authenticate': authenticator.challenge });
    }
    // The connection itself is one too many.
    const mustClose = error.code === 'too_many_connections' || error.code === 'server_busy';
    return new HttpRefusal(error, mustClose ? { ...headers, Connection: 'close' } : headers);
  }
}

/** Logs at debug level why a request is refused. Other errors are not logged: they are faults of the server. */
export function logRefusal(req: IncomingMessage, error: unknown, logger: RequestLogger): void {
  const reason = error instanceof HttpRefusal ? error.reason : error;
  if (!(reason instanceof WireError)) return;
  const { method, url = '', headers } = req;
  const { host, origin, 'sec-fetch-site': site } = headers;
  // Cut first: redaction of thousands of parameters would cost more than the request.
  const details = { code: reason.code, method, url: redactUrl(url.slice(0, MAX_LOGGED_URL)), host, origin, site };
  logger.debug({ ...details, remote: req.socket.remoteAddress }, `request refused: ${reason.message}`);
}

/** A request that passed the gate. Its id and logger are made on first use: most requests never log. */
class AuthorizedRequest implements RequestContext {
  readonly userId: string;
  readonly sessionId: string;
  readonly principal: Principal;
  readonly clientAddress: string;
  readonly corsHeaders: Headers;
  readonly #req: IncomingMessage;
  readonly #baseLogger: RequestLogger;
  readonly #limits: AddressLimits;
  #requestId: string | undefined;
  #logger: RequestLogger | undefined;

  constructor(
    req: IncomingMessage,
    ids: RouteIds,
    {
      principal,
      clientAddress,
      corsHeaders,
      logger,
      limits,
    }: Pick<RequestContext, 'principal' | 'clientAddress' | 'corsHeaders' | 'logger'> & Pick<GateOptions, 'limits'>,
  ) {
    this.userId = ids.userId;
    this.sessionId = ids.sessionId;
    this.principal = principal;
    this.clientAddress = clientAddress;
    this.corsHeaders = corsHeaders;
    this.#req = req;
    this.#baseLogger = logger;
    this.#limits = limits;
  }

  chargeRequests(requests: number): void {
    this.#limits.charge(this.#req, requests);
  }

  get requestId(): string {
    const received = this.#req.headers['x-request-id'];
    this.#requestId ??= typeof received === 'string' && REQUEST_ID.test(received) ? received : randomUUID();
    return this.#requestId;
  }

  get logger(): RequestLogger {
    const { requestId, userId, sessionId } = this;
    this.#logger ??= this.#baseLogger.child({ requestId, userId, sessionId });
    return this.#logger;
  }
}
