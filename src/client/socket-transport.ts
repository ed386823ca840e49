import type { EventHandlers, Outcome, ReceivedEvent } from './event-request.ts';
import { encodeEnvelope, type Post } from './numbered-post.ts';
import { type PostOutcome, readAnswer } from './post.ts';
import type { TicketSource } from './ticket.ts';

/** Part of a browser's WebSocket that the client uses. Node's is the same. */
export interface Socket {
  readonly readyState: number;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  send(text: string): void;
  close(): void;
}

export type SocketConstructor = new (url: string) => Socket;

export interface SocketOptions extends Pick<EventHandlers, 'onBytes' | 'onEvent'> {
  /** Address of http or https, or relative to the page. */
  readonly url: string;
  readonly WebSocket: SocketConstructor | undefined;
  /** Source of the ticket that the address gets in addition; `undefined`: none. */
  readonly ticket?: TicketSource | undefined;
  readonly signal: AbortSignal;
}

const OPEN = 1;
/** A browser does not tell why a WebSocket could not be opened. */
const NO_WEB_SOCKET: Outcome = { kind: 'failed', cause: 'The WebSocket could not be opened' };
const FAILED: PostOutcome = { kind: 'failed', retryAfterMs: 0 };

/** WebSocket that carries both ways: events down, numbered envelopes up. Each envelope is answered by a frame. */
export class SocketTransport {
  /** Resolves when the socket has closed. Never rejects. */
  readonly closed: Promise<Outcome>;
  readonly #options: SocketOptions;
  #socket: Socket | undefined;
  /** Callbacks of POSTs that wait for their answer, by number. */
  readonly #waiting = new Map<number, (outcome: PostOutcome) => void>();
  #received = false;
  #resolveClosed: (outcome: Outcome) => void = () => undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    options.signal.addEventListener('abort', this.#close);
    if (options.signal.aborted) this.#close();
    else if (options.ticket) void this.#openWithTicket(options.ticket);
    else this.#open(options.url);
  }

  async #openWithTicket(ticket: TicketSource): Promise<void> {
    const { url, signal } = this.#options;
    const result = await ticket(signal);
    if (signal.aborted) return;
    if (result.kind === 'ticket') this.#open(addToQuery(url, 'ticket', result.ticket));
    else this.#resolveClosed(result);
  }

  #open(url: string): void {
    this.#socket = connect(url, this.#options.WebSocket);
    if (!this.#socket) {
      this.#close();
      return;
    }
    try {
      this.#socket.addEventListener('close', this.#finish);
      this.#socket.addEventListener('message', ({ data }) => this.#onFrame(data));
    } catch {
      // The constructor that the caller gave makes no WebSockets.
      this.#close();
    }
  }

  /** Sends a POST once. Never throws. @param timeoutMs maximum time until the answer */
  sendPost(post: Post, signal: AbortSignal, timeoutMs: number): Promise<PostOutcome> {
    const { cseq } = post;
    const socket = this.#socket;
    if (!socket || socket.readyState !== OPEN || this.#options.signal.aborted || signal.aborted) {
      return Promise.resolve(FAILED);
    }
    try {
      socket.send(encodeEnvelope(post));
    } catch {
      return Promise.resolve(FAILED);
    }
    // The answer to an acknowledgement has no number. Its arrival alone shows that the connection is alive.
    if (cseq === undefined) {
      return Promise.resolve({ kind: 'accepted', held: false, next: undefined, written: undefined });
    }
    return new Promise((resolve) => {
      const settle = (outcome: PostOutcome) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        if (this.#waiting.get(cseq) === settle) this.#waiting.delete(cseq);
        resolve(outcome);
      };
      const giveUp = () => settle(FAILED);
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener('abort', giveUp);
      this.#waiting.set(cseq, settle);
    });
  }

  #onFrame(data: unknown): void {
    if (this.#options.signal.aborted) return;
    const frame = parseFrame(data);
    if (!frame) return;
    this.#received = true;
    this.#options.onBytes();
    try {
      if (frame.name === 'answer') this.#onAnswer(frame.data);
      else this.#options.onEvent(frame);
    } catch {
      // No bidi-sse server sends data of this shape. As with a stream, the connection is given up.
      this.#close();
    }
  }

  #onAnswer(data: unknown): void {
    const cseq = typeof data === 'object' && data !== null && 'cseq' in data ? data.cseq : undefined;
    if (typeof cseq === 'number') this.#waiting.get(cseq)?.(readAnswer(data));
  }

  readonly #close = (): void => {
    try {
      this.#socket?.close();
    } catch {
      // The constructor that the caller gave makes no WebSockets.
    }
    this.#finish();
  };

  readonly #finish = (): void => {
    this.#options.signal.removeEventListener('abort', this.#close);
    for (const settle of [...this.#waiting.values()]) settle(FAILED);
    this.#resolveClosed(this.#received ? { kind: 'ended' } : NO_WEB_SOCKET);
  };
}

function connect(url: string, WebSocket: SocketConstructor | undefined): Socket | undefined {
  try {
    return WebSocket && new WebSocket(resolveUrl(url).replace(/^http/i, 'ws'));
  } catch {
    // The policy of a page may forbid the connection.
    return undefined;
  }
}

/** Resolves an address that is relative to the page. An absolute one stays as it is: the URL of React Native is not that of browsers. */
function resolveUrl(url: string): string {
  if (/^https?:/i.test(url)) return url;
  const { location } = globalThis as { location?: { href: string } };
  return new URL(url, location?.href).href;
}

function addToQuery(url: string, name: string, value: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

function parseFrame(data: unknown): ReceivedEvent | undefined {
  try {
    const { id, event, data: value }: { id?: string; event?: string; data?: unknown } = JSON.parse(String(data));
    return value === undefined ? undefined : { id, name: event, data: value };
  } catch {
    // The frame is no JSON: no bidi-sse server sends it.
    return undefined;
  }
}
