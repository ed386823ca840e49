import { parseJson, readText } from './response-text.ts';

/** Event as a transport delivers it. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  /** `undefined`: an unnamed message. */
  readonly name: string | undefined;
  /** Parsed JSON. */
  readonly data: unknown;
}

/** Receiver of what one request for events delivers. */
export interface EventHandlers {
  /** Called for each piece of a body. */
  onBytes(): void;
  onEvent(event: ReceivedEvent): void;
  /** Called when everything up to this id has been delivered. */
  onCursor(id: string): void;
}

/** HTTP request for events. */
export interface EventRequest extends EventHandlers {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Result of a request for events. */
export type Outcome =
  /** The body ended or was cut. */
  | { readonly kind: 'ended' }
  /** The server answered 204: there will be no more events. */
  | { readonly kind: 'over' }
  /** The answer has another status than 200. */
  | RefusedOutcome
  /** No answer arrived, or one that no bidi-sse server sends, as a captive portal's page. `cause`: why, for a person. */
  | { readonly kind: 'failed'; readonly cause: string };

export interface RefusedOutcome {
  readonly kind: 'refused';
  readonly status: number;
  readonly statusText: string;
  readonly retryAfterMs: number;
  /** Parsed JSON of the answer; `undefined` if the answer is no JSON. */
  readonly body: unknown;
}

/** Maximum length of a refusal, in bytes. The server's are a line. */
const MAX_BYTES = 64 * 1024;
/** Maximum wait that an answer may ask for, in ms. After it the client asks again, and may be told to wait longer. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Reads an answer whose status is not 200. */
export async function readRefusal(response: Response): Promise<Outcome> {
  if (response.status === 204) return { kind: 'over' };
  const body = parseJson(await readText(response, MAX_BYTES).catch(() => ''));
  const retryAfterMs = readRetryAfter(body, response.headers);
  return { kind: 'refused', status: response.status, statusText: response.statusText, retryAfterMs, body };
}

/** Describes an answer that is not what the server sends. @param wanted what should have come */
export function describeForeignAnswer({ headers }: Response, wanted: string): string {
  return `The answer is "${headers.get('Content-Type') ?? 'without a content type'}", not ${wanted}: is this the address of the server?`;
}

/** Describes an error of `fetch`: with the system's error code where there is one, as ECONNREFUSED. */
export function describeNetworkError(error: unknown): string {
  // Not `instanceof Error`: the error may be of another realm, as `fetch` may be.
  const { message, cause } = Object(error) as { readonly message?: unknown; readonly cause?: unknown };
  const { code } = Object(cause) as { readonly code?: unknown };
  return `No answer: ${String(message ?? error)}${typeof code === 'string' ? ` (${code})` : ''}`;
}

/**
 * Reads the wait that an answer asks for, in ms, at most 60 s; 0 if the answer asks for none. `retry_after_ms` of the body is more exact than
 * the header `Retry-After`, and a page of another origin may be unable to read the header. Dates are ignored: the server sends seconds, and
 * clocks differ.
 * @param body parsed JSON of the answer
 * @param headers absent where the answer is a frame of a WebSocket
 */
export function readRetryAfter(body: unknown, headers?: Headers): number {
  const { retry_after_ms } = Object(body) as { readonly retry_after_ms?: unknown };
  const ms = typeof retry_after_ms === 'number' ? retry_after_ms : Number(headers?.get('Retry-After') ?? 0) * 1_000;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}
