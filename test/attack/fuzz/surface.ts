import { type ErrorCode, errorCatalogue } from '../../../src/wire/error-catalogue.ts';
import { WireError } from '../../../src/wire/wire-error.ts';

/** A part of the server that reads what others wrote. */
export interface Surface {
  readonly name: string;
  /** Valid inputs and known attacks, which are mutated. A character is a byte (latin1), unless `isText`. */
  readonly seeds: readonly string[];
  readonly isText?: boolean;
  /** Maximum length of an input, in characters: Node refuses longer headers before the server sees them. Default: 64 KiB. */
  readonly maxLength?: number;
  /**
   * Lets the server read an input.
   * @throws an error that tells which invariant does not hold
   */
  check(input: string): void;
}

/** Runs a decoder that may refuse its input. @returns what it returns, or its refusal. @throws if it throws anything but a refusal */
export function decode<T>(decoder: () => T): { readonly value: T } | { readonly refusal: WireError } {
  try {
    return { value: decoder() };
  } catch (error) {
    if (!(error instanceof WireError))
      throw new Error(`threw ${describe(error)} instead of a WireError`, { cause: error });
    checkRefusal(error.body());
    return { refusal: error };
  }
}

/** Checks that a refusal is one of the catalogue, and short enough to be stored. */
export function checkRefusal(refusal: { readonly code: ErrorCode; readonly error: string }): void {
  if (!Object.hasOwn(errorCatalogue, refusal.code)) throw new Error(`refused with the unknown code ${refusal.code}`);
  const json = JSON.stringify(refusal);
  if (json.length > MAX_REFUSAL) throw new Error(`the refusal ${refusal.code} has ${json.length} characters`);
}

export function expect(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(invariant);
}

export function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'something that has no text';
  }
}

/** Maximum length of all headers of a request, in bytes: the default of Node. */
export const MAX_HEADERS = 16 * 1_024;

/** Maximum length of a refusal as JSON, in characters. */
const MAX_REFUSAL = 2_000;
