import type { ErrorCode } from '../wire/error-catalogue.ts';

/** Result of sending something. */
export interface SendResult {
  /** Whether the server is known to have accepted it. */
  readonly sent: boolean;
  /**
   * Why it was not accepted. Absent if the client was closed, or the live session ended, before the answer: the server may have accepted it
   * nevertheless, and a `reset` event tells what the conversation contains.
   */
  readonly refusal?: Refusal;
}

/** Reason of a refusal that no retry can change. */
export interface Refusal {
  /** Text for a developer or a user. */
  readonly error: string;
  /** Advice, if there is any. */
  readonly hint?: string;
  /** Code of the server's error catalogue. Absent if something other than the server refused. */
  readonly code?: ErrorCode;
  /** HTTP status of the answer, if it is known. */
  readonly status?: number;
}
