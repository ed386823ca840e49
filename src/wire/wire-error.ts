import { type CatalogueEntry, type ErrorCode, errorCatalogue } from './error-catalogue.ts';

/** Body of an error answer, and data of a `failure` event. */
export interface ErrorBody {
  readonly error: string;
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly hint?: string;
  /** Number of the next POST; with outside_window and epoch_changed. */
  readonly next?: number;
  /** Epoch of the live session; with epoch_changed. */
  readonly epoch?: string;
  /** Wait before the same request may succeed, in ms; with errors that a limit causes. An HTTP answer has it as `Retry-After`, too. */
  readonly retry_after_ms?: number;
}

/** Fields of an error body that a program needs to continue. */
export type ErrorDetails = Pick<ErrorBody, 'next' | 'epoch' | 'retry_after_ms'>;

/**
 * An error that is meant for the client. Any other error that is thrown is a bug: the server logs it and the client gets `internal`.
 */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: ErrorCode;
  /** Instruction that names the variable, field or limit at hand. Default: the hint of the catalogue. */
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  /** @param error a more precise description than that of the catalogue; must not contain secrets */
  constructor(code: ErrorCode, error?: string, hint?: string, details: ErrorDetails = {}) {
    const entry: CatalogueEntry = errorCatalogue[code];
    super(error ?? entry.error);
    this.code = code;
    this.hint = hint ?? entry.hint;
    this.details = details;
  }

  /** Whether a thrown value of any shape is a WireError. `instanceof` alone throws for some values: a revoked proxy. */
  static is(error: unknown): error is WireError {
    try {
      return error instanceof WireError;
    } catch {
      return false;
    }
  }

  /** Creates the error that a body describes. */
  static fromBody({ code, error, hint, retry: _, ...details }: ErrorBody): WireError {
    return new WireError(code, error, hint, details);
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get retry(): boolean {
    return errorCatalogue[this.code].retry;
  }

  body(): ErrorBody {
    return {
      error: this.message,
      code: this.code,
      retry: this.retry,
      ...(this.hint ? { hint: this.hint } : {}),
      ...this.details,
    };
  }
}
