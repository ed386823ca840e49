import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/error-catalogue.ts';

export interface BodyLimits {
  /** Bytes. A larger body is refused with body_too_large. */
  readonly maxBytes: number;
  /** How long a body may pause, ms. */
  readonly idleMs: number;
}

/** A body that is not endless has this many times `idleMs` to arrive: a drip of single bytes is not taken for progress. */
const TOTAL_FACTOR = 4;
/** How long what is left of a refused body may pause, ms. */
const DISCARD_IDLE_MS = 5_000;
/** How often bodies under way are looked at, ms: one timer for all of them, since most are here before a timer could be set. */
const SWEEP_MS = 1_000;

/** Whole bodies that are under way, all together, bytes; over it the one that has paused longest is given up. At least some of the largest. */
const MAX_UNDER_WAY = 32 * 1024 * 1024;
const LEAST_BODIES = 4;

/** Something that arrives, piece by piece. */
export interface UnderWay {
  /** What of it is held. */
  bytes: number;
  /** We let it wait ourselves. */
  readonly isPaused: () => boolean;
  readonly limits: BodyLimits;
  readonly began: number;
  readonly endless: boolean;
  last: number;
  readonly fail: (error: WireError) => void;
}

const underWay = new Set<UnderWay>();
let bytesUnderWay = 0;
const discarded = new WeakSet<IncomingMessage>();
setInterval(() => {
  const now = Date.now();
  for (const body of underWay) {
    // It is we who let it wait.
    if (body.isPaused()) body.last = now;
    const idle = now - body.last > body.limits.idleMs;
    if (idle || (!body.endless && now - body.began > body.limits.idleMs * TOTAL_FACTOR)) {
      body.fail(new WireError('body_timeout'));
    }
  }
}, SWEEP_MS).unref();

/**
 * Reads a whole body.
 * @throws {WireError} body_too_large, body_timeout, incomplete_body
 */
export function readBody(req: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > limits.maxBytes) return Promise.reject(tooLarge(limits));
  let chunks: Buffer[] = [];
  const received = receive(req, limits, false, (chunk, body) => {
    if (body.bytes + chunk.length > limits.maxBytes) throw tooLarge(limits);
    chunks.push(chunk);
    holdMore(body, chunk.length);
  });
  return received.then(
    () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)), // there is exactly one
    (error) => {
      // The request lives on until the rest of it is read, and its listeners with it.
      chunks = [];
      throw error;
    },
  );
}

/** Counts what arrives of it from now on, and cuts it off when it takes too long: a body, or a frame. */
export function enter(body: UnderWay): void {
  underWay.add(body);
}

/** It is here, or given up. */
export function leave(body: UnderWay): void {
  if (underWay.delete(body)) bytesUnderWay -= body.bytes;
}

/** A client that leaves its bodies unfinished must not cost as much memory as it likes. */
export function holdMore(body: UnderWay, bytes: number): void {
  body.bytes += bytes;
  bytesUnderWay += bytes;
  const most = Math.max(MAX_UNDER_WAY, LEAST_BODIES * body.limits.maxBytes);
  while (bytesUnderWay > most) {
    let idlest: UnderWay | undefined;
    for (const body of underWay) if (body.bytes > 0 && !(idlest && idlest.last <= body.last)) idlest = body;
    if (!idlest) return;
    // At once, whenever its connection is closed: this goes on until there is room.
    leave(idlest);
    idlest.fail(new WireError('body_timeout', 'The body came too slowly while the server was short of room'));
  }
}

/**
 * Hands on each piece of a body as it comes; for a body without an end. A pause longer than `idleMs` ends it.
 * @param take may throw a WireError to refuse the rest, or return a promise to have the sender wait
 * @throws {WireError} body_timeout, incomplete_body, or what `take` throws
 */
export function streamBody(
  req: IncomingMessage,
  limits: BodyLimits,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  return receive(req, limits, true, (chunk) => {
    const room = take(chunk);
    if (!room) return;
    req.pause();
    void room.then(() => req.resume());
  });
}

/**
 * Reads what is left of a refused body, for nobody: a client that is reset while it still sends never sees the answer. One that does
 * not stop is cut off.
 */
export function discardBody(req: IncomingMessage): void {
  if (discarded.has(req)) return;
  discarded.add(req);
  receive(req, { maxBytes: Number.POSITIVE_INFINITY, idleMs: DISCARD_IDLE_MS }, false, () => {}).catch(() =>
    req.destroy(),
  );
  // It may have been paused for a model that is slow.
  req.resume();
}

function receive(
  req: IncomingMessage,
  limits: BodyLimits,
  endless: boolean,
  take: (chunk: Buffer, body: UnderWay) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = Date.now();
    const isPaused = () => req.isPaused();
    const body: UnderWay = { bytes: 0, isPaused, limits, began, endless, last: began, fail };
    let settled = false;
    enter(body);
    req.on('data', onData);
    req.on('end', onEnd);
    // A body that is cut off half-way ends in `close` without `end`; for an `error` that nobody listens to Node emits `close` alone.
    req.on('close', onClose);

    function onData(chunk: Buffer): void {
      if (settled) return;
      body.last = Date.now();
      try {
        take(chunk, body);
      } catch (error) {
        fail(error as WireError);
      }
    }
    function onEnd(): void {
      stop();
      resolve();
    }
    function onClose(): void {
      // Every request comes here; an error would cost it its stack trace.
      if (!settled) fail(new WireError('incomplete_body'));
    }
    function fail(error: WireError): void {
      stop();
      reject(error);
    }
    // The listeners go with the request: taking them off cost more than reading the body.
    function stop(): void {
      settled = true;
      leave(body);
    }
  });
}

function tooLarge({ maxBytes }: BodyLimits): WireError {
  return new WireError('body_too_large', `The body is larger than ${maxBytes} bytes`);
}
