/**
 * Bearer token, or a function that obtains one. The client calls the function before its first request, and again when the server has
 * refused the token, as after its expiry.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** @see RFC 6750, section 2.1 */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

export function isBearerToken(value: unknown): value is string {
  return typeof value === 'string' && BEARER_TOKEN.test(value);
}

/** Token of a client, kept in memory only. No error of this class contains a token, or a text of the caller's function. */
export class AccessToken {
  readonly #source: TokenSource;
  #token: string | undefined;
  #pending: Promise<string> | undefined;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /**
   * Obtains a token. Requests that need one at the same time share one call of the function.
   * @param refused token that the server has refused: any other token will do
   * @returns the refused token again where the source has no other
   * @throws {TypeError} if the function fails, or returns no token
   */
  get(refused?: string): Promise<string> {
    if (this.#token !== undefined && this.#token !== refused) return Promise.resolve(this.#token);
    this.#pending ??= this.#obtain().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #obtain(): Promise<string> {
    let token: unknown;
    try {
      token = typeof this.#source === 'string' ? this.#source : await this.#source();
    } catch {
      throw new TypeError('The function of the option token has failed');
    }
    if (!isBearerToken(token)) throw new TypeError('The function of the option token returned no bearer token');
    this.#token = token;
    return token;
  }
}
