import type { Principal } from './authenticator.ts';

/** Verifies bearer tokens of one kind. */
export interface TokenVerifier {
  /**
   * Verifies a token. A token that was verified before needs no promise.
   * @throws {WireError} unauthorized, auth_unavailable
   */
  verify(token: string): Principal | Promise<Principal>;
}

/** Creates the principal of one user. @param expiresAt in ms since 1970 */
export function createUserPrincipal(userId: string, expiresAt = Number.POSITIVE_INFINITY): Principal {
  return { id: userId, userId, expiresAt, mayUse: (requested) => requested === userId };
}
