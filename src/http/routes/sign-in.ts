import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../../wire/wire-error.ts';
import { answerJson } from '../answer.ts';
import type { Principal } from '../auth/authenticator.ts';
import { readBearerToken } from '../auth/credential-authenticator.ts';
import { createSignInCookie, createSignOutCookies, isHttps, MAX_COOKIE_TOKEN } from '../auth/sign-in-cookie.ts';
import type { Gate, RequestLogger } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';
import { createMethodRefusal } from '../request-method.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { compilePath } from '../route-match.ts';
import { type OriginGuard, serveWithoutCaller } from './serve-without-caller.ts';

const PATH = compilePath('(sign-in|sign-out)');

/**
 * The routes that a page signs in with, so that its scripts need not keep the token:
 *
 * - `POST /sign-in` with `Authorization: Bearer <token>` stores the token in a cookie that no script can read.
 * - `GET /sign-in` tells who is signed in.
 * - `POST /sign-out` removes the cookie.
 *
 * Bodies are ignored.
 */
export class SignInRoutes {
  readonly #gate: Gate;
  readonly #pipeline: RequestPipeline;
  readonly #guard: OriginGuard;

  constructor(gate: Gate, pipeline: RequestPipeline, logger: RequestLogger) {
    this.#gate = gate;
    this.#pipeline = pipeline;
    this.#guard = { gate, logger };
  }

  /**
   * Answers a request for one of the routes.
   * @returns `false` for every other request, which stays untouched
   */
  handle(req: IncomingMessage, res: ServerResponse): boolean {
    const [, name] = PATH.exec(req.url ?? '') ?? [];
    if (name === undefined) return false;
    const isSignIn = name.toLowerCase() === 'sign-in';
    const answer = (headers: Headers) => (isSignIn ? this.#signIn(req, res, headers) : signOut(req, res, headers));
    this.#pipeline.serve(req, res, () => void serveWithoutCaller(req, res, this.#guard, answer));
    return true;
  }

  async #signIn(req: IncomingMessage, res: ServerResponse, headers: Headers): Promise<void> {
    const { method = '' } = req;
    if (method !== 'POST' && method !== 'GET') throw createMethodRefusal(method, 'GET, POST');
    const principal = await this.#gate.identifyCaller(req, 'sign-in', headers);
    if (method === 'POST' && this.#gate.acceptsTokens) setCookie(req, res, principal);
    const { userId = null, expiresAt } = principal;
    const expiry = Number.isFinite(expiresAt) ? { expires_ms: Math.max(0, expiresAt - Date.now()) } : {};
    // The user has signed in to the app that has mounted the router: no token is needed, and the app signs out.
    const origin = userId !== null && !this.#gate.acceptsTokens ? { sign_in: 'app' } : {};
    answerJson(res, 200, { user_id: userId, ...origin, ...expiry }, headers);
  }
}

/** @throws {WireError} unauthorized */
function setCookie(req: IncomingMessage, res: ServerResponse, { expiresAt }: Principal): void {
  const token = readBearerToken(req);
  // The caller is signed in, and repeats that without the token.
  if (token === undefined) return;
  if (token.length > MAX_COOKIE_TOKEN) {
    const error = `The token is longer than ${MAX_COOKIE_TOKEN} characters, too long for a cookie`;
    throw new WireError('unauthorized', error, 'send Authorization: Bearer <token> with each request');
  }
  res.setHeader('Set-Cookie', createSignInCookie(token, isHttps(req), expiresAt));
}

/** @throws {HttpRefusal} method_not_allowed */
function signOut(req: IncomingMessage, res: ServerResponse, headers: Headers): void {
  if (req.method !== 'POST') throw createMethodRefusal(req.method ?? '', 'POST');
  res.setHeader('Set-Cookie', createSignOutCookies(isHttps(req)));
  answerJson(res, 200, { status: 'signed_out' }, headers);
}
