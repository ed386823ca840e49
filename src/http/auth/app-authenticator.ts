import type { IncomingMessage } from 'node:http';
import { isId } from '../../wire/identifiers.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Authenticator, Principal, RequestedSession } from './authenticator.ts';
import type { Tickets } from './tickets.ts';
import { createUserPrincipal } from './token-verifier.ts';

/** The user who sends a request, as the app knows. */
export interface AppUser {
  /** Id of the user: 1 to 128 characters of `A-Z a-z 0-9 . _ @ -`, the first a letter or a digit. The request may use only this user's sessions. */
  readonly userId: string;
  /** Time at which the sign-in expires, in ms since 1970. Streams end then, and their clients reconnect. Default: never. */
  readonly expiresAt?: number | undefined;
}

/** Answer of an app: who sends a request; nothing if nobody is signed in. */
export type AppAnswer = AppUser | null | undefined;

export interface AppAuthenticatorOptions {
  /** Tells who sends a request. */
  authenticate(req: IncomingMessage): AppAnswer | Promise<AppAnswer>;
  readonly tickets: Tickets;
  /** Called with what `authenticate` throws. */
  onError(error: unknown): void;
}

/** Maximum time in which an app answers, in ms. After it the request is refused with auth_unavailable. */
const TIMEOUT_MS = 10_000;

/** Authenticates by what the app knows of a request, such as its session, and by tickets, which the signed-in user has requested. */
export class AppAuthenticator implements Authenticator {
  /** The app decides how its users sign in, which no scheme of HTTP describes. */
  readonly challenge = 'App realm="bidi-sse"';
  readonly acceptsTokens = false;
  readonly #options: AppAuthenticatorOptions;

  constructor(options: AppAuthenticatorOptions) {
    this.#options = options;
  }

  authenticate(
    req: IncomingMessage,
    route: string,
    session: RequestedSession | undefined,
  ): Principal | Promise<Principal> {
    const { tickets } = this.#options;
    const byTicket = tickets.authenticate(req, route, session);
    if (byTicket !== undefined) return byTicket;
    try {
      const answer = this.#options.authenticate(req);
      return isPromise(answer) ? this.#waitFor(answer) : toPrincipal(answer);
    } catch (error) {
      throw this.#toRefusal(error);
    }
  }

  async #waitFor(answer: PromiseLike<AppAnswer>): Promise<Principal> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`authenticate has not answered within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      timer.unref();
    });
    try {
      return toPrincipal(await Promise.race([answer, late]));
    } catch (error) {
      throw this.#toRefusal(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #toRefusal(error: unknown): unknown {
    if (error instanceof WireError) return error;
    this.#options.onError(error);
    return new WireError('auth_unavailable', 'The app cannot tell who sends the request');
  }
}

/** @throws {WireError} unauthorized @throws {TypeError} the answer is of another shape */
function toPrincipal(answer: AppAnswer): Principal {
  if (answer === undefined || answer === null) {
    throw new WireError('unauthorized', 'Nobody is signed in', 'sign in to the app that this server is part of');
  }
  const { userId, expiresAt }: { userId?: unknown; expiresAt?: unknown } = Object(answer);
  if (typeof userId !== 'string' || !isId(userId)) {
    throw new TypeError(
      'authenticate must return undefined or { userId }, a text of 1 to 128 characters of A-Z a-z 0-9 . _ @ -, the first a letter or a digit',
    );
  }
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt))) {
    throw new TypeError('authenticate must return expiresAt as a number of ms since 1970');
  }
  if (expiresAt !== undefined && expiresAt <= Date.now())
    throw new WireError('unauthorized', 'The sign-in has expired');
  return createUserPrincipal(userId, expiresAt);
}

function isPromise(answer: AppAnswer | PromiseLike<AppAnswer>): answer is PromiseLike<AppAnswer> {
  return typeof (answer as Partial<PromiseLike<AppAnswer>> | null | undefined)?.then === 'function';
}
