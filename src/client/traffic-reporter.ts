import { BYTES_PER_MS } from './backlog.ts';
import type { Emitter } from './emitter.ts';
import type { ReceivedEvent } from './event-request.ts';
import type { Traffic } from './events.ts';
import { listItems, type Post } from './numbered-post.ts';
import type { Rung } from './observation.ts';
import type { PostOutcome } from './post.ts';

/** Reports what travels, as `traffic`. Without a listener it costs nothing. */
export class TrafficReporter {
  readonly #emitter: Emitter;
  readonly #rung: () => Rung;

  /** @param rung returns the rung of the way down in use */
  constructor(emitter: Emitter, rung: () => Rung) {
    this.#emitter = emitter;
    this.#rung = rung;
  }

  reportEvent({ name = 'message', id, data }: ReceivedEvent): void {
    if (this.#isWatched) this.#report({ direction: 'down', over: this.#rung(), name, id, data });
  }

  reportPost({ cseq, payload, ack }: Post, over: 'ws' | 'http'): void {
    if (!this.#isWatched) return;
    if (cseq === undefined) this.#report({ direction: 'up', over, name: 'ack', id: undefined, data: { ack } });
    else this.#report({ direction: 'up', over, name: 'post', id: cseq, data: listItems(payload, createAudioEntry) });
  }

  /** @param ms duration of the attempt, in ms */
  reportAnswer({ cseq }: Post, over: 'ws' | 'http', outcome: PostOutcome, ms: number): void {
    // The acknowledgement over a WebSocket has no answer, and that over HTTP says nothing.
    if (!this.#isWatched || cseq === undefined) return;
    this.#report({ direction: 'down', over, name: 'answer', id: cseq, data: { ...outcome, ms: Math.round(ms) } });
  }

  get #isWatched(): boolean {
    return this.#emitter.has('traffic');
  }

  #report(traffic: Traffic): void {
    this.#emitter.emit('traffic', traffic);
  }
}

/** Names audio by its duration: nobody reads base64. */
function createAudioEntry(pieces: readonly Uint8Array[]): object {
  return { audio_ms: pieces.reduce((sum, { length }) => sum + length, 0) / BYTES_PER_MS };
}
