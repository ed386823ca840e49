/** Maximum audio written beyond the client's acknowledgement, in ms. Audio in the network cannot be called back after an interruption. */
const MAX_UNACKED_MS = 3_000;

/** Audio that was written to one client and that the client has not acknowledged. */
export class UnackedAudio {
  /** Oldest first. */
  readonly #written: { readonly seq: number; readonly ms: number }[] = [];
  #totalMs = 0;

  /** @param seq the entry that holds the audio */
  add(seq: number, ms: number): void {
    this.#written.push({ seq, ms });
    this.#totalMs += ms;
  }

  /**
   * Whether more audio may be written before the client acknowledges.
   * @param ms duration of the audio to be written; a single piece longer than the maximum may be written if nothing else is unacknowledged
   * @param acked newest entry that the client has acknowledged; `undefined` if it never acknowledges: then there is always space
   */
  hasSpace(ms: number, acked: number | undefined): boolean {
    if (acked === undefined) {
      // The client may acknowledge for the first time later. Remember no more audio than it takes to make it wait then.
      while (this.#totalMs - (this.#written[0]?.ms ?? MAX_UNACKED_MS) >= MAX_UNACKED_MS) this.#forgetOldest();
      return true;
    }
    while (this.#written[0] && this.#written[0].seq <= acked) this.#forgetOldest();
    return this.#written.length === 0 || this.#totalMs + ms <= MAX_UNACKED_MS;
  }

  #forgetOldest(): void {
    this.#totalMs -= this.#written.shift()?.ms ?? 0;
  }
}
