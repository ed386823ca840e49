import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { WireError } from '../../wire/wire-error.ts';

/** Maximum time in which the keys must arrive, in ms. */
const FETCH_MS = 5_000;
/** Time for which fetched keys are used without asking again, in ms. */
const CACHE_MS = 600_000;
/** Minimum time between two fetches that tokens with an unknown key id cause, in ms. */
const COOLDOWN_MS = 30_000;
/** Minimum time between a fetch that failed and the next one, in ms. */
const FAILURE_COOLDOWN_MS = 5_000;
/** Maximum size of a key set, in bytes. */
const MAX_BYTES = 256 * 1024;

/**
 * Public keys of an identity provider, by URL. The keys are fetched when the first token arrives, again after ten minutes, and when a token
 * names a key that is not among them.
 * @see RFC 7517, section 5
 */
export class RemoteKeySet {
  /** Finds the key of a token. @throws {WireError} auth_unavailable: the keys cannot be fetched */
  readonly findKey: JWTVerifyGetKey;
  readonly #onFailure: (error: unknown) => void;
  #failedAt = Number.NEGATIVE_INFINITY;

  /** @param onFailure called for each fetch that failed */
  constructor(url: URL, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.findKey = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_MS,
      cacheMaxAge: CACHE_MS,
      cooldownDuration: COOLDOWN_MS,
      [customFetch]: (address, init) => this.#fetch(address, init),
    });
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    if (performance.now() - this.#failedAt < FAILURE_COOLDOWN_MS) throw createRefusal();
    try {
      // A redirect could lead to a place that the configuration does not allow.
      const response = await fetch(url, { ...init, redirect: 'error' });
      const json = await readKeySet(response);
      return Response.json(json);
    } catch (error) {
      this.#failedAt = performance.now();
      this.#onFailure(error);
      throw createRefusal();
    }
  }
}

/** @throws if the answer is not a key set of the allowed size */
async function readKeySet(response: Response): Promise<object> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (response.status !== 200) throw new Error(`the answer has the status ${response.status}`);
  const json: unknown = JSON.parse(Buffer.concat(chunks).toString());
  const isKeySet = typeof json === 'object' && json !== null && 'keys' in json && Array.isArray(json.keys);
  if (!isKeySet) throw new Error('the answer is not a JSON Web Key Set');
  return json;
}

function createRefusal(): WireError {
  return new WireError('auth_unavailable', undefined, undefined, { retry_after_ms: FAILURE_COOLDOWN_MS });
}
