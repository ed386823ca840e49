/** A stream, as far as an output buffer uses it. */
interface Output {
  /** Number of bytes that the stream keeps until the system accepts them. */
  readonly writableLength: number;
  /** Whether the stream encrypts. Such a stream keeps everything until a later turn of the event loop. */
  readonly encrypted?: boolean;
  write(bytes: Uint8Array): unknown;
}

/** Memory in which a message is made that the system copies at once. The next message is made in the same memory, which stays in the processor's cache. */
export class OutputBuffer {
  /** Number of bytes that fit. */
  readonly size: number;
  #bytes: Buffer<ArrayBuffer>;
  #words: Uint32Array;

  /** @param size in bytes, a multiple of 4 */
  constructor(size: number) {
    this.size = size;
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#words = new Uint32Array(this.#bytes.buffer);
  }

  /** The memory. Read it again after each `send`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same memory, in words of this machine. */
  get words(): Uint32Array {
    return this.#words;
  }

  /**
   * Writes ASCII texts one after the other, without the copy that Node makes of a text that was put together.
   * @param start place of the first byte
   * @returns the place after the last byte
   */
  writeAscii(texts: readonly string[], start: number): number {
    const bytes = this.#bytes;
    let at = start;
    for (const text of texts) if (text !== '') at += bytes.write(text, at, 'latin1');
    return at;
  }

  /** Sends a part of the memory on a stream that keeps nothing at the moment. */
  send(output: Output, start: number, end: number): void {
    const message = this.#bytes.subarray(start, end);
    if (output.encrypted) {
      output.write(Buffer.from(message));
      return;
    }
    output.write(message);
    if (output.writableLength === 0) return;
    // The system did not accept all of it at once. The stream keeps the memory until it does.
    this.#bytes = Buffer.allocUnsafeSlow(this.size);
    this.#words = new Uint32Array(this.#bytes.buffer);
  }
}
