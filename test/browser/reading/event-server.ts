import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { encodeSse } from '../../../src/wire/framing/sse.ts';

const EPOCH = 'aaaaaaaaaaaaaaaa';
const HEARTBEAT_MS = 5_000;
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * Serves the page, and a stream of events that its caller emits: for conversations that no model would have, as of 10,000 messages, or of a
 * hundred increments in each frame. Its address makes the page use an event stream.
 */
export class EventServer {
  readonly #publicDir: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #streams = new Set<ServerResponse>();
  #seq = 0;
  #cseq = 0;

  constructor(publicDir: string) {
    this.#publicDir = publicDir;
  }

  /** Starts to listen. @returns the address of the page */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo; // a TCP server that listens has one
    return `http://127.0.0.1:${port}/?transport=sse`;
  }

  /** Sends an event of the log to every page. `message` is the name of the unnamed ones. */
  emit(name: string, data: unknown): void {
    this.#seq += 1;
    for (const stream of this.#streams) this.#write(stream, name, data);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/events/')) return this.#open(response);
    if (pathname.startsWith('/send/')) return this.#accept(request, response);
    const file = pathname === '/' ? 'index.html' : normalize(pathname).replace('/static/', '');
    try {
      const content = await readFile(join(this.#publicDir, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    }
  }

  #open(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.#streams.add(response);
    const limits = { body_bytes: 1_000_000, window: 16, linger_ms: 60_000, heartbeat_ms: HEARTBEAT_MS };
    const names = { user_id: 'u', session_id: 's', agent: 'agent', model: 'model', server: 'test' };
    const session = { ...names, epoch: EPOCH, next: this.#cseq + 1, head: this.#seq, modality: 'TEXT', limits };
    this.#write(response, 'session', session);
    const beat = () => this.#write(response, 'hb', { t: Date.now(), next: this.#cseq + 1 });
    beat();
    const timer = setInterval(beat, HEARTBEAT_MS);
    response.on('close', () => {
      clearInterval(timer);
      this.#streams.delete(response);
    });
  }

  async #accept(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += piece;
    const { cseq } = JSON.parse(body || '{}');
    if (cseq !== undefined) this.#cseq = Number(cseq);
    const answer = JSON.stringify({ status: 'sent', next: this.#cseq + 1 });
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }

  #write(stream: ServerResponse, name: string, data: unknown): void {
    const event = name === 'message' ? {} : { event: name };
    stream.write(encodeSse({ id: `${EPOCH}.${this.#seq}`, ...event, data: JSON.stringify(data) }));
  }
}
