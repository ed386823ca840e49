import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A user who has signed in. */
export interface SignIn {
  readonly userId: string;
  /** In ms since 1970. */
  readonly expiresAt: number;
}

/** Duration of a sign-in, in ms. */
const DURATION_MS = 60 * 60_000;
/** Maximum number of sign-ins. At the limit the oldest one ends. */
const MAX_SIGN_INS = 10_000;
const COOKIE = /(?:^|;\s*)app_session=([\w-]+)/;

/** The sign-ins of the app, in memory. A real app checks a password first, and stores them in a database. */
export class SignIns {
  readonly #signIns = new Map<string, SignIn>();

  /** Signs a user in. @returns the value of `Set-Cookie` */
  open(userId: string): string {
    const [oldest] = this.#signIns.keys();
    if (this.#signIns.size >= MAX_SIGN_INS && oldest !== undefined) this.#signIns.delete(oldest);
    const id = randomUUID();
    this.#signIns.set(id, { userId, expiresAt: Date.now() + DURATION_MS });
    return `app_session=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${DURATION_MS / 1_000}`;
  }

  /** Finds the user who sends a request. It reads nothing but the cookie, which a WebSocket carries too. */
  find({ headers }: IncomingMessage): SignIn | undefined {
    const [, id = ''] = COOKIE.exec(headers.cookie ?? '') ?? [];
    const signIn = this.#signIns.get(id);
    if (signIn && signIn.expiresAt > Date.now()) return signIn;
    this.#signIns.delete(id);
    return undefined;
  }

  /** Signs out whoever sends a request. @returns the value of `Set-Cookie` */
  close({ headers }: IncomingMessage): string {
    const [, id = ''] = COOKIE.exec(headers.cookie ?? '') ?? [];
    this.#signIns.delete(id);
    return 'app_session=; Path=/; Max-Age=0';
  }
}
