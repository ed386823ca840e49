import type { PendingPost } from './pending-post.ts';
import type { PostOutcome } from './post.ts';
import type { Refusal, SendResult } from './send-result.ts';

/** Maximum number of POSTs without an answer: the server's window is 16. */
const MAX_PENDING = 12;

/** Numbers of POSTs: those without an answer, and what the answers say about the others. */
export class PostSequence {
  /** Pending POSTs in the order of their numbers. */
  #pending: PendingPost[] = [];
  #next = 1;
  /** Lowest number that the server may lack, according to its answers. */
  #missing = 1;
  /** Numbers from `#missing` on that a refusal has consumed. */
  readonly #consumed = new Set<number>();

  get pending(): readonly PendingPost[] {
    return this.#pending;
  }

  /** Whether another POST may be sent. @param parallel maximum number of POSTs that the server does not have */
  hasRoom(parallel: number): boolean {
    return this.#pending.length < MAX_PENDING && this.#pending.filter(({ held }) => !held).length < parallel;
  }

  takeNumber(): number {
    return this.#next++;
  }

  add(pending: PendingPost): void {
    this.#pending.push(pending);
    this.#pending.sort((one, other) => one.cseq - other.cseq);
  }

  /**
   * Starts again at number `from`: in another live session, or in one that has forgotten this client.
   * @returns the POSTs that were pending
   */
  restart(from: number): PendingPost[] {
    const pending = this.#pending;
    this.#pending = [];
    this.#next = from;
    this.#missing = from;
    this.#consumed.clear();
    for (const post of pending) post.cancel();
    return pending;
  }

  settle(pending: PendingPost, result: SendResult): void {
    this.#pending = this.#pending.filter((other) => other !== pending);
    pending.settleItems(result);
  }

  /**
   * Notes that the server has accepted a POST.
   * @returns `contradiction`: the server holds the POST for a number that was consumed. Either the answer was overtaken by another, or the
   * server has forgotten this client
   */
  onAccepted(pending: PendingPost, { held, next }: PostOutcome & { kind: 'accepted' }): 'contradiction' | undefined {
    if (held) pending.held = true;
    else this.settle(pending, { sent: true });
    const reported = next ?? pending.cseq + 1;
    if (held && reported < this.#missing && this.#missing <= pending.cseq) return 'contradiction';
    this.#missing = Math.max(this.#missing, reported);
    return undefined;
  }

  /** Notes the next number, for which the server was asked. */
  onNextReported(next: number): void {
    if (next < this.#missing) this.#consumed.clear();
    this.#missing = next;
  }

  onRefused(pending: PendingPost, refusal: Refusal): void {
    this.settle(pending, { sent: false, refusal });
    // A refusal by the server consumes the number, unless the body is too large: the server does not read such a body.
    const consumes = refusal.code !== undefined && refusal.code !== 'body_too_large';
    if (consumes && pending.cseq >= this.#missing) this.#consumed.add(pending.cseq);
  }

  /**
   * Settles the POSTs that are known to be applied.
   * @returns a number that the server waits for and no pending POST has: it must be filled
   */
  catchUp(): number | undefined {
    // A held POST waited for nothing but the numbers before it.
    const isHeld = (number: number) => this.#pending.some(({ held, cseq }) => held && cseq === number);
    while (this.#consumed.delete(this.#missing) || isHeld(this.#missing)) this.#missing += 1;
    for (const pending of this.#pending) pending.applied ||= pending.cseq < this.#missing;
    // A POST that is still in flight stays: its own answer may be a refusal.
    for (const pending of this.#pending) if (pending.held && pending.applied) this.settle(pending, { sent: true });
    const [lowest] = this.#pending;
    // The missing POST was refused unread, or its answer is forgotten.
    const isGap = lowest && this.#missing < lowest.cseq && this.#pending.every(({ held }) => held);
    return isGap ? this.#missing : undefined;
  }
}
