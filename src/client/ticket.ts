import { describeForeignAnswer, describeNetworkError, type Outcome, readRefusal } from './event-request.ts';
import { parseJson, readText } from './response-text.ts';

/** Requests a ticket for one connection. Never rejects. */
export type TicketSource = (signal: AbortSignal) => Promise<TicketResult>;

/** Result of a request for a ticket: the ticket, or why there is none. */
export type TicketResult = { readonly kind: 'ticket'; readonly ticket: string } | Outcome;

export interface TicketRequest {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Address of `POST /tickets`. */
  readonly url: string;
}

/** Maximum length of an answer, in bytes. The server's are a line. */
const MAX_BYTES = 16 * 1024;

/** Creates the source of the tickets for WebSockets, which cannot send the token in a header. Each connection gets a ticket of its own. */
export function createTicketSource({ fetch, headers, url }: TicketRequest): TicketSource {
  return async (signal) => {
    try {
      const response = await fetch(url, { method: 'POST', headers, cache: 'no-store', signal });
      if (!response.ok) return await readRefusal(response);
      const { ticket } = Object(parseJson(await readText(response, MAX_BYTES))) as { readonly ticket?: unknown };
      if (typeof ticket === 'string') return { kind: 'ticket', ticket };
      return { kind: 'failed', cause: describeForeignAnswer(response, 'a ticket') };
    } catch (error) {
      return { kind: 'failed', cause: describeNetworkError(error) };
    }
  };
}
