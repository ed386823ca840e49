import { pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler } from '../audio/resampler.ts';

export interface PlaybackStats {
  /** What has arrived and not been heard. ms */
  readonly bufferedMs: number;
  /** How much of the current turn has been rendered. ms */
  readonly playedMs: number;
  readonly playing: boolean;
  /** Since the beginning. */
  readonly underruns: number;
  /** Of what was rendered since the last call, 0..1. */
  readonly level: number;
}

/** How much must be there before a turn starts to sound; rises after each underrun, since the network has shown its jitter. */
const START_MS = 80;
const MAX_START_MS = 250;
const START_FACTOR = 1.5;
/** After this much sound without an underrun the threshold goes down again. */
const CLEAN_MS = 30_000;

const FADE_IN_MS = 5;
/** Long enough not to click, short enough to feel immediate. */
const FADE_OUT_MS = 8;
/** What is resampled at once: a constant small load for each render quantum, however large the pieces that arrive are. */
const PIECE_MS = 5;

const NOTHING = new Float32Array(0);
const END = Symbol('end of turn');

/**
 * The agent's voice between network and loudspeaker: a queue of chunks, one resampler that runs on across them, and a start
 * threshold against jitter. It never holds a sample and never stops in mid-wave: every start and stop is a short fade.
 */
export class PlaybackBuffer {
  readonly #sourceRate: number;
  readonly #outputRate: number;
  readonly #resampler;

  #queue: (Int16Array | typeof END)[] = [];
  #queueOffset = 0;
  #queuedSamples = 0;
  #endsQueued = 0;
  /** The last samples of the turn are in #ready. */
  #ending = false;
  /** Resampled, about to be heard. */
  #ready: Float32Array = NOTHING;
  #readyAt = 0;
  /** A fade-out that comes before everything else. */
  #tail: Float32Array = NOTHING;
  #tailAt = 0;

  #playing = false;
  #fadedIn = 0;
  #lastSample = 0;
  #startMs = START_MS;
  #cleanSamples = 0;
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

  /** Nothing more belongs to this turn: what is there is played to its end, however short, and running dry is no underrun. */
  endTurn(): void {
    this.#queue.push(END);
    this.#endsQueued++;
  }

  /** Silence, now: the next 8 ms fade out, the rest is forgotten. */
  flush(): void {
    if (this.#playing) this.#setTail(this.#fadeOut());
    this.#queue = [];
    this.#queueOffset = 0;
    this.#queuedSamples = 0;
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
      if (this.#turnBegins) this.#playedSamples = 0;
      this.#turnBegins = false;
      this.#playedSamples++;
      this.#relax();
      return sample * this.#fadeInGain();
    }
    // Either the turn has ended, and the next one may be there already, or it has run dry and fades out.
    if (this.#playing) this.#underrun();
    return this.#next();
  }

  /** The next sample at the output's rate; undefined at the end of a turn and when nothing is there. */
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

  #finishTurn(): void {
    this.#ready = NOTHING;
    this.#readyAt = 0;
    this.#ending = false;
    this.#playing = false;
    this.#turnBegins = true;
  }

  #underrun(): void {
    this.#underruns++;
    this.#cleanSamples = 0;
    this.#startMs = Math.min(MAX_START_MS, this.#startMs * START_FACTOR);
    this.#playing = false;
    // There is nothing left to fade out, so the last value runs down to zero.
    const length = this.#samples(FADE_IN_MS);
    this.#setTail(Float32Array.from({ length }, (_, i) => this.#lastSample * (1 - (i + 1) / length)));
  }

  #fadeOut(): Float32Array {
    const wanted = this.#samples(FADE_OUT_MS);
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
    const length = this.#samples(FADE_IN_MS);
    return this.#fadedIn < length ? ++this.#fadedIn / length : 1;
  }

  #relax(): void {
    if (++this.#cleanSamples < this.#samples(CLEAN_MS)) return;
    this.#cleanSamples = 0;
    this.#startMs = Math.max(START_MS, this.#startMs / START_FACTOR);
  }

  #bufferedMs(): number {
    const ready = this.#ready.length - this.#readyAt;
    return (this.#queuedSamples * 1000) / this.#sourceRate + (ready * 1000) / this.#outputRate;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#outputRate) / 1000);
  }
}
