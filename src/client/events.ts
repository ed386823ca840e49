import type { LiveRequest } from '../wire/live-request.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { ErrorBody } from '../wire/wire-error.ts';
import type { Rung } from './observation.ts';
import type { Refusal } from './send-result.ts';

/** Unnamed message, as ADK's samples send it. */
export type Message =
  | { readonly mime_type: string; readonly data: string; readonly is_transcript?: boolean }
  | { readonly turn_complete: true | null; readonly interrupted: true | null };

/**
 * State of a client. `connecting`: the first connection is being opened; `open`: events arrive; `reconnecting`: the connection is lost and
 * another is being opened; `paused`: `pause()` was called; `ended`: the live session is over; `closed`: `close()` was called; `failed`: the server refuses the client for good
 * (event `rejected`). The last three are final: the client makes no more requests.
 */
export type ClientState = 'connecting' | 'open' | 'reconnecting' | 'paused' | 'ended' | 'closed' | 'failed';

/** Connection that could not be opened, or was lost. The client opens another. */
export interface Retry {
  /** Number of connections in a row that brought nothing, from 1. */
  readonly attempt: number;
  /** Delay before the next connection, in ms. */
  readonly delayMs: number;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  readonly statusText?: string;
  /** Error of the server, if the server has answered. */
  readonly failure?: ErrorBody;
  /** Reason for a person, if there was no answer of the server: a network error, or the answer of something else. */
  readonly cause?: string;
}

/** A message between a client and the server, for tools that show or record what travels. Must not be changed. */
export interface Traffic {
  readonly direction: 'up' | 'down';
  /** Way of the message: the rung of the way down, or `http` for a POST that does not travel over a WebSocket. */
  readonly over: Rung | 'http';
  /**
   * Down: name of the event, `message` for an unnamed one, or `answer` for the answer to a POST. Up: `post`, or `ack` for a POST that only acknowledges.
   * Events that arrive again are included, and so is each attempt to send a POST.
   */
  readonly name: string;
  /** Id of the event, or number of the POST; `undefined`: the message has none. */
  readonly id: string | number | undefined;
  /**
   * Data of the event, items of the POST, or outcome of its answer, with its duration `ms`. Recorded audio is given as `{ audio_ms }`, its duration
   * in ms.
   */
  readonly data: unknown;
}

/** Events by name, with the type of their data: the events of the server, and after them those of the client itself. */
export interface ClientEvents extends LogEvents, ConnectionEvents {
  message: Message;
  state: ClientState;
  retry: Retry;
  /** The way down has changed. */
  rung: Rung;
  /**
   * The client has failed: the server has refused its connection with an error that no retry can change, or something other than the server
   * has refused the first connections. Everything that waits to be sent gets the same refusal.
   */
  rejected: Refusal;
  /** Something that was sent was refused for good. `send` returns the same refusal. Not emitted for the result or the confirmation of a
   * call that came too late. */
  refused: Refusal;
  /** Recorded audio was dropped, because the way up is too slow. */
  audio_dropped: { readonly ms: number };
  /** A message was sent or received, for tools that show what travels. Costs nothing without a listener. */
  traffic: Traffic;
}

/** Item that can be sent: a text, a message as in ADK's samples, an interruption, the result of a tool, the confirmation of a call, or a LiveRequest. */
export type Item =
  | string
  | { readonly mime_type: string; readonly data: string }
  | { readonly interrupt: { readonly played_ms?: number } }
  | {
      readonly tool_result: {
        readonly id: string;
        readonly result: unknown;
        readonly images?: readonly { readonly mime_type: string; readonly data: string }[];
      };
    }
  | { readonly tool_result: { readonly id: string; readonly error: string } }
  | { readonly tool_confirm: { readonly id: string; readonly ok: boolean } }
  | LiveRequest;

/** Measurements of a client. */
export interface Statistics {
  /** Way down. */
  readonly rung: Rung;
  /** Age at which the network ends a connection, in ms, if it is known. Connections are replaced before. */
  readonly capMs: number | undefined;
  /** Duration of the last POST, in ms. */
  readonly roundTripMs: number | undefined;
  /** How much later than the quickest heartbeat the last one arrived, in ms. */
  readonly lagMs: number;
  /** Number of POSTs that were sent again. */
  readonly retries: number;
  /** Number of connections down after the first, without rotations. */
  readonly reconnects: number;
  /** Number of connections that replaced one that still worked. */
  readonly rotations: number;
  /** Number of events that arrived again and were discarded. */
  readonly duplicates: number;
  /** Recorded audio that was dropped because the way up was too slow, in ms. */
  readonly droppedAudioMs: number;
}
