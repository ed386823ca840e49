import type { AgentEvent, UsageMetadata } from './agent-event.ts';
import type { ErrorBody } from './wire-error.ts';

/** Entry of the log of a live session. Every reader gets every entry, in order. */
export interface LogEntry {
  /** Sequence number, from 1. */
  readonly seq: number;
  /** Number of the turn that the entry belongs to, from 1. Turns are numbered in the order in which they begin. */
  readonly turn: number;
  readonly message: LogMessage;
  /** What begins or ends with the entry; absent if nothing does. */
  readonly marks?: EntryMarks;
  /** Names for dialects that repeat them in each message. One object for all entries with the same names. */
  readonly names?: SessionNames | undefined;
}

/** Names of a live session at the time of an entry. */
export interface SessionNames {
  readonly epoch: string;
  readonly sessionId: string;
  /** Author of what the agent says. */
  readonly agent: string;
  /** Name that a client gave to the agent. Default: `agent`. */
  readonly agentName?: string;
}

/**
 * What begins or ends with an entry. Some dialects have messages for it, which only the owner of the log can place: it depends on the entries
 * before. The plain dialect ignores marks.
 */
export interface EntryMarks {
  /** The user begins to speak: the entry has the first words, or the sign of a voice detection. */
  readonly inputBegins?: true;
  /** The user has finished speaking: the entry has the sign of a voice detection or, without one, the complete transcript. */
  readonly inputEnds?: true;
  /** Number of the utterance that the entry is about, from 1. */
  readonly input?: number;
  /** The model can be reached for the first time in its run. */
  readonly agentReady?: true;
  /** The entry is the first of its turn. */
  readonly replyBegins?: true;
  /** The entry is the last of its turn. */
  readonly replyEnds?: ReplySummary;
}

/** Content of a turn. */
export interface ReplySummary {
  readonly hasAudio: boolean;
  /** Whether there was a transcript of the speech. */
  readonly hasTranscript: boolean;
  readonly hasText: boolean;
  /** Whether the user or the loss of the connection cut the turn off. */
  readonly interrupted?: true;
  /** Each count that the model reported during the turn, as it was last. */
  readonly usage?: UsageMetadata;
}

/** Content of an entry. Exactly one field is set. */
export interface LogMessage {
  /** Event that the run yielded. */
  readonly event?: AgentEvent;
  /** Failure of a run. The live session continues. */
  readonly failure?: ErrorBody;
  /** End of the live session. No entry follows. */
  readonly end?: End;
  /** A run with other settings continues the conversation, because a client asked for them. */
  readonly reconfigured?: SessionSettings;
  /** Message that a client has typed. */
  readonly typed?: TypedMessage;
  /** The conversation is no longer stored, or stored again. */
  readonly storage?: StorageState;
}

/** Whether a conversation is stored. */
export interface StorageState {
  /**
   * `failing`: the store does not answer. The conversation goes on in memory, and is stored when the store answers again. `ok`: the store has all of it,
   * except lost turns.
   */
  readonly state: 'failing' | 'ok';
  /** Number of turns that will not be stored, because the store has failed for too long. Absent: none. */
  readonly lost_turns?: number;
}

/** How the runs of a live session are configured, as far as clients can request it. */
export interface SessionSettings {
  readonly modality: 'TEXT' | 'AUDIO';
  /** Name of the voice; absent for the default of the agent or the model. */
  readonly voice?: string;
  /** Language of the speech, for example `en-US`; absent for the default. */
  readonly language?: string;
  readonly proactivity: boolean;
  readonly affective_dialog: boolean;
}

/** What a client has typed, for all readers: several pages may show the same conversation. */
export interface TypedMessage {
  /** Id of the client that sent it; `null` for a client without an id. */
  readonly client: string | null;
  /** The whole text; '' for pictures alone. */
  readonly text: string;
  /** Number of pictures in the message. */
  readonly pictures: number;
  /** Whether the message goes on in the next one of the client. */
  readonly partial?: true;
}

export interface End {
  /**
   * `closed`: a client closed the session; `deleted`: the conversation was deleted; `idle`, `max_duration`: a limit was reached; `agent_ended`: the agent
   * has ended it.
   */
  reason: 'closed' | 'deleted' | 'idle' | 'max_duration' | 'agent_ended';
}
