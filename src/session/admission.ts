import type { MemoryBudget } from './memory-budget.ts';
import { type QuotaLimits, QuotaTable } from './quota-table.ts';
import { SessionAccount } from './session-account.ts';

export interface AdmissionOptions {
  /** What each user may use. */
  readonly user: QuotaLimits;
  /** What each network address may use: without authentication anybody can invent user ids. */
  readonly address: QuotaLimits;
  /** Maximum number of live sessions of this process. */
  readonly maxSessions: number;
  /** Clock in ms, which never goes back. Default: that of the process. */
  readonly now?: () => number;
}

/** Share of the sessions of the process that one user, or one address, never gets, so that there is room for others. */
const RESERVED_SHARE = 0.1;

/** Decides whether a user at an address may open another session or reader. What is open already is never taken away. */
export class Admission {
  readonly #users: QuotaTable;
  readonly #addresses: QuotaTable;
  readonly #now: () => number;

  constructor({ user, address, maxSessions, now = () => performance.now() }: AdmissionOptions) {
    const most = maxSessions - Math.floor(maxSessions * RESERVED_SHARE);
    const limit = (limits: QuotaLimits) => ({ ...limits, sessions: Math.min(limits.sessions, most) });
    this.#now = now;
    this.#users = new QuotaTable('user', limit(user), now);
    this.#addresses = new QuotaTable('address', limit(address), now);
  }

  /** Number of users and addresses in memory. */
  get size(): number {
    return this.#users.size + this.#addresses.size;
  }

  /**
   * Checks whether another reader may be attached. `SessionAccount.addReader` counts the reader.
   * @param address `undefined` if it is not known; then only the user is limited
   * @throws {WireError} too_many_connections
   */
  checkReader(userId: string, address: string | undefined): void {
    this.#users.checkReader(userId);
    if (address !== undefined) this.#addresses.checkReader(address);
  }

  /**
   * Counts a new live session and its first run.
   * @param address of the client that opens the session; together with the user it pays for everything that the session uses
   * @param memory what the whole process holds
   * @throws {WireError} too_many_user_sessions, too_many_model_connections, server_busy: nothing was counted
   */
  openSession(userId: string, address: string | undefined, memory: MemoryBudget): SessionAccount {
    this.#users.checkSession(userId);
    if (address !== undefined) this.#addresses.checkSession(address);
    const [users, addresses, now] = [this.#users, this.#addresses, this.#now];
    return new SessionAccount({ users, addresses, userId, address, memory, now });
  }
}
