import type { Outcome, ReceivedEvent } from './exchange.ts';
import { encodeEnvelope, type Post } from './numbered-post.ts';
import { type PostOutcome, readAnswer } from './post.ts';

/** The part of a browser's WebSocket that is used; Node's is the same. */
export interface Socket {
  readonly readyState: number;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  send(text: string): void;
  close(): void;
}

/** Sends a POST once. Never throws. @param patienceMs how long it may take until it is answered */
export type SendOnce = (post: Post, signal: AbortSignal, patienceMs: number) => Promise<PostOutcome>;

export type SocketConstructor = new (url: string) => Socket;

export interface SocketOptions {
  /** Of http or https, or relative to the page. */
  readonly url: string;
  readonly WebSocket: SocketConstructor | undefined;
  readonly signal: AbortSignal;
  onBytes(): void;
  onEvent(event: ReceivedEvent): void;
}

const OPEN = 1;

/** Both ways over one WebSocket: events down, numbered envelopes up, each answered by a frame. Never throws. */
export function openSocket({ url, WebSocket, signal, onBytes, onEvent }: SocketOptions): {
  over: Promise<Outcome>;
  post: SendOnce;
} {
  /** Who waits for the answer to a number. */
  const waiting = new Map<number, (outcome: PostOutcome) => void>();
  const socket = connect(url, WebSocket);
  let heard = false;

  const over = new Promise<Outcome>((resolve) => {
    const close = () => {
      socket?.close();
      finish();
    };
    const finish = () => {
      signal.removeEventListener('abort', close);
      for (const settle of [...waiting.values()]) settle({ kind: 'failed', retryAfterMs: 0 });
      resolve({ kind: heard ? 'ended' : 'failed' });
    };
    signal.addEventListener('abort', close);
    if (!socket || signal.aborted) return close();
    socket.addEventListener('close', finish);
    socket.addEventListener('message', ({ data }) => {
      if (signal.aborted) return;
      const frame = parseFrame(data);
      if (!frame) return;
      heard = true;
      onBytes();
      try {
        if (frame.name === 'answer') answer(frame.data);
        else onEvent(frame);
      } catch {
        // Not of a shape that our server sends: as on a stream, a connection that is no good.
        close();
      }
    });
  });
  const answer = (data: unknown) => {
    const cseq = typeof data === 'object' && data !== null && 'cseq' in data ? data.cseq : undefined;
    if (typeof cseq === 'number') waiting.get(cseq)?.(readAnswer(data, 0));
  };
  const post: SendOnce = (sent, given, patienceMs) =>
    new Promise<PostOutcome>((resolve) => {
      const { cseq } = sent;
      if (!socket || socket.readyState !== OPEN || signal.aborted || given.aborted) {
        return resolve({ kind: 'failed', retryAfterMs: 0 });
      }
      const frame = encodeEnvelope(sent);
      socket.send(frame);
      // Nobody waits for the answer to an acknowledgement, but that it comes shows that the line is alive.
      if (cseq === undefined) return resolve({ kind: 'taken', held: false, next: undefined, written: undefined });
      const settle = (outcome: PostOutcome) => {
        clearTimeout(timer);
        given.removeEventListener('abort', giveUp);
        if (waiting.get(cseq) === settle) waiting.delete(cseq);
        resolve(outcome);
      };
      const giveUp = () => settle({ kind: 'failed', retryAfterMs: 0 });
      const timer = setTimeout(giveUp, patienceMs);
      given.addEventListener('abort', giveUp);
      waiting.set(cseq, settle);
    });
  return { over, post };
}

function connect(url: string, WebSocket: SocketConstructor | undefined): Socket | undefined {
  try {
    const { location } = globalThis as { location?: { href: string } };
    const absolute = new URL(url, location?.href);
    absolute.protocol = absolute.protocol === 'https:' ? 'wss:' : 'ws:';
    return WebSocket && new WebSocket(absolute.href);
  } catch {
    // A page's policy may forbid it.
    return undefined;
  }
}

function parseFrame(data: unknown): ReceivedEvent | undefined {
  try {
    const { id, event, data: value }: { id?: string; event?: string; data?: unknown } = JSON.parse(String(data));
    return value === undefined ? undefined : { id, name: event, data: value };
  } catch {
    // No JSON: nothing that our server sends.
    return undefined;
  }
}
