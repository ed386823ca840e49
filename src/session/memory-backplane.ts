import { type ConversationKey, formatKey } from '../store/conversation-key.ts';
import type { LogEntry } from '../wire/log-entry.ts';
import type { Backplane, Lease, SessionAnswer, SessionCommand } from './backplane.ts';
import type { LogView } from './log/log-view.ts';

type CommandHandler = (command: SessionCommand) => Promise<SessionAnswer>;

/** State that all members of a backplane in one process share. */
export class MemoryHub {
  readonly #leases = new Map<string, MemoryLease>();
  #lastToken = 0;

  /** @returns `undefined` if the session has an owner */
  claim(key: ConversationKey, log: LogView): MemoryLease | undefined {
    const name = formatKey(key);
    if (this.#leases.has(name)) return undefined;
    this.#lastToken += 1;
    const lease = new MemoryLease(this, name, this.#lastToken, log);
    this.#leases.set(name, lease);
    return lease;
  }

  find(key: ConversationKey): MemoryLease | undefined {
    return this.#leases.get(formatKey(key));
  }

  /** Takes a session from its owner, as if the owner had not renewed its lease in time. */
  expire(key: ConversationKey): void {
    this.find(key)?.lose();
  }

  /** @returns false if the lease is no longer held */
  remove(name: string, lease: MemoryLease): boolean {
    return this.#leases.get(name) === lease && this.#leases.delete(name);
  }
}

/** Backplane of sessions that one process serves. Nothing is copied: a follower reads the owner's log itself. */
export class MemoryBackplane implements Backplane {
  readonly #hub: MemoryHub;
  readonly #claimed = new Set<MemoryLease>();

  /** @param hub shared by the backplanes that form one cluster. Default: a cluster of one member */
  constructor(hub = new MemoryHub()) {
    this.#hub = hub;
  }

  async claim(key: ConversationKey, log: LogView): Promise<Lease | undefined> {
    const lease = this.#hub.claim(key, log);
    if (!lease) return undefined;
    this.#claimed.add(lease);
    lease.onRemoved = () => this.#claimed.delete(lease);
    return lease;
  }

  async follow(key: ConversationKey): Promise<LogView | undefined> {
    return this.#hub.find(key)?.log;
  }

  async call(key: ConversationKey, command: SessionCommand): Promise<SessionAnswer | undefined> {
    return this.#hub.find(key)?.handle(command);
  }

  async close(): Promise<void> {
    for (const lease of this.#claimed) lease.lose();
  }
}

class MemoryLease implements Lease {
  readonly token: number;
  readonly log: LogView;
  onRemoved: (() => void) | undefined;
  readonly #hub: MemoryHub;
  readonly #name: string;
  readonly #lost = new AbortController();
  #handler: CommandHandler | undefined;
  #nextSeq: number;

  constructor(hub: MemoryHub, name: string, token: number, log: LogView) {
    this.#hub = hub;
    this.#name = name;
    this.token = token;
    this.log = log;
    this.#nextSeq = log.head + 1;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async reserve(count: number): Promise<number> {
    const first = this.#nextSeq;
    this.#nextSeq += count;
    return first;
  }

  /** Has no effect: followers read the owner's log. */
  publish(_entry: LogEntry): void {}

  onCommand(handle: CommandHandler): () => void {
    this.#handler = handle;
    return () => {
      if (this.#handler === handle) this.#handler = undefined;
    };
  }

  /** Passes a command to the owner. @returns `undefined` if the owner handles no commands */
  async handle(command: SessionCommand): Promise<SessionAnswer | undefined> {
    return this.#handler?.(command);
  }

  async release(): Promise<void> {
    this.#remove();
  }

  lose(): void {
    if (this.#remove()) this.#lost.abort();
  }

  #remove(): boolean {
    if (!this.#hub.remove(this.#name, this)) return false;
    this.onRemoved?.();
    return true;
  }
}
