import type { SocketConstructor } from '../client/socket-transport.ts';

/** The server under examination, and the means to reach it. */
export interface Target {
  /** Base address with `http:` or `https:`, without a trailing slash. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  /** Headers of each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** User of the doctor alone, or the user that the credentials in the headers belong to. */
  readonly userId: string;
  /** Session of the doctor alone, so that no user's conversation is touched. */
  readonly sessionId: string;
}

export type Route = 'events' | 'poll' | 'send' | 'ws';

/** Builds the address of a route for the doctor's session. */
export function buildAddress(
  { url, userId, sessionId }: Target,
  route: Route,
  query: Readonly<Record<string, string>> = {},
): string {
  const text = new URLSearchParams(query).toString();
  return `${url}/${route}/${encodeURIComponent(userId)}/${sessionId}${text && `?${text}`}`;
}
