/** Delay of the first question, in ms. The delay doubles with each further question. */
const FIRST_DELAY_MS = 2_000;
/** Number of further questions. After the last one, missing heartbeats show that the connection is dead. */
const MAX_REPEATS = 4;

/** Asks the server what it has written, when input was sent and nothing comes down: only the server knows whether there is anything. */
export class SilenceProbe {
  readonly #ask: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Starts the probe: a POST was answered, so more is expected down. */
  onPostAnswered(): void {
    // The delay counts from the first of several POSTs: continuous speech would postpone it for ever.
    if (this.#timer === undefined) this.#wait(0);
  }

  /** Ends the probe, until the next POST is answered. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(repeats: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (repeats < MAX_REPEATS) this.#wait(repeats + 1);
        this.#ask();
      },
      FIRST_DELAY_MS * 2 ** repeats,
    );
  }
}
