import { BoundedMap } from '../../wire/bounded-map.ts';
import type { Principal } from './authenticator.ts';
import { hashToken } from './static-tokens.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** Maximum number of tokens that are remembered, some 300 bytes each. At the limit, the token that was verified first is verified again. */
const MAX_TOKENS = 10_000;
/** Time after which a token is verified again, in ms: its key may have been withdrawn. */
const MAX_AGE_MS = 3_600_000;

interface VerifiedToken {
  readonly principal: Principal;
  /** In ms since 1970. */
  readonly validUntil: number;
}

/** Remembers who verified tokens belong to, until they expire and for at most an hour: a signature costs more than the rest of a request. */
export class VerifiedTokens implements TokenVerifier {
  readonly #verifier: TokenVerifier;
  readonly #verified = new BoundedMap<string, VerifiedToken>(MAX_TOKENS);

  /** @param verifier verifies the tokens that are not remembered */
  constructor(verifier: TokenVerifier) {
    this.#verifier = verifier;
  }

  verify(token: string): Principal | Promise<Principal> {
    const key = hashToken(token);
    const known = this.#verified.get(key);
    if (known && Date.now() < known.validUntil) return known.principal;
    return this.#verify(token, key);
  }

  async #verify(token: string, key: string): Promise<Principal> {
    this.#verified.delete(key);
    const principal = await this.#verifier.verify(token);
    this.#verified.set(key, { principal, validUntil: Math.min(principal.expiresAt, Date.now() + MAX_AGE_MS) });
    return principal;
  }
}
