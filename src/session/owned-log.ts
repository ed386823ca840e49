import type { LogMessage, SessionNames } from '../wire/log-entry.ts';
import type { Lease } from './backplane.ts';
import type { LiveLog } from './log/live-log.ts';
import { LogWriter } from './log/log-writer.ts';
import type { TurnTracker } from './log/turn-tracker.ts';

export interface OwnedLogOptions {
  readonly log: LiveLog;
  readonly lease: Lease;
  /** Names in the entries. Default: the entries have none. */
  readonly names?: Omit<SessionNames, 'epoch'>;
  /** Called once, if the sequence numbers run out because the backplane does not answer. */
  readonly onExhausted: () => void;
}

/** How many sequence numbers are reserved at a time: minutes of speech. More are reserved when half of them are used. */
const RESERVED_NUMBERS = 10_000;

/** Write side of the log of a session that this process owns. Numbers entries within the reserved range, appends and publishes them. */
export class OwnedLog {
  readonly #options: OwnedLogOptions;
  readonly #writer: LogWriter;
  /** Last number that may be used. */
  #lastReserved = 0;
  #reserving = false;
  #closed = false;

  constructor(options: OwnedLogOptions) {
    this.#options = options;
    this.#writer = new LogWriter(options.log, options.names);
  }

  /** State of the turns in the log. */
  get turns(): TurnTracker {
    return this.#writer.turns;
  }

  /** Changes the name of the agent in further entries. @param agentName `undefined`: its own */
  renameAgent(agentName: string | undefined): void {
    this.#writer.renameAgent(agentName);
  }

  /** Reserves the first numbers. Call it before the first `append`. */
  async open(): Promise<void> {
    await this.#reserve();
  }

  /** Discards all further messages, because another process may write to the log. */
  close(): void {
    this.#closed = true;
  }

  /** Appends a message and wakes the readers of this process. */
  append(message: LogMessage): void {
    if (this.#closed) return;
    const { log, lease, onExhausted } = this.#options;
    if (log.head >= this.#lastReserved) {
      this.close();
      onExhausted();
      return;
    }
    const entry = this.#writer.append(message);
    lease.publish(entry);
    if (this.#lastReserved - entry.seq < RESERVED_NUMBERS / 2 && !this.#reserving) void this.#reserveMore();
  }

  async #reserve(): Promise<void> {
    const first = await this.#options.lease.reserve(RESERVED_NUMBERS);
    this.#lastReserved = first + RESERVED_NUMBERS - 1;
  }

  async #reserveMore(): Promise<void> {
    this.#reserving = true;
    try {
      await this.#reserve();
    } catch {
      // The next `append` tries again, for as long as numbers are left.
    } finally {
      this.#reserving = false;
    }
  }
}
