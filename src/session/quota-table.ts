import { BoundedMap } from '../wire/bounded-map.ts';
import { type Allowance, TokenBucket } from '../wire/token-bucket.ts';
import { WireError } from '../wire/wire-error.ts';
import { createServerBusyError, MemoryBudget } from './memory-budget.ts';

/** What one user, or one network address, may use of this process. */
export interface QuotaLimits {
  /** Maximum number of live sessions at a time. */
  readonly sessions: number;
  /** Maximum number of streams, polls and WebSockets at a time. */
  readonly readers: number;
  /** Maximum number of runs that clients cause in a minute. Each run opens a connection to the model. */
  readonly modelConnectionsPerMinute: number;
  /** Maximum audio that clients send in a minute, in seconds. As much can be sent at once. */
  readonly audioSPerMinute: number;
  /** Maximum memory that all sessions hold, in bytes. */
  readonly heldBytes: number;
}

/** Whose quotas a table holds. */
export type QuotaKind = 'user' | 'address';

/**
 * Maximum number of users, or addresses, that use nothing at present and whose budgets are remembered. The one that was active least recently is
 * forgotten: its budgets are full again. A user with a session or a reader is never forgotten.
 */
const MAX_IDLE = 10_000;
/** Wait that a client is told when it has too many sessions or readers, in ms. Nobody knows when one of them ends. */
const RETRY_AFTER_MS = 2_000;
const SUBJECTS: Readonly<Record<QuotaKind, string>> = { user: 'This user', address: 'This network address' };
/** Advice for a limit of addresses: without it, all users behind a proxy share the limits of one address. */
const PROXY_HINT = 'wait as long as Retry-After says; if the address is that of a proxy, add it to TRUSTED_PROXIES';

/** What one user, or one address, uses now. */
export class Quota {
  sessions = 0;
  readers = 0;
  /** Tokens are runs. */
  readonly modelConnections: TokenBucket;
  /** Tokens are ms of audio. */
  readonly audio: TokenBucket;
  readonly memory: MemoryBudget;

  constructor(modelConnections: Allowance, audio: Allowance, heldBytes: number, now: number) {
    this.modelConnections = new TokenBucket(modelConnections, now);
    this.audio = new TokenBucket(audio, now);
    this.memory = new MemoryBudget(heldBytes);
  }
}

/** The quotas of all users, or of all addresses. */
export class QuotaTable {
  readonly #kind: QuotaKind;
  readonly #limits: QuotaLimits;
  readonly #now: () => number;
  readonly #modelConnections: Allowance;
  readonly #audio: Allowance;
  readonly #inUse = new Map<string, Quota>();
  readonly #idle = new BoundedMap<string, Quota>(MAX_IDLE);

  /** @param now clock in ms, which never goes back */
  constructor(kind: QuotaKind, limits: QuotaLimits, now: () => number) {
    const { modelConnectionsPerMinute: runs, audioSPerMinute } = limits;
    this.#kind = kind;
    this.#limits = limits;
    this.#now = now;
    this.#modelConnections = { perMinute: runs, burst: runs };
    this.#audio = { perMinute: audioSPerMinute * 1_000, burst: audioSPerMinute * 1_000 };
  }

  /** Number of quotas in memory. */
  get size(): number {
    return this.#inUse.size + this.#idle.size;
  }

  /** Returns the quota of a user or address. A new quota is not remembered before `change` is called. */
  get(key: string): Quota {
    const known = this.#inUse.get(key) ?? this.#idle.get(key);
    return known ?? new Quota(this.#modelConnections, this.#audio, this.#limits.heldBytes, this.#now());
  }

  /** Changes the quota of a user or address, and remembers it as long as that makes a difference. */
  change(key: string, change: (quota: Quota) => void): void {
    const quota = this.get(key);
    change(quota);
    if (quota.sessions > 0 || quota.readers > 0) {
      this.#idle.delete(key);
      if (!this.#inUse.has(key)) this.#inUse.set(copyText(key), quota);
      return;
    }
    this.#inUse.delete(key);
    const now = this.#now();
    if (quota.modelConnections.isFull(now) && quota.audio.isFull(now)) this.#idle.delete(key);
    else this.#idle.set(copyText(key), quota);
  }

  /** @throws {WireError} too_many_user_sessions, server_busy: there is no room, or no memory, for another session */
  checkSession(key: string): void {
    const quota = this.get(key);
    const { sessions } = this.#limits;
    if (!quota.memory.admitsWork) throw createServerBusyError();
    if (quota.sessions < sessions) return;
    throw this.#createError('too_many_user_sessions', `has reached its limit of live sessions: ${sessions}`);
  }

  /** @throws {WireError} too_many_connections: there is no room for another reader */
  checkReader(key: string): void {
    const { readers } = this.#limits;
    if (this.get(key).readers < readers) return;
    throw this.#createError('too_many_connections', `has ${readers} open streams, polls and WebSockets`);
  }

  /** @throws {WireError} too_many_model_connections: no run may be started now */
  checkRun(key: string): void {
    const waitMs = this.get(key).modelConnections.waitMs(this.#now());
    if (waitMs === 0) return;
    throw this.#createError('too_many_model_connections', 'has opened too many connections to the model', waitMs);
  }

  #createError(
    code: 'too_many_user_sessions' | 'too_many_connections' | 'too_many_model_connections',
    error: string,
    waitMs = RETRY_AFTER_MS,
  ): WireError {
    const hint = this.#kind === 'address' ? PROXY_HINT : undefined;
    return new WireError(code, `${SUBJECTS[this.#kind]} ${error}`, hint, { retry_after_ms: waitMs });
  }
}

/** Copies a text that may be part of a longer one, such as the URL of a request, and would keep all of that in memory. */
function copyText(text: string): string {
  return Buffer.from(text).toString();
}
