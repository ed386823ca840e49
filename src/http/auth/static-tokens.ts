import { hash } from 'node:crypto';
import { WireError } from '../../wire/wire-error.ts';
import type { Principal } from './authenticator.ts';
import { createUserPrincipal, type TokenVerifier } from './token-verifier.ts';

/** A token that the operator has given to a user. */
export interface StaticToken {
  /** `*`: the token may use the sessions of every user. */
  readonly userId: string;
  readonly token: string;
}

const EVERY_USER: Principal = {
  id: '*',
  userId: undefined,
  expiresAt: Number.POSITIVE_INFINITY,
  mayUse: () => true,
};

/**
 * Verifies tokens that the configuration lists. Only their hashes stay in memory. The look-up compares hashes, so that its duration
 * says nothing about a token.
 */
export class StaticTokens implements TokenVerifier {
  readonly #principals = new Map<string, Principal>();

  constructor(tokens: readonly StaticToken[]) {
    for (const { userId, token } of tokens) {
      this.#principals.set(hashToken(token), userId === '*' ? EVERY_USER : createUserPrincipal(userId));
    }
  }

  verify(token: string): Principal {
    const principal = this.#principals.get(hashToken(token));
    if (principal) return principal;
    throw new WireError('unauthorized', 'The token is not valid');
  }
}

/** Hashes a token, as the key under which it can be kept. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64');
}
