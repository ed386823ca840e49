/** Notices a model that answers nothing to a message. Speech is not watched: a model may stay silent when nobody speaks to it. */
export class ReplyWatch {
  readonly #limitMs: number | undefined;
  readonly #onChange: (isStalled: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #isStalled = false;

  /**
   * @param limitMs maximum wait for the first part of an answer, in ms; `undefined`: no limit
   * @param onChange called when the limit is reached, and when an answer comes after all
   */
  constructor(limitMs: number | undefined, onChange: (isStalled: boolean) => void) {
    this.#limitMs = limitMs;
    this.#onChange = onChange;
  }

  /** A message was sent to the model. */
  onMessage(): void {
    if (this.#limitMs === undefined) return;
    this.#timer ??= setTimeout(() => this.#onLimit(), this.#limitMs).unref();
  }

  /** The model has sent a part of an answer, a call of a tool, or the end of its turn. */
  onOutput(): void {
    this.stop();
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#onChange(false);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #onLimit(): void {
    this.#timer = undefined;
    if (this.#isStalled) return;
    this.#isStalled = true;
    this.#onChange(true);
  }
}
