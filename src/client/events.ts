import type { ErrorBody } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { Rung } from './ladder.ts';
import type { Refusal } from './sent.ts';

/** An unnamed message: what ADK's samples send. */
export type Message =
  | { readonly mime_type: string; readonly data: string; readonly is_transcript?: boolean }
  | { readonly turn_complete: true | null; readonly interrupted: true | null };

/**
 * `connecting`: for the first time; `open`: events arrive; `reconnecting`: the way down is lost, and is looked for; `ended`: the live
 * session is over; `closed`: by `close()`. The last two are final.
 */
export type ClientState = 'connecting' | 'open' | 'reconnecting' | 'ended' | 'closed';

/** A connection could not be made, or was lost at once; there will be another. */
export interface Retry {
  /** How many in a row brought nothing, from 1. */
  readonly attempt: number;
  /** Until the next, ms. */
  readonly delayMs: number;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  readonly statusText?: string;
  /** What the server said, if it was the server. */
  readonly failure?: ErrorBody;
}

/** What a client can be asked to listen for, by name: what the server sends, and after it what the client says of itself. */
export interface ClientEvents extends LogEvents, ConnectionEvents {
  message: Message;
  state: ClientState;
  retry: Retry;
  /** The way down has changed. */
  rung: Rung;
  /** Something that was sent was refused for good; `send` says the same to whoever asked. */
  refused: Refusal;
  /** Recorded audio was dropped, because the way up is too slow. */
  audio_dropped: { readonly ms: number };
}

/** What can be sent: a text, a message as in ADK's samples, an interruption, or a LiveRequest. */
export type Item =
  | string
  | { readonly mime_type: string; readonly data: string }
  | { readonly interrupt: { readonly played_ms?: number } }
  | LiveRequest;

export interface Statistics {
  /** The way down. */
  readonly rung: Rung;
  /** After how long the network ends a connection, ms, if that is known: it is replaced before. */
  readonly capMs: number | undefined;
  /** Of the last POST, ms. */
  readonly roundTripMs: number | undefined;
  /** How much later than the quickest the last heartbeat came, ms. */
  readonly lagMs: number;
  /** POSTs that were sent again. */
  readonly retries: number;
  /** Connections down after the first, but for those that were made while the one before was still good. */
  readonly reconnects: number;
  /** Connections that took the place of one that was still good. */
  readonly rotations: number;
  /** Events that came again, and were dropped. */
  readonly duplicates: number;
  /** Recorded audio that was not sent, because the way up was too slow, ms. */
  readonly droppedAudioMs: number;
}

/** Tells listeners, in the order in which they came. */
export interface Emitter {
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void;
  emit(name: string, data: unknown): void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<string, Set<(data: never) => void>>();
  return {
    on(name, listener) {
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own);
      // Wrapped, so that one that is added twice is two.
      const added = (data: never) => listener(data);
      own.add(added);
      return () => own.delete(added);
    },
    emit(name, data) {
      for (const listener of [...(listeners.get(name) ?? [])]) {
        try {
          listener(data as never); // what the contract says of this name
        } catch (error) {
          // A listener's mistake is reported as one, and must not cost the next listener its event.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
