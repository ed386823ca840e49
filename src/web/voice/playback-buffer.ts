import { pcm16ToFloat } from '../../audio/pcm.ts';
import { createResampler } from '../../audio/resampler.ts';

export interface PlaybackStats {
  /** Duration of the audio that has arrived and not been rendered, in ms. */
  readonly bufferedMs: number;
  /** Number of the turn that is rendered, or was rendered last, from 1; 0 before the first. Every end of a turn and every flush begins another. */
  readonly turn: number;
  /** Duration of that turn's audio that has been rendered, in ms. */
  readonly playedMs: number;
  readonly playing: boolean;
  /** Number of underruns since the start. */
  readonly underruns: number;
  /** Root mean square of the audio rendered since the last report, 0 to 1. */
  readonly level: number;
}

/** Initial start threshold: duration of buffered audio at which a turn starts to play, in ms. An underrun raises it. */
const START_MS = 80;
/** Maximum start threshold, in ms. */
const MAX_START_MS = 250;
/** Factor by which an underrun raises the start threshold. */
const START_FACTOR = 1.5;
/** Duration of audio without an underrun after which the start threshold is lowered, in ms. */
const CLEAN_MS = 30_000;

/** Duration of a fade-in, in ms. */
const FADE_IN_MS = 5;
/** Duration of a fade-out, in ms: long enough to avoid a click, short enough to feel immediate. */
const FADE_OUT_MS = 8;
/** Duration of the audio that is resampled at once, in ms. The load of a render quantum is small, whatever the size of a chunk. */
const PIECE_MS = 5;

const NOTHING = new Float32Array(0);
const END = Symbol('end of turn');

/**
 * Buffers the agent's voice between network and speaker: a queue of chunks, a resampler whose state continues across them, and a
 * start threshold against jitter. Every start and stop is a short fade, so that no click is audible.
 */
export class PlaybackBuffer {
  readonly #sourceRate: number;
  readonly #outputRate: number;
  readonly #resampler;

  #queue: (Int16Array | typeof END)[] = [];
  #queueOffset = 0;
  #queuedSamples = 0;
  #endsQueued = 0;
  /** Whether #ready holds the last samples of the turn. */
  #ending = false;
  /** Resampled audio that is rendered next. */
  #ready: Float32Array = NOTHING;
  #readyAt = 0;
  /** Fade-out that is rendered before everything else. */
  #tail: Float32Array = NOTHING;
  #tailAt = 0;

  #playing = false;
  #fadedIn = 0;
  #lastSample = 0;
  #startMs = START_MS;
  #cleanSamples = 0;
  #turn = 0;
  /** Number of turns that have ended. */
  #endedTurns = 0;
  #playedSamples = 0;
  #turnBegins = true;
  #underruns = 0;
  #squares = 0;
  #measured = 0;

  constructor(sourceRate: number, outputRate: number) {
    this.#sourceRate = sourceRate;
    this.#outputRate = outputRate;
    this.#resampler = createResampler(sourceRate, outputRate);
  }

  write(pcm: Int16Array): void {
    if (pcm.length === 0) return;
    this.#queue.push(pcm);
    this.#queuedSamples += pcm.length;
  }

  /** Marks the end of the turn. The buffered audio is played to its end, however short it is, and the end is not an underrun. */
  endTurn(): void {
    this.#queue.push(END);
    this.#endsQueued++;
  }

