/** Ways down, from the best to the one that passes every network. */
export const RUNGS = ['ws', 'stream', 'pusher', 'close', 'poll'] as const;

/**
 * Way down. `ws`: a WebSocket; `stream`: an event stream; `pusher`: an event stream with padding, which pushes each event through a proxy that
 * holds data back; `close`: an event stream without chunks, which ends with its connection; `poll`: long polls.
 */
export type Rung = (typeof RUNGS)[number];

/** Rung that may be better than the one in use. */
export type TrialRung = 'ws' | 'stream' | 'close';

/** Sign by which a dead connection was noticed: an event that the server has written is missing, or heartbeats are. */
export type Silence = 'expected' | 'heartbeats';

/** Measurement of the network. All times are ms. `at`: time of the measurement, on any clock that only goes forward. */
export type Observation =
  /** `session` arrived, `delayMs` after the request. `roundTripMs`: duration of a POST, if one was answered. */
  | { readonly kind: 'opened'; readonly at: number; readonly delayMs: number; readonly roundTripMs: number | undefined }
  /** The first heartbeat, due after 250 ms, arrived together with `session` or with the next event: a proxy holds events back. */
  | { readonly kind: 'held'; readonly at: number }
  /** A poll was answered while the stream had delivered nothing. */
  | { readonly kind: 'buffered'; readonly at: number }
  /** A connection that had delivered bytes ended. Neither the client nor the server had announced that. */
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly livedMs: number;
      /** Set if the connection did not end, but fell silent. */
      readonly silent: Silence | undefined;
    }
  /** A connection was replaced because of its age. */
  | { readonly kind: 'rotated'; readonly at: number }
  /** A connection delivered nothing: no answer, or an answer of something other than the server. */
  | { readonly kind: 'unopened'; readonly at: number }
  /** A poll failed, `heldMs` after the request. `begun`: polls before it were answered. */
  | { readonly kind: 'poll_failed'; readonly at: number; readonly heldMs: number; readonly begun: boolean }
  /** A better rung was tried beside the one in use. `good`: it delivered events in time. `delayMs`: time until its `session`. */
  | {
      readonly kind: 'tried';
      readonly at: number;
      readonly rung: TrialRung;
      readonly good: boolean;
      readonly delayMs?: number | undefined;
    };
