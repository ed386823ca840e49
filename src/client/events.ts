import type { LiveRequest } from '../wire/live-request.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';

/** An unnamed message: what ADK's samples send. */
export type Message =
  | { readonly mime_type: string; readonly data: string; readonly is_transcript?: boolean }
  | { readonly turn_complete: true | null; readonly interrupted: true | null };

/**
 * `connecting`: for the first time; `open`: events arrive; `reconnecting`: the way down is lost, and is looked for; `ended`: the live
 * session is over; `superseded`: somebody else goes by this client's name; `closed`: by `close()`. The last three are final.
 */
export type ClientState = 'connecting' | 'open' | 'reconnecting' | 'ended' | 'superseded' | 'closed';

/** What a client can be asked to listen for, by name. */
export interface ClientEvents extends LogEvents, ConnectionEvents {
  message: Message;
  state: ClientState;
}

/** What can be sent: a text, a message as in ADK's samples, or a LiveRequest. */
export type Item = string | { readonly mime_type: string; readonly data: string } | LiveRequest;

export interface Statistics {
  /** The way down. */
  readonly rung: 'stream' | 'pusher' | 'close' | 'poll';
  /** Of the last POST, ms. */
  readonly roundTripMs: number | undefined;
  /** How much later than the quickest the last heartbeat came, ms. */
  readonly lagMs: number;
  /** POSTs that were sent again. */
  readonly retries: number;
  /** Connections down after the first. */
  readonly reconnects: number;
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
