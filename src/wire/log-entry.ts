import type { AgentEvent } from './agent-event.ts';
import type { ErrorBody } from './error-catalogue.ts';

/** What the log of a live session holds: everything that every reader gets, in order. */
export interface LogEntry {
  /** Counted from 1. */
  readonly seq: number;
  /** Which model reply it belongs to, counted from 1: one more than the turns completed before it. */
  readonly turn: number;
  readonly message: LogMessage;
}

/** Exactly one of its fields is set. */
export interface LogMessage {
  /** What the run yielded. */
  readonly event?: AgentEvent;
  /** A run failed; the session lives on. */
  readonly failure?: ErrorBody;
  /** The live session is over: nothing comes after this. */
  readonly end?: End;
}

export interface End {
  /** `closed`: asked for by a client; `deleted`: the conversation is gone; `idle`, `max_duration`: a limit was reached. */
  reason: 'closed' | 'deleted' | 'idle' | 'max_duration';
}
