import { randomUUID } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { WebSocket as NodeWebSocket } from 'ws';

/**
 * Network classes of React Native, as far as its `fetch` and the SDK use them. The native part of an app hands a body over as a whole: no
 * class has a way to read the part that has arrived.
 */

/** Addresses that an app has requested. */
export interface Requested {
  readonly urls: string[];
}

type Listener = (event: { readonly data: unknown }) => void;

/** Content of a native blob. JavaScript sees only its size and type. */
const contents = new WeakMap<object, Buffer>();

export class Blob {
  readonly size: number;
  readonly type: string;

  /** React Native refuses parts that are an ArrayBuffer. @see its Libraries/Blob/BlobManager.js */
  constructor(parts: readonly unknown[] = [], { type = '' } = {}) {
    if (parts.some((part) => ArrayBuffer.isView(part) || isArrayBuffer(part))) {
      throw new Error("Creating blobs from 'ArrayBuffer' and 'ArrayBufferView' are not supported");
    }
    const content = Buffer.from(parts.join(''));
    contents.set(this, content);
    this.size = content.length;
    this.type = type;
  }
}

export class FileReader {
  result: string | null = null;
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;

  readAsText(blob: object): void {
    setImmediate(() => {
      this.result = contents.get(blob)?.toString() ?? '';
      this.onload?.();
    });
  }

  /** @see https://github.com/facebook/react-native/issues/30769 */
  readAsArrayBuffer(): never {
    throw new Error('FileReader.readAsArrayBuffer is not implemented');
  }
}

/** Creates the class XMLHttpRequest of one app. */
export function createXmlHttpRequest({ urls }: Requested) {
  return class XMLHttpRequest {
    responseType = '';
    withCredentials = true;
    timeout = 0;
    status = 0;
    statusText = '';
    response: unknown = '';
    responseURL = '';
    readyState = 0;
    onload: (() => void) | null = null;
    onerror: (() => void) | null = null;
    ontimeout: (() => void) | null = null;
    onabort: (() => void) | null = null;
    onreadystatechange: (() => void) | null = null;
    readonly #headers: Record<string, string> = {};
    #method = 'GET';
    #url = '';
    #received: IncomingMessage | undefined;
    #sending: ClientRequest | undefined;

    open(method: string, url: string): void {
      this.#method = method;
      this.#url = url;
      urls.push(url);
    }

    setRequestHeader(name: string, value: string): void {
      this.#headers[name.toLowerCase()] = value;
    }

    getAllResponseHeaders(): string {
      return Object.entries(this.#received?.headers ?? {})
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
    }

    send(body: unknown): void {
      const options = { method: this.#method, headers: { ...this.#headers, 'user-agent': 'okhttp/4.12.0' } };
      const sending = request(this.#url, options, (received) => void this.#receive(received));
      this.#sending = sending;
      sending.on('error', () => this.onerror?.());
      sending.end(toBytes(body));
    }

    abort(): void {
      this.#sending?.removeAllListeners('error').on('error', () => {});
      this.#sending?.destroy();
      this.onabort?.();
    }

    async #receive(received: IncomingMessage): Promise<void> {
      this.#received = received;
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of received) chunks.push(chunk);
      } catch {
        // `abort` or an error of the request has been reported.
        return;
      }
      const content = Buffer.concat(chunks);
      this.status = received.statusCode ?? 0;
      this.responseURL = this.#url;
      this.response = this.responseType === 'blob' ? createBlob(content) : content.toString();
      this.readyState = 4;
      this.onload?.();
    }
  };
}

/**
 * WebSocket of an app. Its native part sends the address of the server as `Origin`.
 * @see React Native's WebSocketModule.kt, getDefaultOrigin
 */
export class WebSocket {
  readyState = 0;
  readonly #socket: NodeWebSocket;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string) {
    const { origin } = new URL(url.replace(/^ws/, 'http'));
    this.#socket = new NodeWebSocket(url, { origin });
    this.#socket.on('open', () => this.#dispatch('open', 1));
    this.#socket.on('message', (data) => this.#dispatch('message', this.readyState, String(data)));
    this.#socket.on('error', () => this.#dispatch('error', 3));
    this.#socket.on('close', () => this.#dispatch('close', 3));
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    if (this.readyState === 0) throw new Error('INVALID_STATE_ERR');
    this.#socket.send(text);
  }

  close(): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.#socket.terminate();
  }

  #dispatch(type: string, readyState: number, data?: string): void {
    this.readyState = readyState;
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }
}

/** WebSocket of an app in a network that lets none through. */
export class BlockedWebSocket extends WebSocket {
  static attempts = 0;

  constructor(url: string) {
    super(url.replace('/ws/', `/blocked-${randomUUID()}/`));
    BlockedWebSocket.attempts += 1;
  }
}

function createBlob(content: Buffer): Blob {
  const blob = new Blob();
  contents.set(blob, content);
  return blob;
}

/** The app has an ArrayBuffer of its own realm. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

function toBytes(body: unknown): Buffer {
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  return isArrayBuffer(body) ? Buffer.from(body) : Buffer.from(String(body ?? ''));
}
