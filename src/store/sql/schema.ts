import type { Generated, Kysely, Sql } from 'kysely';

/** Row of a conversation, or of what is left of a deleted one: see `deleted-sessions`. */
export interface SessionRow {
  /** Number of the conversation in the other tables. */
  readonly pk: Generated<number>;
  readonly app_name: string;
  readonly user_id: string;
  readonly session_id: string;
  /** Time of the newest event, in seconds since 1970; of the first commit, as long as there is no event. */
  readonly updated_at: number;
  /** Whether the conversation has an event: 0 or 1. */
  readonly has_events: number;
  /** Name that the user has given, or the first words of the user; '' as long as there are none. */
  readonly title: Generated<string>;
  /** Size of the events, in characters of their text. */
  readonly characters: Generated<number>;
  readonly resumption_provider: string | null;
  /** Handle of the provider, encrypted. */
  readonly resumption_handle: string | null;
  /** Summary of the oldest events as JSON text. */
  readonly summary: Generated<string | null>;
}

/** Row of an event. */
export interface EventRow {
  /** Order of the events. */
  readonly position: Generated<number>;
  readonly session_pk: number;
  /** Id of the event, which is unique within its conversation. */
  readonly id: string;
  /** The event as JSON text: a database that parses JSON would change it. */
  readonly body: string;
}

/** Row of one key of a state. */
export interface StateRow {
  readonly app_name: string;
  /** '' for the state of the application. */
  readonly user_id: string;
  /** '' for the state of a user. */
  readonly session_id: string;
  /** Name as JSON text: PostgreSQL has no text with a NUL character. */
  readonly name: string;
  /** Value as JSON text. */
  readonly value: string;
}

/** Row that tells which version of the tables a database has. */
export interface VersionRow {
  readonly version: number;
}

export interface Tables {
  readonly bidi_sessions: SessionRow;
  readonly bidi_events: EventRow;
  readonly bidi_state: StateRow;
  readonly bidi_schema: VersionRow;
}

/** An open database. Kysely is loaded when it is opened: that takes a quarter of a second, which a server without a database need not wait. */
export interface Database {
  readonly db: Kysely<Tables>;
  /** Kysely's template tag. */
  readonly sql: Sql;
}
