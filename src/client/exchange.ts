import { parseJson, readText } from './response-text.ts';

/** One event as a transport hands it on. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  /** `undefined`: an unnamed message. */
  readonly name: string | undefined;
  /** The JSON value. */
  readonly data: unknown;
}

/** One request for events, and who is told what comes of it. */
export interface Exchange {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Something of the body has come. */
  onBytes(): void;
  onEvent(event: ReceivedEvent): void;
  /** Everything up to this id has been handed on. */
  onCursor(id: string): void;
}

/** How a request for events went. */
export type Outcome =
  /** The body came to its end, or was cut. */
  | { readonly kind: 'ended' }
  /** 204: there is nothing more to come, ever. */
  | { readonly kind: 'over' }
  /** Another status than 200. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly statusText: string;
      readonly retryAfterMs: number;
      readonly body: unknown;
    }
  /** No answer, or one that is not ours (a captive portal's page). */
  | { readonly kind: 'failed' };

/** Of what a refusal says, bytes: ours are a line. */
const MOST_BYTES = 64 * 1024;

export async function refusal(response: Response): Promise<Outcome> {
  if (response.status === 204) return { kind: 'over' };
  const retryAfterMs = readRetryAfter(response.headers);
  const body = parseJson(await readText(response, MOST_BYTES).catch(() => ''));
  return { kind: 'refused', status: response.status, statusText: response.statusText, retryAfterMs, body };
}

/** `Retry-After` in ms; 0 if there is none. Dates are not read: our server sends seconds, and clocks differ. */
export function readRetryAfter(headers: Headers): number {
  const seconds = Number(headers.get('Retry-After') ?? 0);
  return seconds > 0 ? Math.min(seconds, 60) * 1000 : 0;
}
