import { bytesToPcm16 } from '../../audio/pcm.ts';
import { PlaybackBuffer } from './playback-buffer.ts';
import type { SpeakerCommand } from './speaker.ts';

/** Sample rate of the model providers' speech, in Hz. */
const PLAYBACK_RATE = 24_000;
/** Interval between two reports, in ms. */
const REPORT_MS = 100;

class PlaybackProcessor extends AudioWorkletProcessor {
  readonly #buffer = new PlaybackBuffer(PLAYBACK_RATE, sampleRate);
  readonly #reportEvery = Math.round((REPORT_MS * sampleRate) / 1000);
  #sinceReport = 0;
  #wasPlaying = false;

  constructor() {
    super();
    this.port.onmessage = ({ data: command }: MessageEvent<SpeakerCommand>) => {
      if (command === 'flush') this.#buffer.flush();
      else if (command === 'end-turn') this.#buffer.endTurn();
      else this.#buffer.write(bytesToPcm16(command));
      if (command === 'flush') this.#report();
    };
  }

  override process(_inputs: Float32Array[][], [output]: Float32Array[][]): boolean {
    const [left, ...others] = output ?? [];
    if (!left) return true;
    this.#buffer.render(left);
    for (const other of others) other.set(left);
    this.#sinceReport += left.length;
    if (this.#sinceReport >= this.#reportEvery) this.#report();
    return true;
  }

  #report(): void {
    this.#sinceReport = 0;
    const stats = this.#buffer.stats();
    // Do not report silence after silence.
    if (!stats.playing && !this.#wasPlaying && stats.bufferedMs === 0 && stats.level === 0) return;
    this.#wasPlaying = stats.playing || stats.level > 0;
    this.port.postMessage(stats);
  }
}

registerProcessor('playback', PlaybackProcessor);
