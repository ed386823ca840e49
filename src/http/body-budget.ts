import { createServerBusyError, type MemoryBudget } from '../session/memory-budget.ts';
import { WireError } from '../wire/wire-error.ts';
import { ReadTurns } from './read-turns.ts';

export interface BodyLimits {
  /** Maximum size of a body, in bytes. A larger body is refused with body_too_large. */
  readonly maxBytes: number;
  /** Maximum pause within a body, in ms. */
  readonly idleMs: number;
}

/** Who sends a body. */
export interface BodySender {
  readonly clientAddress: string;
  readonly userId: string;
}

/** A body or a WebSocket frame of which a part has not arrived yet. */
export interface PendingBody {
  readonly sender: BodySender;
  /** Memory that it takes in the server, in bytes. Only `BodyBudget` changes it. */
  bytes: number;
  /** Whether the server itself has paused the sender. */
  readonly isPaused: boolean;
  /** A body without an end: only its pauses are limited, not its duration. */
  readonly endless: boolean;
  /** In ms since 1970. */
  readonly startedAt: number;
  /** Time of the last chunk, in ms since 1970. */
  lastChunkAt: number;
  /** Refuses the rest of the body. */
  fail(error: WireError): void;
}

/** Maximum duration of a body that has an end, as a multiple of `idleMs`: a sender of single bytes makes no progress. */
const TOTAL_FACTOR = 4;
/** Time between two checks of all pending bodies, in ms. Most bodies arrive before a timer of their own could be set. */
const SWEEP_MS = 1_000;
/** Maximum memory of all pending bodies together, in bytes, unless `MIN_BODIES` of the largest allowed size need more. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;
const MIN_BODIES = 4;

/**
 * Limits the memory and the time that incomplete bodies of all clients cost. When the pending bodies exceed the memory limit, a body of the
 * client that holds most is refused: of the address, there of the user, and there the body that has paused longest. Nobody can starve the
 * slow uploads of others.
 */
export class BodyBudget {
  readonly limits: BodyLimits;
  /** Turns of the connections that send tiny chunks. */
  readonly turns = new ReadTurns();
  readonly #memory: MemoryBudget;
  readonly #maxPendingBytes: number;
  readonly #pending = new Set<PendingBody>();
  #pendingBytes = 0;
  #sweepTimer: NodeJS.Timeout | undefined;

  /** @param memory memory that is held for all clients of the process */
  constructor(limits: BodyLimits, memory: MemoryBudget) {
    this.limits = limits;
    this.#memory = memory;
    this.#maxPendingBytes = Math.max(MAX_PENDING_BYTES, MIN_BODIES * limits.maxBytes);
  }

  /** Starts to count a body, and to limit its time. */
  add(body: PendingBody): void {
    this.#pending.add(body);
    this.#sweepTimer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Stops counting a body that is complete or refused. */
  remove(body: PendingBody): void {
    if (!this.#pending.delete(body)) return;
    this.#pendingBytes -= body.bytes;
    this.#memory.release(body.bytes);
  }

  /** Sets the memory that a body takes until it is complete. Refuses bodies if there is not enough. */
  hold(body: PendingBody, bytes: number): void {
    const more = bytes - body.bytes;
    if (more === 0 || !this.#pending.has(body)) return;
    if (more < 0) this.#memory.release(-more);
    else if (!this.#memory.reserve(more)) {
      this.#refuse(body);
      return;
    }
    body.bytes = bytes;
    this.#pendingBytes += more;
    while (this.#pendingBytes > this.#maxPendingBytes) {
      const heaviest = this.#findHeaviest();
      if (!heaviest) return;
      this.#refuse(heaviest);
    }
  }

  /** Stops the timer. Bodies that are still pending have no time limit any more. */
  close(): void {
    clearInterval(this.#sweepTimer);
    this.#sweepTimer = undefined;
  }

  #refuse(body: PendingBody): void {
    // Remove the body at once: its connection may close later, and others need the memory now.
    this.remove(body);
    body.fail(createServerBusyError());
  }

  /** Finds the body that has paused longest among those of the user that holds most, at the address that holds most. */
  #findHeaviest(): PendingBody | undefined {
    const holding = [...this.#pending].filter(({ bytes }) => bytes > 0);
    const atAddress = keepHeaviest(holding, ({ sender }) => sender.clientAddress);
    const ofUser = keepHeaviest(atAddress, ({ sender }) => sender.userId);
    let idlest = ofUser[0];
    for (const body of ofUser) if (idlest && body.lastChunkAt < idlest.lastChunkAt) idlest = body;
    return idlest;
  }

  #sweep(): void {
    const now = Date.now();
    const { idleMs } = this.limits;
    for (const body of this.#pending) {
      // A pause that the server asked for is no fault of the sender.
      if (body.isPaused) body.lastChunkAt = now;
      const isIdle = now - body.lastChunkAt > idleMs;
      const isLate = !body.endless && now - body.startedAt > idleMs * TOTAL_FACTOR;
      if (isIdle || isLate) body.fail(new WireError('body_timeout'));
    }
  }
}

/** Keeps the bodies of the owner whose bodies take most memory together. */
function keepHeaviest(bodies: readonly PendingBody[], getOwner: (body: PendingBody) => string): PendingBody[] {
  const held = new Map<string, number>();
  for (const body of bodies) held.set(getOwner(body), (held.get(getOwner(body)) ?? 0) + body.bytes);
  let heaviest: string | undefined;
  for (const [owner, bytes] of held) if (heaviest === undefined || bytes > (held.get(heaviest) ?? 0)) heaviest = owner;
  return bodies.filter((body) => getOwner(body) === heaviest);
}
