import WebSocket from 'ws';

/** What the SDK hands to its WebSocket factory. */
export interface SdkCallbacks {
  onopen: () => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onerror: (event: any) => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onmessage: (event: any) => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onclose: (event: any) => void;
}

export interface SocketObserver {
  /** One server frame, parsed. */
  onFrame(frame: Record<string, unknown>): void;
  /** A server frame that is no JSON object, or not of the shape that it should have: it is dropped. */
  onNonsense(text: string): void;
  /** Once, at the end. `status` is set where the HTTP upgrade was refused, `errno` where there was no connection. */
  onClose(code: number, reason: string, status?: number, errno?: string): void;
}

/** The largest server frame, bytes. A larger one closes the connection with 1009. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** How often the peer is asked whether it is there, ms. */
const PING_MS = 20_000;
/**
 * How often it may fail to answer: pongs of Gemini's were seen to take 30 s (the tau2-bench project, its pull request 461). A peer that has
 * never answered one is left alone.
 */
const MISSED_PINGS = 3;
/** How long a peer may take to answer a close before the socket is destroyed; `ws` alone waits 30 s. */
const CLOSE_MS = 2_000;

/**
 * The socket under the SDK's Live session. The SDK's own has no connect time-out, dies of a malformed frame or a throwing
 * callback with an unhandled rejection, and sends to a closed socket in silence (@google/genai 3.1.0). So it gets this one:
 * the SDK makes URL, credentials and setup message and is told that setup is complete; each frame is parsed once, here, and
 * goes straight to the observer.
 */
export class GeminiSocket {
  /** Until it connects. */
  #address: { readonly url: string; readonly headers: Record<string, string> } | undefined;
  /** Until setup is complete; then let go, with all that the SDK's closures hold: 4 kB a connection. */
  #callbacks: SdkCallbacks | undefined;
  readonly #observer: SocketObserver;
  readonly #setupFields: object;
  #socket: WebSocket | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  /** Since the last sign of life; `undefined`: it has never answered one. */
  #pings: number | undefined;
  /** The SDK has sent its setup message. */
  #asked = false;
  #status: number | undefined;
  #errno: string | undefined;

  /** @param setupFields fields of the setup message that the SDK does not send */
  constructor(
    url: string,
    headers: Record<string, string>,
    callbacks: SdkCallbacks,
    observer: SocketObserver,
    setupFields: object = {},
  ) {
    // The SDK joins a base URL and its path with two slashes, which reverse proxies answer with 404 or a redirect.
    this.#address = { url: url.replace(/([^:])\/\/ws\//, '$1/ws/'), headers };
    this.#callbacks = callbacks;
    this.#observer = observer;
    this.#setupFields = setupFields;
  }

  get open(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  connect(): void {
    if (!this.#address) return;
    const { url, headers } = this.#address;
    this.#address = undefined;
    const socket = new WebSocket(url, {
      headers,
      // Speech does not compress, and a deflate context costs 300 kB a connection.
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#pingTimer = setInterval(() => this.#ping(), PING_MS).unref();
      this.#callbacks?.onopen();
    });
    socket.on('pong', () => {
      this.#pings = 0;
    });
    socket.on('message', (data: Buffer) => this.#receive(data));
    socket.on('unexpected-response', (request, response) => {
      this.#status = response.statusCode;
      response.resume();
      request.destroy();
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#errno = error.code;
    });
    socket.on('close', (code, reason) => {
      clearTimeout(this.#closeTimer);
      clearInterval(this.#pingTimer);
      const text = reason.toString();
      this.#observer.onClose(code, text, this.#status, this.#errno);
      this.#callbacks?.onclose({ code, reason: text, wasClean: code !== 1006 });
    });
  }

  /** A closed socket drops it: `onClose` has said so. */
  send(text: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(this.#asked ? text : withSetupFields(text, this.#setupFields));
    this.#asked = true;
  }

  close(): void {
    const socket = this.#socket;
    if (!socket || socket.readyState >= WebSocket.CLOSING) return;
    socket.close(1000);
    this.#closeTimer = setTimeout(() => socket.terminate(), CLOSE_MS).unref();
  }

  /** Ends it at once, without a closing handshake. */
  destroy(): void {
    this.#socket?.terminate();
  }

  /** Where the network lets go of a connection without a word, nothing else would tell. */
  #ping(): void {
    if (this.#pings !== undefined) {
      if (this.#pings >= MISSED_PINGS) {
        this.#socket?.terminate();
        return;
      }
      this.#pings += 1;
    }
    this.#socket?.ping();
  }

  #receive(data: Buffer): void {
    if (this.#pings !== undefined) this.#pings = 0;
    const text = data.toString();
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = undefined;
    }
    if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
      this.#observer.onNonsense(text);
      return;
    }
    // Told anything else, or this before it has asked, the SDK may throw where nobody catches it.
    if (this.#callbacks && this.#asked && 'setupComplete' in frame && frame.setupComplete) {
      this.#callbacks.onmessage({ data: JSON.stringify({ setupComplete: frame.setupComplete }) });
      this.#callbacks = undefined;
    }
    try {
      this.#observer.onFrame(frame as Record<string, unknown>);
    } catch {
      // A field is of another type than it should be. Thrown on, it would end the process.
      this.#observer.onNonsense(text);
    }
  }
}

function withSetupFields(text: string, fields: object): string {
  const message: { setup?: object } = JSON.parse(text);
  return JSON.stringify({ ...message, setup: { ...message.setup, ...fields } });
}
