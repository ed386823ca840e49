import type { IncomingMessage } from 'node:http';
import { WireError } from '../../wire/wire-error.ts';
import type { Authenticator, Principal, RequestedSession } from './authenticator.ts';
import { isHttps, readSignInCookie } from './sign-in-cookie.ts';
import type { Tickets } from './tickets.ts';
import type { TokenVerifier } from './token-verifier.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
/** Names under which clients of other servers send a token in the query. */
const TOKEN_IN_QUERY = /[?&](?:access_?token|auth_?token|authorization|bearer|id_token|jwt|token)=/i;

/**
 * Authenticates by a bearer token in the `Authorization` header, by a ticket in the query, or by a token in the cookie of the sign-in
 * route, in this order: what the client has added for this request goes before what the browser adds to every request.
 */
export class CredentialAuthenticator implements Authenticator {
  readonly challenge = 'Bearer realm="bidi-sse"';
  readonly acceptsTokens = true;
  readonly #verifier: TokenVerifier;
  readonly #tickets: Tickets;

  constructor(verifier: TokenVerifier, tickets: Tickets) {
    this.#verifier = verifier;
    this.#tickets = tickets;
  }

  authenticate(
    req: IncomingMessage,
    route: string,
    session: RequestedSession | undefined,
  ): Principal | Promise<Principal> {
    const { url = '', headers } = req;
    if (TOKEN_IN_QUERY.test(url)) throw createQueryRefusal();
    const token = readBearerToken(req);
    if (token !== undefined) return this.#verifier.verify(token);
    const byTicket = this.#tickets.authenticate(req, route, session);
    if (byTicket !== undefined) return byTicket;
    const signedIn = headers.cookie === undefined ? undefined : readSignInCookie(headers.cookie, isHttps(req));
    if (signedIn === undefined) throw new WireError('unauthorized');
    return this.#verifier.verify(signedIn);
  }
}

/**
 * Reads the token from the `Authorization` header.
 * @returns `undefined` if there is no such header, or if it is for a proxy that uses another scheme
 * @throws {WireError} unauthorized: the header has the right scheme and no valid token
 */
export function readBearerToken({ headers }: IncomingMessage): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined || !/^bearer\b/i.test(authorization)) return undefined;
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw new WireError('unauthorized', 'The Authorization header contains no valid token');
  return token;
}

function createQueryRefusal(): WireError {
  return new WireError(
    'unauthorized',
    'A token in the URL is not accepted: URLs appear in the logs of every proxy on the way',
    'send Authorization: Bearer <token>; for EventSource and WebSocket request a ticket with POST /tickets/:userId',
  );
}
