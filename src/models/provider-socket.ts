import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { Socket } from 'node:net';
import WebSocket from 'ws';
import { RepeatedJson } from '../json/repeated-json.ts';
import { isRecord } from '../wire/record.ts';
import { WireError } from '../wire/wire-error.ts';
import { writeMaskedAscii, writeMaskedFrame } from './masked-frame.ts';

/** How a socket ended. */
export interface SocketClose {
  /** WebSocket close code; 1006 if there was no closing handshake. */
  readonly code: number;
  /** Text of the provider, which may contain secrets. */
  readonly reason: string;
  /** HTTP status of a refused upgrade. */
  readonly status?: number | undefined;
  /** System error of a connection that failed: `ECONNREFUSED`. */
  readonly errno?: string | undefined;
  /** HTTP status of a proxy that opened no tunnel. */
  readonly proxyStatus?: number | undefined;
  /** Why this side ended the connection, in words that anybody may read: a limit of the frames of the provider was exceeded. */
  readonly fault?: string | undefined;
}

/** A frame that is discarded. Its text is not passed on, because a provider quotes requests in its errors, some with the key. */
export interface UnparsableFrame {
  /** `not_json`: the frame is not a JSON object; `unexpected_field`: `onFrame` threw, because a field has another type than the protocol says. */
  readonly problem: 'not_json' | 'unexpected_field';
  /** Size of the frame. */
  readonly bytes: number;
}

export interface SocketObserver {
  /** Called when the upgrade has succeeded. */
  onOpen(): void;
  /** Called with each server frame, parsed. */
  onFrame(frame: Record<string, unknown>): void;
  /** Called for the first frame that is discarded. `MAX_UNPARSABLE_FRAMES` of them end the connection. */
  onUnparsableFrame(frame: UnparsableFrame): void;
  /** Called exactly once, at the end. */
  onClose(close: SocketClose): void;
}

/**
 * Maximum size of a server frame, in bytes: a minute of speech, which providers send in pieces of a second at most. A larger frame ends the
 * connection with the fault "a frame is larger than 4 MiB", because parsing it would hold up all other conversations.
 */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Maximum number of frames of one connection that are discarded. One more ends the connection with the fault "too many invalid frames". */
const MAX_UNPARSABLE_FRAMES = 100;
/**
 * Number of frames after which reading pauses until the next turn of the event loop, so that other conversations get their turn while a provider
 * sends as fast as it can. Node reads up to 2 MiB of one socket in a turn.
 */
const FRAMES_PER_PAUSE = 256;
/** Interval between pings, in ms. */
const PING_MS = 20_000;
/**
 * Number of consecutive pings that may stay unanswered. Gemini was measured to answer after up to 30 s (tau2-bench, pull request 461). A peer
 * that has never answered a ping is never given up.
 */
const MISSED_PINGS = 3;
/** Maximum wait for the answer to a close frame before the socket is destroyed, in ms. `ws` alone waits 30 s. */
const CLOSE_MS = 2_000;

/** Options of a text frame whose text is bytes already: `ws` masks such bytes into the frame itself, and writes it in one call. */
const TEXT = { binary: false };

/**
 * A WebSocket to a provider. Parses each frame once, detects a dead peer by pings, and closes within a limit. No error is thrown: the one
 * `onClose` says how the socket ended.
 */
export class ProviderSocket {
  readonly #observer: SocketObserver;
  readonly #socket: WebSocket;
  /** Socket that carries the WebSocket. `undefined` before the upgrade. */
  #connection: Socket | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  /** Number of pings since the last sign of life. `undefined`: the peer has never answered a ping. */
  #unansweredPings: number | undefined;
  #status: number | undefined;
  #errno: string | undefined;
  #proxyStatus: number | undefined;
  #fault: string | undefined;
  #unparsableFrames = 0;
  #framesUntilPause = FRAMES_PER_PAUSE;
  readonly #json = new RepeatedJson((data) => JSON.parse(data.toString()));
  readonly #resume = () => this.#socket.resume();

