import type { SocketConstructor } from '../client/socket-transport.ts';

/** The server that is looked at, and how to get there. */
export interface Target {
  /** `http:` or `https:`, without a slash at its end. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the doctor alone: whose conversations there are is none of its business. */
  readonly userId: string;
}

export type Route = 'events' | 'poll' | 'send' | 'ws';

export function addressOf({ url, userId }: Target, route: Route, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${url}/${route}/${encodeURIComponent(userId)}${text && `?${text}`}`;
}
