/** Sample rate of the silence, in Hz: that of all audio that Gemini receives. */
const RATE = 16_000;
/** Silence that ends an utterance unless the setup says otherwise, in ms. Gemini documents no default; reports measure 500 to 800 ms. */
const DEFAULT_DETECTION_MS = 800;
/** Silence beyond what the detection needs, in ms. */
const MARGIN_MS = 500;
/** Interval and duration of the further silence, in ms, in case the detection has not noticed the end yet. */
const STEP_MS = 500;
/** Maximum duration of all silence after one end of audio, in ms. A model that does not reply by then has heard no speech, or is stuck. */
const MAX_TAIL_MS = 6_000;

/**
 * Silence after the user's audio has ended, for models whose voice detection ends an utterance only while audio arrives. Without it, a recording
 * that simply ends, or a microphone that is switched off, is never answered.
 * @see openclaw PR#152844
 */
export class SilenceTail {
  readonly #firstMs: number;
  readonly #send: (base64: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #sentMs = 0;

  /**
   * @param detectionMs silence that ends an utterance, in ms. Default: 800
   * @param send sends PCM16 at 16 kHz
   */
  constructor(detectionMs: number | undefined, send: (base64: string) => void) {
    this.#firstMs = (detectionMs ?? DEFAULT_DETECTION_MS) + MARGIN_MS;
    this.#send = send;
  }

  /** Sends silence now, and more of it until `stop`, for at most 6 s. */
  start(): void {
    this.stop();
    this.#sentMs = 0;
    this.#sendSilence(this.#firstMs);
    this.#timer = setInterval(() => this.#continue(), STEP_MS).unref();
  }

  /** Stops: the model replies, the user speaks again, or the connection is closed. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #continue(): void {
    if (this.#sentMs + STEP_MS > MAX_TAIL_MS) this.stop();
    else this.#sendSilence(STEP_MS);
  }

  #sendSilence(ms: number): void {
    this.#sentMs += ms;
    this.#send(Buffer.alloc(2 * Math.round((ms * RATE) / 1_000)).toString('base64'));
  }
}
