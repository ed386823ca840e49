import type { Socket } from 'node:net';

/** An HTTP answer, as far as attacks look at it. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Code of the error, if the body has one. */
  readonly code: string | undefined;
}

/** Maximum number of characters that a connection keeps for the parser of answers. What a stream sends beyond is dropped. */
const MAX_KEPT = 1_000_000;

/** A TCP connection that an attacker writes arbitrary bytes to. Everything that arrives is read, until `pause`. */
export class RawConnection {
  readonly socket: Socket;
  /** Number of bytes that arrived. */
  received = 0;
  #text = '';
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    // Each write that waits for the kernel listens for the end of the connection.
    socket.setMaxListeners(0);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.#text.length < MAX_KEPT) this.#text += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('close', () => this.#wake?.());
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  /** What arrived and was not read as an answer. */
  get text(): string {
    return this.#text;
  }

  /** Stops reading: the server's data waits in the kernel, and then at the server. */
  pause(): this {
    this.socket.pause();
    return this;
  }

  write(data: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(data);
  }

  /** Writes, and resolves when the kernel has taken everything, or the connection is closed. */
  async flush(data: string | Buffer): Promise<void> {
    if (this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const onClose = () => resolve();
      this.socket.once('close', onClose);
      this.socket.write(data, () => {
        this.socket.removeListener('close', onClose);
        resolve();
      });
    });
  }

  /** Ends the connection with a reset instead of the usual close. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Resolves when `pattern` has arrived. @returns `false` if the connection closes or the time is over before */
  async waitFor(pattern: string, ms: number): Promise<boolean> {
    await this.#until(ms, () => this.#text.includes(pattern));
    return this.#text.includes(pattern);
  }

  /** Resolves when the server closes the connection. @returns `false` if it does not within `ms` */
  async waitForClose(ms: number): Promise<boolean> {
    await this.#until(ms, () => false);
    return this.closed;
  }

  /** Reads the next answer. @returns `undefined` if the connection closes or the time is over before it is complete */
  async nextAnswer(ms: number): Promise<Answer | undefined> {
    await this.#until(ms, () => this.#findEnd() !== undefined);
    const end = this.#findEnd();
    if (end === undefined) return undefined;
    const [head = '', body = ''] = splitOnce(this.#text.slice(0, end), '\r\n\r\n');
    this.#text = this.#text.slice(end);
    const code = /"code":"(\w+)"/.exec(body)?.[1];
    return { status: Number(head.split(' ')[1]), head, body, code };
  }

  /** Position after the first complete answer. The answer to a request with `Connection: close` may end with the connection. */
  #findEnd(): number | undefined {
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const head = this.#text.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const start = headEnd + 4;
    if (length !== undefined) return this.#text.length >= start + Number(length) ? start + Number(length) : undefined;
    if (/^HTTP\/1\.1 (?:1\d\d|204|304)/.test(head)) return start;
    if (/\r\ntransfer-encoding: chunked/i.test(head)) {
      const end = this.#text.indexOf('\r\n0\r\n\r\n', headEnd);
      return end === -1 ? undefined : end + 7;
    }
    return this.closed ? this.#text.length : undefined;
  }

  async #until(ms: number, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + ms;
    while (!condition() && !this.closed) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
