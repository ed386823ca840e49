import type { ErrorBody } from '../wire/error-catalogue.ts';

/** What became of something that was sent. */
export interface Sent {
  readonly sent: boolean;
  /** Why not; absent if the client was closed, or the live session ended, before it was answered. */
  readonly refusal?: Refusal;
}

/** Why something that was sent was refused for good. */
export interface Refusal {
  readonly error: string;
  readonly hint?: string;
  /** Of the server's catalogue; absent if it was not the server that refused. */
  readonly code?: ErrorBody['code'];
  /** HTTP status, where something between client and server refused. */
  readonly status?: number;
}
