import { decodeBase64 } from '../base64.ts';
import type { PlaybackStats } from './playback-buffer.ts';

/** A message to the playback worklet. Bytes are PCM16 at 24 kHz. */
export type SpeakerCommand = Uint8Array<ArrayBuffer> | 'flush' | 'end-turn';

/** PCM16 at 24 kHz, in bytes per ms. */
const BYTES_PER_MS = 48;

/** Audio context of a browser that may have a choice of devices for a page's sound. */
interface ContextWithSink extends AudioContext {
  readonly sinkId?: string;
  setSinkId?(id: string): Promise<void>;
}

/** Plays the agent's voice. */
export class Speaker {
  readonly #context: AudioContext;
  readonly #node: AudioWorkletNode;
  readonly #gain: GainNode;
  #turn = 1;
  /** Duration of the audio of the current turn that was rendered, in ms. */
  #playedMs = 0;

  /** @param context an audio context with the playback worklet */
  constructor(context: AudioContext, onStats: (stats: PlaybackStats) => void) {
    this.#context = context;
    this.#node = new AudioWorkletNode(context, 'playback', { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.port.onmessage = ({ data: stats }: MessageEvent<PlaybackStats>) => {
      this.#playedMs = stats.playedMs;
      onStats(stats);
    };
    this.#gain = context.createGain();
    this.#node.connect(this.#gain).connect(context.destination);
  }

  /** @param volume 0 to 1 */
  set volume(volume: number) {
    // A ramp, because a jump clicks.
    this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, 0.02);
  }

  /**
   * Plays on another device. Does nothing in a browser that has no choice of devices for a page's sound.
   * @param deviceId empty, or that of a device that is not there: the default one
   */
  async setDevice(deviceId: string): Promise<void> {
    const context: ContextWithSink = this.#context;
    await context.setSinkId?.(deviceId).catch(() => context.setSinkId?.('').catch(() => undefined));
  }

  /** Id of the device that plays; empty: the default one. */
  get deviceId(): string {
    const { sinkId = '' }: ContextWithSink = this.#context;
    return sinkId;
  }

  /** Number of the turn to which the next audio belongs, as in `PlaybackStats`. */
  get turn(): number {
    return this.#turn;
  }

  /** Plays PCM16 at 24 kHz. @returns its duration, in ms */
  play(base64: string): number {
    const bytes = decodeBase64(base64);
    const ms = bytes.length / BYTES_PER_MS;
    this.#post(bytes, [bytes.buffer]);
    return ms;
  }

  endTurn(): void {
    this.#turn++;
    this.#post('end-turn');
  }

  /** Discards what was not played. */
  flush(): void {
    this.#turn++;
    this.#post('flush');
  }

  /** Returns the duration of the answer that the user has heard, in ms: the rendered audio less the output latency. */
  getHeardMs(): number {
    return Math.max(0, Math.round(this.#playedMs - (this.#context.outputLatency || 0) * 1000));
  }

  #post(command: SpeakerCommand, transfer: Transferable[] = []): void {
    this.#node.port.postMessage(command, transfer);
  }
}
