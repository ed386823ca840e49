import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MemoryBudget } from '../../session/memory-budget.ts';
import type { ExportedSession } from '../../session/stored-sessions.ts';
import { MemoryShare } from '../../wire/memory-share.ts';
import type { RequestContext } from '../gate.ts';
import { toExportedEvent, toSessionJson } from '../session-json.ts';

/** Length of an export that costs its address as much as a request, in characters. */
const CHARACTERS_PER_REQUEST = 8 * 1024;

/**
 * Answer with a whole conversation, as ADK's Session in JSON. The events are read and written page by page, each in its own turn of the event loop, and
 * the next page is read when the connection has accepted the one before: a conversation of any size costs the memory of one page.
 */
export class SessionExport {
  readonly #res: ServerResponse;
  readonly #context: Pick<RequestContext, 'corsHeaders' | 'chargeRequests'>;
  readonly #share: MemoryShare;

  /** @param memory counts the page that waits for the reader */
  constructor(
    res: ServerResponse,
    context: Pick<RequestContext, 'corsHeaders' | 'chargeRequests'>,
    memory: MemoryBudget,
  ) {
    this.#res = res;
    this.#context = context;
    this.#share = new MemoryShare(memory);
  }

  /**
   * Sends the conversation. An error after the first page cuts the answer off, so that the client notices.
   * @throws {WireError} session_not_found, store_unavailable
   */
  async send({ session, pages }: ExportedSession): Promise<void> {
    const res = this.#res;
    const { lastUpdateTime, ...head } = toSessionJson(session);
    let before = `${JSON.stringify(head).slice(0, -1)},"events":[`;
    try {
      for await (const page of pages) {
        if (!res.headersSent) this.#writeHead();
        const events = page.map((event) => JSON.stringify(toExportedEvent(event))).join(',');
        await this.#write(before + events);
        if (res.destroyed) return;
        if (events !== '') before = ',';
      }
      res.end(`],"lastUpdateTime":${lastUpdateTime}}`);
    } finally {
      this.#share.close();
    }
  }

  #writeHead(): void {
    this.#res.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...this.#context.corsHeaders,
    });
  }

  /** Resolves when the connection has accepted the text, or is closed. A connection that accepts nothing is closed after STALL_MS. */
  async #write(text: string): Promise<void> {
    const res = this.#res;
    if (res.destroyed) return;
    this.#context.chargeRequests(Math.floor(text.length / CHARACTERS_PER_REQUEST));
    this.#share.set(text.length);
    if (!res.write(text)) await waitForDrain(res);
    await nextTurn();
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
