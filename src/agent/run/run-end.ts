/** Maximum time in which a run ends after a tool has asked for its end, in ms. Usually it ends with the reply. */
const END_MS = 30_000;

/** The end of a run that its agent wants: with the reply that is being given, or at once. */
export class RunEnd {
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param onEnd called once, when the run has to end */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Whether the agent has ended the run. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A tool asks for the end of the run. It comes with the end of the exchange, and after 30 s in any case. */
  request(): void {
    if (!this.#isOver) this.#timer ??= setTimeout(() => this.endNow(), END_MS).unref();
  }

  /** The exchange is complete. */
  onExchangeEnd(): void {
    if (this.#timer) this.endNow();
  }

  endNow(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
  }

  /** The run is over for another reason. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
