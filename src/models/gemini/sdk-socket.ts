import { createProviderAgent, type ProxyVariables } from '../provider-agent.ts';
import { ProviderSocket, type SocketClose, type SocketObserver, type UnparsableFrame } from '../provider-socket.ts';
import type { GeminiServerMessage } from './server-message.ts';

/** Callbacks that the SDK passes to its WebSocket factory. */
export interface SdkCallbacks {
  onopen: () => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onerror: (event: any) => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onmessage: (event: any) => void;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its events as `any`
  onclose: (event: any) => void;
}

/** Receives everything that comes from the provider. */
export interface SdkSocketReceiver {
  /** Handles one server frame. @throws {TypeError} if a field has the wrong type */
  receiveFrame(frame: GeminiServerMessage): void;
  /** Called exactly once, at the end. */
  endEvents(close: SocketClose): void;
}

export interface SdkSocketOptions {
  readonly connection: SdkSocketReceiver;
  /** Fields of the setup message that the SDK does not send. */
  readonly setupFields: object;
  /** HTTP proxy on the way to the provider; empty without one. */
  readonly proxy: ProxyVariables;
  readonly onUnparsableFrame: (frame: UnparsableFrame) => void;
}

/**
 * Socket that the SDK's Live session uses in place of its own. The SDK's own socket has no connect limit, ends the process with an unhandled
 * rejection on a malformed frame or a throwing callback, and discards what is sent to a closed socket silently (@google/genai 3.3.0). With this
 * one, the SDK makes URL, credentials and setup message, and is told that setup is complete. All frames go directly to the connection.
 */
export class SdkSocket implements SocketObserver {
  readonly #options: SdkSocketOptions;
  /** Released by `connect`. */
  #address: { readonly url: string; readonly headers: Record<string, string> } | undefined;
  /** Released when setup is complete, with everything that the SDK's closures hold: 4 kB a connection. */
  #callbacks: SdkCallbacks | undefined;
  #socket: ProviderSocket | undefined;
  #setupSent = false;
  #closed: SocketClose | undefined;

  constructor(url: string, headers: Record<string, string>, callbacks: SdkCallbacks, options: SdkSocketOptions) {
    // The SDK joins a base URL and its path with two slashes, to which reverse proxies answer with 404 or a redirect.
    this.#address = { url: url.replace(/([^:])\/\/ws\//, '$1/ws/'), headers };
    this.#callbacks = callbacks;
    this.#options = options;
  }

  get open(): boolean {
    return this.#socket?.open ?? false;
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** How the socket ended. `undefined`: it has not. */
  get closed(): SocketClose | undefined {
    return this.#closed;
  }

  connect(): void {
    if (!this.#address) return;
    const { url, headers } = this.#address;
    this.#address = undefined;
    this.#socket = new ProviderSocket(url, headers, this, createProviderAgent(url, this.#options.proxy));
  }

  /** Sends a text frame. Without an open socket the frame is discarded: the connection's `closed` event says why. */
  send(text: string): void {
    if (!this.#socket?.open) return;
    this.#socket.send(this.#setupSent ? text : addSetupFields(text, this.#options.setupFields));
    this.#setupSent = true;
  }

  /** Does the same with a frame that is given in pieces, all of them ASCII. The setup was sent before. */
  sendAscii(pieces: readonly string[]): void {
    this.#socket?.sendAscii(pieces);
  }

  close(): void {
    this.#socket?.close();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  onOpen(): void {
    this.#callbacks?.onopen();
  }

  onFrame(frame: Record<string, unknown>): void {
    // On any other message, and on this one before the setup was sent, the SDK may throw where nobody catches it.
    if (this.#callbacks && this.#setupSent && frame.setupComplete) {
      this.#callbacks.onmessage({ data: JSON.stringify({ setupComplete: frame.setupComplete }) });
      this.#callbacks = undefined;
    }
    this.#options.connection.receiveFrame(frame as GeminiServerMessage);
  }

  onUnparsableFrame(frame: UnparsableFrame): void {
    try {
      this.#options.onUnparsableFrame(frame);
    } catch {
      // An error of the caller's function would be one of the socket, where nobody catches it. The frame is discarded in any case.
    }
  }

  onClose(close: SocketClose): void {
    this.#closed = close;
    this.#options.connection.endEvents(close);
    // The SDK needs no reason, which may contain secrets.
    this.#callbacks?.onclose({ code: close.code, reason: '', wasClean: close.code !== 1006 });
  }
}

function addSetupFields(text: string, fields: object): string {
  const message: { setup?: object } = JSON.parse(text);
  return JSON.stringify({ ...message, setup: { ...message.setup, ...fields } });
}