  /**
   * Starts to connect. Callbacks come in later turns of the event loop.
   * @param agent opens the TCP or TLS connection. Default: a direct one
   */
  constructor(url: string, headers: Record<string, string>, observer: SocketObserver, agent?: Agent) {
    this.#observer = observer;
    this.#socket = new WebSocket(url, {
      headers,
      ...(agent ? { agent } : {}),
      // Speech does not compress, and a deflate context costs 300 kB a connection.
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
    });
    this.#listen();
  }

  /** Whether frames are accepted. */
  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Number of bytes that wait because the peer does not read them. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a text frame. Without an open socket the frame is discarded. */
  send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#connection && writeMaskedFrame(this.#connection, text)) return;
    this.#socket.send(Buffer.from(text), TEXT);
  }

  /** Sends a text frame that is given in pieces, all of them ASCII. */
  sendAscii(pieces: readonly string[]): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#connection && writeMaskedAscii(this.#connection, pieces)) return;
    this.#socket.send(Buffer.from(pieces.join(''), 'latin1'), TEXT);
  }

  /** Closes with 1000. The socket is destroyed if the peer does not answer within 2 s. */
  close(): void {
    if (this.#socket.readyState >= WebSocket.CLOSING) return;
    this.#socket.close(1000);
    this.#closeTimer = setTimeout(() => this.destroy(), CLOSE_MS).unref();
  }

  /** Ends the connection at once, without a closing handshake. */
  destroy(): void {
    this.#socket.terminate();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('upgrade', ({ socket: connection }: IncomingMessage) => {
      if (connection instanceof Socket) this.#connection = connection;
    });
    socket.on('open', () => {
      this.#pingTimer = setInterval(() => this.#ping(), PING_MS).unref();
      this.#observer.onOpen();
    });
    socket.on('pong', () => {
      this.#unansweredPings = 0;
    });
    socket.on('message', (data: Buffer) => this.#receive(data));
    socket.on('unexpected-response', (request, response) => {
      this.#status = response.statusCode;
      response.resume();
      request.destroy();
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException & { readonly statusCode?: number }) => {
      this.#errno = error.code;
      this.#proxyStatus = error.code === 'ERR_PROXY_TUNNEL' ? error.statusCode : undefined;
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#fault = 'a frame is larger than 4 MiB';
    });
    socket.on('close', (code, reason) => {
      clearTimeout(this.#closeTimer);
      clearInterval(this.#pingTimer);
      this.#observer.onClose({
        code,
        reason: reason.toString(),
        status: this.#status,
        errno: this.#errno,
        proxyStatus: this.#proxyStatus,
        fault: this.#fault,
      });
    });
  }

  /** Detects a network that drops the connection silently: no other event reports it. */
  #ping(): void {
    if (this.#unansweredPings !== undefined) {
      if (this.#unansweredPings >= MISSED_PINGS) {
        this.destroy();
        return;
      }
      this.#unansweredPings += 1;
    }
    this.#socket.ping();
  }

  #receive(data: Buffer): void {
    if (this.#unansweredPings !== undefined) this.#unansweredPings = 0;
    this.#framesUntilPause -= 1;
    if (this.#framesUntilPause === 0) this.#yield();
    const frame = this.#parse(data);
    if (!frame) {
      this.#discard('not_json', data.length);
      return;
    }
    try {
      this.#observer.onFrame(frame);
    } catch {
      // A field has another type than the protocol says. An error thrown from here would end the process.
      this.#discard('unexpected_field', data.length);
    }
  }

  /** @returns `undefined` for a frame that is not a JSON object */
  #parse(data: Buffer): Record<string, unknown> | undefined {
    try {
      const value = this.#json.parse(data);
      return isRecord(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #yield(): void {
    this.#framesUntilPause = FRAMES_PER_PAUSE;
    this.#socket.pause();
    setImmediate(this.#resume);
  }

  #discard(problem: UnparsableFrame['problem'], bytes: number): void {
    this.#unparsableFrames += 1;
    // A provider that sends nonsense as fast as it can must not fill the log.
    if (this.#unparsableFrames === 1) this.#observer.onUnparsableFrame({ problem, bytes });
    if (this.#unparsableFrames <= MAX_UNPARSABLE_FRAMES) return;
    this.#fault = 'too many invalid frames';
    this.destroy();
  }
}

/**
 * Runs one attempt to connect within a time limit.
 * @param open is given a signal that aborts when the attempt is given up. What it has opened it must close then.
 * @param timeoutMs maximum duration of the attempt, in ms
 * @throws {WireError} model_unreachable, if `open` takes longer
 * @throws the reason of `signal`, if `signal` is aborted first; otherwise what `open` throws
 */
export async function connectWithin<T>(
  open: (givenUp: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const givenUp = new Promise<never>((_, reject) => {
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason), { once: true });
  });
  const onAbort = () => attempt.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  const timer = setTimeout(() => {
    attempt.abort(new WireError('model_unreachable', `The model provider did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([open(attempt.signal), givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
