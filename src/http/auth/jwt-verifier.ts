import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { WireError } from '../../wire/wire-error.ts';
import type { Principal } from './authenticator.ts';
import { RemoteKeySet } from './remote-key-set.ts';
import { createUserPrincipal, type TokenVerifier } from './token-verifier.ts';

/** Where the keys of the tokens come from, and which tokens are meant for this server. */
export interface JwtOptions {
  /** Shared secret of tokens with HS256, or URL of the public keys of tokens with a signature. */
  readonly key: string | URL;
  /** Required value of `iss`; `undefined`: any. */
  readonly issuer: string | undefined;
  /** Required member of `aud`; `undefined`: any. */
  readonly audience: string | undefined;
}

/** Differences of the clocks of two machines that are tolerated, in seconds. */
const CLOCK_TOLERANCE_S = 5;
/**
 * Algorithms of tokens with a signature. The kind of the key decides which algorithms are allowed, never the token: otherwise a token
 * whose HMAC was made with the public key would be valid.
 * @see RFC 8725, section 3.1
 */
const SIGNATURES = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Verifies JSON Web Tokens. `sub` is the user id, `exp` is required. @see RFC 7519, RFC 8725 */
export class JwtVerifier implements TokenVerifier {
  readonly #findKey: JWTVerifyGetKey;
  readonly #checks;

  /** @param onKeysUnavailable called for each fetch of the public keys that failed */
  constructor({ key, issuer, audience }: JwtOptions, onKeysUnavailable: (error: unknown) => void) {
    const isSecret = typeof key === 'string';
    const secret = new TextEncoder().encode(isSecret ? key : '');
    this.#findKey = isSecret ? async () => secret : new RemoteKeySet(key, onKeysUnavailable).findKey;
    this.#checks = {
      algorithms: isSecret ? ['HS256'] : SIGNATURES,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['sub', 'exp'],
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
  }

  async verify(token: string): Promise<Principal> {
    try {
      const { payload } = await jwtVerify(token, this.#findKey, this.#checks);
      return createPrincipal(payload);
    } catch (error) {
      if (error instanceof WireError) throw error;
      throw new WireError('unauthorized', describeFault(error), 'request a new token from its issuer');
    }
  }
}

/**
 * Describes why a token is refused. Claims are checked after the signature, so that their names help whoever issues the tokens. Any other detail
 * would be of use to a forger only.
 */
function describeFault(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'The token is not valid';
  const { claim, reason } = error;
  return `The token is not valid: its ${claim} is ${reason === 'missing' ? 'missing' : 'not accepted by this server'}`;
}

function createPrincipal({ sub, exp }: JWTPayload): Principal {
  if (typeof sub !== 'string' || typeof exp !== 'number') throw new WireError('unauthorized', 'The token is not valid');
  return createUserPrincipal(sub, (exp + CLOCK_TOLERANCE_S) * 1_000);
}
