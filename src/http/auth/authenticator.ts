import type { IncomingMessage } from 'node:http';

/** The authenticated caller of a request. */
export interface Principal {
  /** Name of the caller, such as a user id. Callers with the same name are one and the same. */
  readonly id: string;
  /** The only user whose sessions the caller may use; `undefined`: the sessions of every user. */
  readonly userId: string | undefined;
  /** Time at which the credentials expire, in ms since 1970; Infinity if they never do. */
  readonly expiresAt: number;
  /** Tells whether the caller may use this session. */
  mayUse(userId: string, sessionId: string): boolean;
}

/** The session that a request names. Both ids are valid. */
export interface RequestedSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** Establishes who sends a request. HTTP requests and WebSocket upgrades are treated alike. */
export interface Authenticator {
  /** Value of `WWW-Authenticate` in a refusal. @see RFC 9110, section 11.6.1 */
  readonly challenge: string;
  /** Whether a bearer token makes a difference. If not, every caller is let through. */
  readonly acceptsTokens: boolean;
  /**
   * Authenticates a request. The usual case, credentials that were verified before, needs no promise.
   * @param route name of the route, such as `events`
   * @param session `undefined` for a route that names none
   * @throws {WireError} unauthorized, auth_unavailable
   */
  authenticate(
    req: IncomingMessage,
    route: string,
    session: RequestedSession | undefined,
  ): Principal | Promise<Principal>;
}