  /** Stops playback: the next 8 ms fade out, and the rest is discarded. */
  flush(): void {
    if (this.#playing) this.#setTail(this.#fadeOut());
    this.#queue = [];
    this.#queueOffset = 0;
    this.#queuedSamples = 0;
    this.#endedTurns += this.#endsQueued + 1;
    this.#endsQueued = 0;
    this.#resampler.flush();
    this.#finishTurn();
  }

  render(output: Float32Array): void {
    let at = 0;
    while (at < output.length) {
      const sample = this.#next();
      if (sample === undefined) break;
      output[at++] = sample;
      this.#lastSample = sample;
      this.#squares += sample * sample;
    }
    output.fill(0, at);
    this.#measured += output.length;
  }

  stats(): PlaybackStats {
    const level = this.#measured === 0 ? 0 : Math.min(1, Math.sqrt(this.#squares / this.#measured));
    this.#squares = 0;
    this.#measured = 0;
    return {
      bufferedMs: this.#bufferedMs(),
      turn: this.#turn,
      playedMs: (this.#playedSamples * 1000) / this.#outputRate,
      playing: this.#playing,
      underruns: this.#underruns,
      level,
    };
  }

  #next(): number | undefined {
    if (this.#tailAt < this.#tail.length) return this.#tail[this.#tailAt++];
    if (!this.#playing) {
      if (this.#endsQueued === 0 && this.#bufferedMs() < this.#startMs) return undefined;
      this.#playing = true;
      this.#fadedIn = 0;
    }
    const sample = this.#pull();
    if (sample !== undefined) {
      if (this.#turnBegins) this.#beginTurn();
      this.#playedSamples++;
      this.#lowerThreshold();
      return sample * this.#fadeInGain();
    }
    // Without a sample, either the turn has ended and the next one may follow, or the buffer has run dry.
    if (this.#playing) this.#startUnderrun();
    return this.#next();
  }

  /** Returns the next sample at the output rate, or undefined at the end of a turn or if the buffer is empty. */
  #pull(): number | undefined {
    while (this.#readyAt >= this.#ready.length) {
      if (this.#ending) {
        this.#finishTurn();
        return undefined;
      }
      const head = this.#queue[0];
      if (head === undefined) return undefined;
      this.#readyAt = 0;
      if (head === END) {
        this.#queue.shift();
        this.#endsQueued--;
        this.#endedTurns++;
        this.#ready = this.#resampler.flush();
        this.#ending = true;
      } else {
        this.#ready = this.#resampler.process(pcm16ToFloat(this.#takePiece(head)));
      }
    }
    return this.#ready[this.#readyAt++];
  }

  #takePiece(head: Int16Array): Int16Array {
    const piece = head.subarray(this.#queueOffset, this.#queueOffset + (PIECE_MS * this.#sourceRate) / 1000);
    this.#queueOffset += piece.length;
    this.#queuedSamples -= piece.length;
    if (this.#queueOffset >= head.length) {
      this.#queue.shift();
      this.#queueOffset = 0;
    }
    return piece;
  }

  #beginTurn(): void {
    this.#turnBegins = false;
    this.#turn = this.#endedTurns + 1;
    this.#playedSamples = 0;
  }

  #finishTurn(): void {
    this.#ready = NOTHING;
    this.#readyAt = 0;
    this.#ending = false;
    this.#playing = false;
    this.#turnBegins = true;
  }

  #startUnderrun(): void {
    this.#underruns++;
    this.#cleanSamples = 0;
    this.#startMs = Math.min(MAX_START_MS, this.#startMs * START_FACTOR);
    this.#playing = false;
    // Run the last value down to zero, because no audio is left to fade out.
    const length = this.#toSamples(FADE_IN_MS);
    this.#setTail(Float32Array.from({ length }, (_, i) => this.#lastSample * (1 - (i + 1) / length)));
  }

  #fadeOut(): Float32Array {
    const wanted = this.#toSamples(FADE_OUT_MS);
    const tail: number[] = [];
    while (tail.length < wanted) {
      const sample = this.#pull();
      if (sample === undefined) break;
      tail.push(sample * this.#fadeInGain());
    }
    return Float32Array.from(tail, (sample, i) => sample * (1 - (i + 1) / tail.length));
  }

  #setTail(tail: Float32Array): void {
    this.#tail = tail;
    this.#tailAt = 0;
  }

  #fadeInGain(): number {
    const length = this.#toSamples(FADE_IN_MS);
    return this.#fadedIn < length ? ++this.#fadedIn / length : 1;
  }

  #lowerThreshold(): void {
    if (++this.#cleanSamples < this.#toSamples(CLEAN_MS)) return;
    this.#cleanSamples = 0;
    this.#startMs = Math.max(START_MS, this.#startMs / START_FACTOR);
  }

  #bufferedMs(): number {
    const ready = this.#ready.length - this.#readyAt;
    return (this.#queuedSamples * 1000) / this.#sourceRate + (ready * 1000) / this.#outputRate;
  }

  #toSamples(ms: number): number {
    return Math.round((ms * this.#outputRate) / 1000);
  }
}
