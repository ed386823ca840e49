import { randomBytes } from 'node:crypto';
import type { LogEntry, LogMessage, SessionNames } from '../../wire/log-entry.ts';
import { EntryMarker } from './entry-marker.ts';
import type { LiveLog } from './live-log.ts';
import { isReply, TurnTracker } from './turn-tracker.ts';

/** @returns a random epoch: the name of a new log, in the alphabet of cursors */
export function createEpoch(): string {
  return randomBytes(12).toString('base64url');
}

/**
 * Write side of a log, on the machine that owns the live session. Gives each message its sequence number, the number of its turn and its
 * marks. A mirror of the log on another machine is appended the entries as they come from here.
 */
export class LogWriter {
  /** State of the turns in this log. */
  readonly turns = new TurnTracker();
  readonly #marker = new EntryMarker();
  readonly #log: LiveLog;
  #names: SessionNames | undefined;

  /** @param names names in the entries. Default: the entries have none */
  constructor(log: LiveLog, names?: Omit<SessionNames, 'epoch'>) {
    this.#log = log;
    if (names) this.#names = { epoch: log.epoch, ...names };
  }

  /** Changes the name of the agent in further entries. @param agentName `undefined`: its own */
  renameAgent(agentName: string | undefined): void {
    if (!this.#names || this.#names.agentName === agentName) return;
    const { epoch, sessionId, agent } = this.#names;
    this.#names = { epoch, sessionId, agent, ...(agentName === undefined ? {} : { agentName }) };
  }

  /** Appends a message to the log, which wakes its readers. @returns the numbered entry */
  append(message: LogMessage): LogEntry {
    const { event } = message;
    const seq = this.#log.head + 1;
    const turn = this.turns.apply(event);
    const marks = event && this.#marker.mark(event, turn, isReply(event));
    const names = this.#names;
    const entry: LogEntry = marks ? { seq, turn, message, names, marks } : { seq, turn, message, names };
    this.#log.append(entry);
    return entry;
  }
}
