import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import type { BodyBudget, BodySender } from './body-budget.ts';
import { BodyReceiver, type ChunkReceiver } from './body-receiver.ts';
import { ReceivedBytes } from './received-bytes.ts';

/** Maximum pause within the rest of a refused body, in ms. */
const DISCARD_IDLE_MS = 5_000;
/** Maximum duration of the rest of a refused body, in ms. */
const DISCARD_MS = 20_000;
/** Maximum number of chunks in the rest of a refused body. Each costs time, however short it is. */
const DISCARD_CHUNKS = 10_000;

/** A JSON body that middleware before the routes, such as `express.json()`, has read and parsed. */
export class ParsedJson {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

const discarded = new WeakSet<IncomingMessage>();

/**
 * Reads a whole body.
 * @returns the bytes, or the value that middleware before the routes has parsed them to
 * @throws {WireError} body_too_large, body_timeout, server_busy, incomplete_body; malformed_json or unsupported_mime_type if middleware has
 * read the body and left nothing that can be used
 */
export async function readBody(
  req: IncomingMessage,
  sender: BodySender,
  budget: BodyBudget,
): Promise<Buffer | ParsedJson> {
  const { maxBytes } = budget.limits;
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw createTooLargeError(maxBytes);
  if (isBodyConsumed(req)) return takeConsumedBody(req, maxBytes);
  return new WholeBody(req, sender, budget).read();
}

/** A body that is used when all of it has arrived. */
class WholeBody implements ChunkReceiver {
  readonly #received = new ReceivedBytes();
  readonly #receiver: BodyReceiver;
  readonly #maxBytes: number;

  constructor(req: IncomingMessage, sender: BodySender, budget: BodyBudget) {
    this.#receiver = new BodyReceiver(req, this, { budget, sender, endless: false });
    this.#maxBytes = budget.limits.maxBytes;
  }

  async read(): Promise<Buffer> {
    try {
      await this.#receiver.receive();
    } catch (error) {
      this.#received.take();
      throw error;
    }
    // The request keeps its listeners until it closes; they must not keep the bytes.
    return this.#received.take();
  }

  /** @throws {WireError} body_too_large */
  onChunk(chunk: Buffer): void {
    if (this.#received.length + chunk.length > this.#maxBytes) throw createTooLargeError(this.#maxBytes);
    this.#received.append(chunk);
    this.#receiver.hold(this.#received.memory);
  }
}

/** Tells whether middleware before the routes has started to read the body. */
export function isBodyConsumed(req: IncomingMessage): boolean {
  return req.readableDidRead;
}

/** Tells whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding !== undefined || length !== '0';
}

/**
 * Reads and drops a body that nobody needs, or the rest of a refused one: a client whose connection is reset while it still sends never sees the answer. The
 * connection of a client that pauses for 5 s, or sends for 20 s or 10,000 chunks, is closed.
 */
export function discardBody(req: IncomingMessage): void {
  if (discarded.has(req)) return;
  discarded.add(req);
  const idle = setTimeout(() => req.destroy(), DISCARD_IDLE_MS).unref();
  const total = setTimeout(() => req.destroy(), DISCARD_MS).unref();
  let chunks = 0;
  req.on('data', () => {
    idle.refresh();
    chunks += 1;
    if (chunks > DISCARD_CHUNKS) req.destroy();
  });
  const stop = () => {
    clearTimeout(idle);
    clearTimeout(total);
  };
  req.on('end', stop);
  req.on('close', stop);
  // The route may have paused the body for a slow model.
  req.resume();
}

/** @throws {WireError} body_too_large, malformed_json, unsupported_mime_type */
function takeConsumedBody(req: IncomingMessage & { readonly body?: unknown }, maxBytes: number): Buffer | ParsedJson {
  const { body, headers } = req;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (Buffer.isBuffer(bytes)) {
    if (bytes.length > maxBytes) throw createTooLargeError(maxBytes);
    return bytes;
  }
  const contentType = headers['content-type'] ?? '';
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    throw new WireError(
      'malformed_json',
      'The body was parsed as a form before it reached this route',
      'send Content-Type: application/json, or mount the router before express.urlencoded()',
    );
  }
  if (typeof body === 'object' && body !== null && req.readableEnded) return new ParsedJson(body);
  throw new WireError(
    'unsupported_mime_type',
    `A body of ${contentType.slice(0, 100) || 'no type'} was read by other middleware before it reached this route`,
    'mount the router before middleware that reads bodies',
  );
}

function createTooLargeError(maxBytes: number): WireError {
  return new WireError('body_too_large', `The body is larger than ${maxBytes} bytes`);
}
