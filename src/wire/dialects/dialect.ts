import type { LiveRequest } from '../live-request.ts';
import type { LogEntry, SessionNames } from '../log-entry.ts';
import type { ConnectionEvents } from '../named-events.ts';
import type { ErrorBody } from '../wire-error.ts';

/** A text that is base64, with what is before it and after it. */
export type AsciiPieces = readonly [before: string, base64: string, after: string];

/** One message on its way to a client, before it is framed for a connection. */
export interface Frame {
  /** Name of the event; absent for an unnamed message. */
  readonly event?: string;
  /** JSON on one line. */
  readonly data: string;
  /**
   * The data in pieces, all of them ASCII, as its name is: so nobody needs to examine it, or to put it together. Default: it may be anything, and is in one
   * piece.
   */
  readonly pieces?: AsciiPieces;
}

export type DialectName = 'plain' | 'adk' | 'agentscope';

/** A set of messages that clients understand and send. All methods are pure functions of their arguments. */
export interface Dialect {
  readonly name: DialectName;
  /** Whether entries are encoded with their audio. Without it each audio part has an empty place. */
  readonly hasAudio: boolean;
  /**
   * Encodes the frames of one entry, in order. `undefined` keeps the place of a frame whose audio the log has dropped, so that the ids of
   * later frames never move: one `undefined` for each part with `droppedAudio`, in the order of the parts. A dialect that encodes an entry
   * as one frame leaves the dropped parts out of the frame.
   */
  encodeEntry(entry: LogEntry): readonly (Frame | undefined)[];
  /**
   * Encodes an event that is made for one connection, as a named event. A dialect that has a message of its own for it adds that, unnamed. A reader
   * without audio gets no `gap`.
   */
  encodeControl<Name extends keyof ConnectionEvents>(name: Name, data: ConnectionEvents[Name]): readonly Frame[];
  /** Encodes the refusal of a message on a WebSocket that has no named events. @param names names of the agent */
  encodeRefusal(error: ErrorBody, names: Pick<SessionNames, 'agent' | 'agentName'>): Frame;
  /**
   * Decodes one item of a body, or one message of a WebSocket.
   * @param sessionId session of the client, for a dialect whose messages repeat it
   * @throws {WireError} malformed_item, missing_mime_type, empty_body, invalid_base64, unsupported_mime_type, invalid_sample_rate,
   * odd_pcm_length, body_too_large
   */
  decodeItem(item: unknown, sessionId: string): LiveRequest;
  /** Whether a first message of a WebSocket opens a session in this dialect. */
  recognizes?(firstMessage: unknown): boolean;
}
