import type { ErrorBody } from '../wire/wire-error.ts';
import { isMultiplexed } from './http-version.ts';
import type { WayDown } from './link.ts';
import { byteSize, type Post } from './numbered-post.ts';
import { type PostOptions, type PostOutcome, sendPost } from './post.ts';
import { toRejection } from './rejection.ts';
import type { Refusal } from './send-result.ts';
import type { TrafficReporter } from './traffic-reporter.ts';

/** Maximum body of a POST until `session` names it, in bytes. */
const DEFAULT_BODY_BYTES = 4 * 1024 * 1024;
/** Maximum number of POSTs in flight, where they do not wait for each other. */
const MAX_PARALLEL = 4;

export interface PostTransmitterOptions extends PostOptions {
  /** Number of POSTs in flight over HTTP, 1 to 4; `undefined`: 4 over HTTP/2, else 1. */
  readonly parallelPosts: number | undefined;
  readonly traffic: Pick<TrafficReporter, 'reportPost' | 'reportAnswer'>;
  /** Called when the server refuses the credentials of the client, for good. */
  onRejected(refusal: Refusal): void;
}

/** Sends POSTs over the WebSocket in use, or over HTTP. */
export class PostTransmitter {
  readonly #options: PostTransmitterOptions;
  #down: WayDown | undefined;
  #bodyBytes = DEFAULT_BODY_BYTES;
  #multiplexed = false;
  /** POSTs whose last attempt went over a WebSocket. */
  readonly #triedSocket = new WeakSet<Post>();

  constructor(options: PostTransmitterOptions) {
    this.#options = options;
  }

  attach(down: WayDown): void {
    this.#down = down;
  }

  /** Maximum body that the server accepts, in bytes. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  set bodyBytes(bytes: number) {
    this.#bodyBytes = bytes;
  }

  /** Number of POSTs that may be in flight now. A WebSocket keeps their order by itself. */
  get parallelPosts(): number {
    const isParallel = this.#multiplexed || this.#down?.sendPost !== undefined;
    return this.#options.parallelPosts ?? (isParallel ? MAX_PARALLEL : 1);
  }

  /** Sends a POST once. Never throws. @param timeoutMs maximum time until the answer */
  async transmit(post: Post, signal: AbortSignal, timeoutMs: number): Promise<PostOutcome> {
    // An attempt that got no answer over a WebSocket is repeated over HTTP. A body above the limit would cost the WebSocket its connection.
    const canUseSocket = !this.#triedSocket.delete(post) && byteSize(post.payload) < this.#bodyBytes;
    const sendOverSocket = canUseSocket ? this.#down?.sendPost : undefined;
    if (sendOverSocket) this.#triedSocket.add(post);
    const over = sendOverSocket ? 'ws' : 'http';
    const { traffic } = this.#options;
    const sentAt = performance.now();
    traffic.reportPost(post, over);
    const outcome = await (sendOverSocket?.(post, signal, timeoutMs) ?? this.transmitOverHttp(post, signal, timeoutMs));
    traffic.reportAnswer(post, over, outcome, performance.now() - sentAt);
    this.#multiplexed ||= isMultiplexed(this.#options.address({}));
    if (outcome.kind === 'accepted') this.#down?.onPostAnswered(outcome.written, sentAt);
    if (outcome.kind === 'refused') this.#reportRejection(outcome.failure);
    return outcome;
  }

  /** Sends a POST once over HTTP, where the answer to a POST without a number names the next number too. Never throws. */
  transmitOverHttp(post: Post, signal: AbortSignal, timeoutMs: number): Promise<PostOutcome> {
    return sendPost(post, this.#options, signal, timeoutMs);
  }
  #reportRejection(failure: ErrorBody): void {
    const rejection = toRejection(failure);
    if (rejection) this.#options.onRejected(rejection);
  }
}
