import type { Rung } from './observation.ts';

const ROUTES: Readonly<Record<Rung, string>> = {
  ws: 'ws',
  stream: 'events',
  pusher: 'events',
  close: 'events',
  poll: 'poll',
};
/** Cursor that no log has: the server answers with `reset`, which holds the conversation so far. */
const INVALID_CURSOR = 'history';

export interface AddressOptions {
  readonly url: string;
  readonly userId: string;
  readonly sessionId?: string | undefined;
  readonly history?: boolean | undefined;
}

/** Builds the addresses of one live session. */
export class Addresses {
  readonly #options: AddressOptions;
  readonly #client: string;

  /** @param client name of the client, as `client` of the query */
  constructor(options: AddressOptions, client: string) {
    this.#options = options;
    this.#client = client;
  }

  /** Address of `POST /send`. */
  readonly send = (query: Record<string, string>): string => this.#build('send', query);

  /** Address of `POST /tickets`. */
  readonly ticket = (): string => this.#build('tickets', {});

  /** Address of a connection down. */
  down(rung: Rung, query: Record<string, string>): string {
    const history: Record<string, string> = this.#options.history ? { since: INVALID_CURSOR } : {};
    return this.#build(ROUTES[rung], { client: this.#client, ...history, ...query });
  }

  /** Address of a connection that is only a trial. It names another client, starts at the head of the log, and leaves speech out, which nobody plays. */
  trial(rung: Rung, query: Record<string, string>): string {
    return this.#build(ROUTES[rung], { client: `${this.#client}-trial`, audio: 'none', ...query });
  }

  #build(route: string, query: Record<string, string>): string {
    const { url, userId, sessionId } = this.#options;
    const session = sessionId === undefined ? '' : `/${encodeURIComponent(sessionId)}`;
    const base = url === '' ? '' : `${url.replace(/\/+$/, '')}/`;
    const path = `${base}${route}/${encodeURIComponent(userId)}${session}`;
    const text = encodeQuery(query);
    return text === '' ? path : `${path}?${text}`;
  }
}

/** Encodes a query. Older versions of React Native have a URLSearchParams without encoding. */
function encodeQuery(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
