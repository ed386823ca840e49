import { WireError } from '../wire/wire-error.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { Quota, QuotaTable } from './quota-table.ts';

export interface SessionAccountOptions {
  readonly users: QuotaTable;
  readonly addresses: QuotaTable;
  readonly userId: string;
  /** Address that opened the session; `undefined` if it is not known. */
  readonly address: string | undefined;
  /** What the whole process holds. */
  readonly memory: MemoryBudget;
  /** Clock in ms, which never goes back. */
  readonly now: () => number;
}

/**
 * Charges what one live session uses to its user, and to the address that opened the session. Readers are charged to their own address.
 */
export class SessionAccount {
  /** What the session holds, as a part of what its user, its address and the process hold. */
  readonly memory: MemoryBudget;
  readonly #options: SessionAccountOptions;
  /** Quotas of the user and of the address, which are remembered while the session is open. */
  readonly #quotas: readonly Quota[];
  #isOpen = true;

  /**
   * Counts the session and its first run.
   * @throws {WireError} too_many_model_connections: nothing was counted
   */
  constructor(options: SessionAccountOptions) {
    const { users, userId, addresses, address } = options;
    this.#options = options;
    this.checkRun();
    this.#changeQuotas((quota) => {
      quota.sessions += 1;
    });
    this.#quotas = [users.get(userId), ...(address === undefined ? [] : [addresses.get(address)])];
    this.memory = new MemoryBudget(Number.POSITIVE_INFINITY, [
      ...this.#quotas.map(({ memory }) => memory),
      options.memory,
    ]);
    this.chargeRun();
  }

  /** Stops counting the session. Further calls have no effect. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#changeQuotas((quota) => {
      quota.sessions -= 1;
    });
  }

  /**
   * Counts a reader.
   * @param address of the reader; `undefined` if it is not known
   * @returns function that stops counting the reader. Call it once
   * @throws {WireError} too_many_connections: nothing was counted
   */
  addReader(address: string | undefined): () => void {
    const { users, addresses, userId } = this.#options;
    users.checkReader(userId);
    if (address !== undefined) addresses.checkReader(address);
    const count = (difference: 1 | -1) => {
      const change = (quota: Quota) => {
        quota.readers += difference;
      };
      users.change(userId, change);
      if (address !== undefined) addresses.change(address, change);
    };
    count(1);
    return () => count(-1);
  }

  /** @throws {WireError} too_many_model_connections: no run may be started now */
  checkRun(): void {
    const { users, addresses, userId, address } = this.#options;
    users.checkRun(userId);
    if (address !== undefined) addresses.checkRun(address);
  }

  /** Charges a run that is started. */
  chargeRun(): void {
    const now = this.#options.now();
    for (const { modelConnections } of this.#quotas) modelConnections.charge(1, now);
  }

  /** Time until a run may be started, in ms. */
  get runWaitMs(): number {
    const now = this.#options.now();
    return this.#quotas.reduce((waitMs, { modelConnections }) => Math.max(waitMs, modelConnections.waitMs(now)), 0);
  }

  /** Whether more audio was sent than the user, or the address, may send. A sender that can wait should wait. */
  get isAudioExhausted(): boolean {
    const now = this.#options.now();
    for (const { audio } of this.#quotas) if (!audio.hasToken(now)) return true;
    return false;
  }

  /** Charges audio that was accepted. @param ms its duration, in ms */
  chargeAudio(ms: number): void {
    const now = this.#options.now();
    for (const { audio } of this.#quotas) audio.charge(ms, now);
  }

  /** Creates the refusal of audio that was sent too fast. */
  createAudioRefusal(): WireError {
    const now = this.#options.now();
    const waitMs = this.#quotas.reduce((longest, { audio }) => Math.max(longest, audio.waitMs(now)), 0);
    return new WireError('too_much_audio', undefined, undefined, { retry_after_ms: waitMs });
  }

  #changeQuotas(change: (quota: Quota) => void): void {
    const { users, addresses, userId, address } = this.#options;
    users.change(userId, change);
    if (address !== undefined) addresses.change(address, change);
  }
}
