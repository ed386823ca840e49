import type { WireError } from '../wire/wire-error.ts';

/** Headers of an answer, by name. */
export type Headers = Readonly<Record<string, string>>;

/** A refused request whose answer needs headers besides those of every error answer, such as `Allow`. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly reason: WireError;
  readonly headers: Headers;

  constructor(reason: WireError, headers: Headers) {
    super(reason.message, { cause: reason });
    this.reason = reason;
    this.headers = headers;
  }
}
