import type { Microphone } from './microphone.ts';

export interface MicrophoneGateOptions {
  readonly microphone: Pick<Microphone, 'open' | 'close'>;
  /** Called before audio is passed on. */
  readonly onOpen: () => void;
  /** Called after the last audio was passed on. */
  readonly onClosed: () => void;
}

/** Time for which the microphone stays open after the user has let go of the button, in ms: people let go before they have finished. */
const TAIL_MS = 200;

/** Decides whether the microphone's audio is passed on: not while it is muted, and with push-to-talk only while the user asks for it. */
export class MicrophoneGate {
  readonly #options: MicrophoneGateOptions;
  #muted = false;
  #systemMuted = false;
  #pushToTalk = false;
  #talking = false;
  #isOpen = false;
  #isMoving = false;
  #isStopped = true;
  #tail: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MicrophoneGateOptions) {
    this.#options = options;
  }

  /** Opens or closes the microphone from now on. */
  start(): void {
    this.#isStopped = false;
    void this.#move();
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    void this.#move();
  }

  setSystemMuted(muted: boolean): void {
    this.#systemMuted = muted;
    void this.#move();
  }

  /** @param pushToTalk whether the gate is open only while the user talks */
  setPushToTalk(pushToTalk: boolean): void {
    this.#pushToTalk = pushToTalk;
    void this.#move();
  }

  /** Opens the gate at once, and closes it 200 ms after the user has stopped talking. */
  setTalking(talking: boolean): void {
    clearTimeout(this.#tail);
    if (talking) this.#applyTalking(true);
    else this.#tail = setTimeout(() => this.#applyTalking(false), TAIL_MS);
  }

  /** Stops without another report. */
  stop(): void {
    clearTimeout(this.#tail);
    this.#isStopped = true;
  }

  #applyTalking(talking: boolean): void {
    this.#talking = talking;
    void this.#move();
  }

  get #isWanted(): boolean {
    return !this.#muted && !this.#systemMuted && (this.#talking || !this.#pushToTalk);
  }

  /** Opens or closes the microphone until it is as it should be, which may change meanwhile. */
  async #move(): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    const { microphone, onOpen, onClosed } = this.#options;
    while (!this.#isStopped && this.#isOpen !== this.#isWanted) {
      this.#isOpen = !this.#isOpen;
      if (this.#isOpen) {
        onOpen();
        microphone.open();
      } else {
        await microphone.close(this.#muted);
        if (!this.#isStopped) onClosed();
      }
    }
    this.#isMoving = false;
  }
}
