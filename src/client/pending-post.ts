import { isClose } from './backlog.ts';
import { byteSize, type Post } from './numbered-post.ts';
import type { PostOutcome, PostSender } from './post.ts';
import { slowAfterMs } from './post-timeouts.ts';
import type { SendResult } from './send-result.ts';

/** Numbered POST that the server has not answered for good. */
export class PendingPost {
  readonly cseq: number;
  readonly post: Post;
  /** Whether the server has the POST, and waits for one before it. */
  held = false;
  /** Whether another answer has shown that the number was used, so that only the answer to this POST is missing. */
  applied = false;
  readonly #cancelled = new AbortController();
  /** Attempt that is in flight. */
  #attempt: { readonly sentAt: number; readonly abort: AbortController } | undefined;

  constructor(cseq: number, post: Post) {
    this.cseq = cseq;
    this.post = post;
  }

  /** Aborted when the POST is given up. */
  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  get bytes(): number {
    return byteSize(this.post.payload);
  }

  /** Whether the POST only fills a gap in the numbers. */
  get isFiller(): boolean {
    return this.post.payload.length === 0;
  }

  /** Whether the POST ends the live session. */
  get closes(): boolean {
    return this.post.payload.some(isClose);
  }

  /**
   * Makes one attempt.
   * @param onSlow called if the answer takes longer than usual
   * @returns the outcome, and whether the attempt was given up by `retryStalled`
   */
  async attempt(
    transmit: PostSender,
    { sentAt, timeoutMs, onSlow }: { sentAt: number; timeoutMs: number; onSlow?: (() => void) | undefined },
  ): Promise<{ readonly outcome: PostOutcome; readonly stalled: boolean }> {
    const slowTimer = onSlow && setTimeout(onSlow, slowAfterMs(this.bytes));
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    this.signal.addEventListener('abort', giveUp);
    this.#attempt = { sentAt, abort };
    const outcome = await transmit(this.post, abort.signal, timeoutMs);
    clearTimeout(slowTimer);
    this.signal.removeEventListener('abort', giveUp);
    this.#attempt = undefined;
    return { outcome, stalled: outcome.kind === 'failed' && abort.signal.aborted };
  }

  /** Gives up an attempt that has waited for too long, so that the next one uses a better way. */
  retryStalled(now: number): void {
    if (this.#attempt && now - this.#attempt.sentAt > slowAfterMs(this.bytes)) this.#attempt.abort.abort();
  }

  /** Ends all attempts. */
  cancel(): void {
    this.#cancelled.abort();
  }

  /** Reports the result to the callers that sent the items. */
  settleItems(result: SendResult): void {
    for (const input of this.post.payload) if ('item' in input) input.settle(result);
  }
}
