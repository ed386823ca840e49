import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServerBusyError, type MemoryBudget } from '../../session/memory-budget.ts';
import { MemoryShare } from '../../wire/memory-share.ts';
import type { RequestContext } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';

/** What an answer uses of its request. */
export type ExportRequest = Pick<RequestContext, 'corsHeaders' | 'chargeRequests'>;

/** Number of times that a part of text is in memory: as events, as text, and as bytes that wait to be sent. */
const TEXT_COPIES = 3;

/**
 * Answer of any size, written in parts, each in its own turn of the event loop: the next part is read when the connection has accepted the one before.
 * Close it in any case.
 */
export class ExportAnswer {
  readonly #res: ServerResponse;
  readonly #request: ExportRequest;
  readonly #memory: MemoryBudget;
  readonly #share: MemoryShare;
  readonly #bytesPerRequest: number;

  /**
   * @param memory counts the part that waits for the reader
   * @param bytesPerRequest length of an export that costs its address as much as a request, in bytes or characters
   */
  constructor(res: ServerResponse, request: ExportRequest, memory: MemoryBudget, bytesPerRequest: number) {
    this.#res = res;
    this.#request = request;
    this.#memory = memory;
    this.#share = new MemoryShare(memory);
    this.#bytesPerRequest = bytesPerRequest;
  }

  /** Whether the connection is closed, so that nothing more has to be read. */
  get isGone(): boolean {
    return this.#res.destroyed;
  }

  /**
   * Passes on parts as long as the connection is open.
   * @throws {WireError} server_busy: there is no memory for the first part
   * @param requestsPerPart what reading each part after the first costs the address, in requests. Default: 0
   */
  async *whileOpen<Part>(parts: AsyncIterable<Part>, requestsPerPart = 0): AsyncGenerator<Part, void, undefined> {
    let isFirst = true;
    for await (const part of parts) {
      if (this.isGone) return;
      // Many requests may have come before the first of them held anything.
      if (isFirst && this.#share.bytes === 0 && !this.#memory.admitsWork) throw createServerBusyError();
      if (!isFirst) this.#request.chargeRequests(requestsPerPart);
      isFirst = false;
      yield part;
    }
  }

  writeHead(contentType: string, headers: Headers = {}): void {
    this.#res.writeHead(200, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
      ...this.#request.corsHeaders,
    });
  }

  /**
   * Writes a part. Resolves when the connection has accepted it, or is closed. A connection that accepts nothing is closed after STALL_MS.
   * @param heldBytes memory that the source of the parts needs meanwhile, in bytes
   */
  async write(part: string | Uint8Array, heldBytes = 0): Promise<void> {
    const res = this.#res;
    if (res.destroyed || part.length === 0) return;
    this.#request.chargeRequests(Math.floor(part.length / this.#bytesPerRequest));
    this.#share.set((typeof part === 'string' ? TEXT_COPIES : 1) * part.length + heldBytes);
    if (!res.write(part)) await waitForDrain(res);
    await nextTurn();
  }

  end(text?: string): void {
    if (!this.isGone) this.#res.end(text);
  }

  close(): void {
    this.#share.close();
  }
}

/** Resolves when a response has room, or is closed. */
async function waitForDrain(res: ServerResponse): Promise<void> {
  if (res.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  res.once('drain', resolve);
  res.once('close', resolve);
  await promise;
  res.off('drain', resolve);
  res.off('close', resolve);
}
