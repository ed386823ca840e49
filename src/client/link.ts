/**
 * Contract between the way down (`ConnectionManager`) and the way up (`PostQueue`). Each side knows the other only as its half of this link.
 */
import type { Rung } from './observation.ts';
import type { PostSender } from './post.ts';

export interface Link {
  readonly down: WayDown;
  readonly up: WayUp;
}

/** Half of the way down, as the way up uses it. */
export interface WayDown {
  /** Sends a POST over the connection in use; `undefined` unless that is an open WebSocket. */
  readonly sendPost: PostSender | undefined;
  /**
   * Called when the server has accepted a POST that was sent at `sentAt`. If the entry that the server says to have written does not arrive,
   * the connection in use is dead.
   * @param written number of that entry; `null`: the server knows no connection of this client; `undefined`: the server did not say
   */
  onPostAnswered(written: number | null | undefined, sentAt: number): void;
  /** Called when a POST gets no answer: another way may be better. */
  onPostUnanswered(): void;
  /** Called when the server has refused a number because it belongs to another live session. The next connection tells which. */
  onEpochChanged(): void;
}

/** Half of the way up, as the way down uses it. */
export interface WayUp {
  /** Duration of the last POST that was answered, in ms. */
  readonly roundTripMs: number | undefined;
  /** Called when a connection has opened the live session of `epoch`. */
  onSession(session: { readonly epoch: string; readonly next: number; readonly bodyBytes: number }): void;
  /** Called for each new event of the log. The event is acknowledged within 1 s. */
  onLogEvent(): void;
  /** Called for each heartbeat of the server. A client that sends nothing else acknowledges it, which shows that the client is there. */
  onHeartbeat(heartbeatMs: number): void;
  /** Called when a connection delivers its first bytes. */
  onConnected(rung: Rung): void;
  /** Acknowledges at once. The answer says what the server has written. */
  acknowledgeNow(): void;
}
