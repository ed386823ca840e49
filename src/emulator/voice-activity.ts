import { rms } from '../audio/energy.ts';

/** Settings of voice activity detection, as the providers' setups carry them. */
export interface ActivityDetection {
  /** Whether the client, not the detector, reports when the user speaks. */
  readonly disabled: boolean;
  /** Duration of speech before a start is reported, in ms. The name is Gemini's. */
  readonly prefixPaddingMs: number | undefined;
  /** Duration of silence that ends an utterance, in ms. */
  readonly silenceDurationMs: number | undefined;
  readonly startSensitivity: 'high' | 'low';
  readonly endSensitivity: 'high' | 'low';
}

/** Duration of the frames that the detector receives, in ms. */
export const DETECTION_FRAME_MS = 20;

/** Default duration of speech before a start is reported, in ms. Shorter sounds are a door or a key. */
const DEFAULT_START_MS = 100;
/** Default duration of silence that ends an utterance, in ms. */
const DEFAULT_SILENCE_MS = 500;
/** Maximum of both durations, in ms. */
const MAX_DURATION_MS = 10_000;

/** Level assumed for digital silence, in dBFS, in place of minus infinity. */
const SILENCE_DB = -90;
/**
 * Noise floor assumed before the room was measured, in dBFS. The value is low, so that a stream that begins with speech is
 * detected. Half a second without speech replaces it with a measurement.
 */
const FIRST_FLOOR_DB = -70;
/** Maximum noise floor, in dBFS. A long steady sound above this level counts as the user's. */
const HIGHEST_FLOOR_DB = -36;
/** Number of windows in the floor: the minimum level of the last 3 s. Speech has gaps in that time, noise has none. */
const FLOOR_WINDOWS = 6;
const FLOOR_WINDOW_FRAMES = 25;

/** Levels that speech must exceed, in dB: above the floor and on the full scale. */
const START_LEVELS = { high: { aboveFloor: 10, least: -46 }, low: { aboveFloor: 14, least: -38 } };
/** Difference in dB by which the level may fall below the start level before it counts as silence. */
const END_FALL = { high: 4, low: 8 };

/**
 * Separates speech from silence by energy, against a noise floor that follows the room. The only clock is the audio's own, so
 * that the result is the same whether a recording arrives in real time or at once.
 */
export class VoiceActivityDetector {
  readonly #framesToStart: number;
  readonly #framesToEnd: number;
  readonly #start: { readonly aboveFloor: number; readonly least: number };
  readonly #fall: number;

  #floors = [FIRST_FLOOR_DB];
  #windowFloor = 0;
  #windowFrames = 0;
  #floorIsAssumed = true;
  #smoothed: number | undefined;
  #speaking = false;
  #score = 0;
  #framesSinceOnset = 0;
  #framesSinceSpeech = 0;
  #voicedRun = 0;

  constructor(
    options: Pick<ActivityDetection, 'prefixPaddingMs' | 'silenceDurationMs' | 'startSensitivity' | 'endSensitivity'>,
  ) {
    this.#framesToStart = toFrames(options.prefixPaddingMs ?? DEFAULT_START_MS);
    this.#framesToEnd = toFrames(options.silenceDurationMs ?? DEFAULT_SILENCE_MS);
    this.#start = START_LEVELS[options.startSensitivity];
    this.#fall = END_FALL[options.endSensitivity];
  }

  /** Whether speech has started and not ended. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Number of frames since the onset of the speech, when `push` has just reported its start. */
  get framesSinceOnset(): number {
    return this.#framesSinceOnset;
  }

  /** Number of frames of silence since the last speech. */
  get framesSinceSpeech(): number {
    return this.#framesSinceSpeech;
  }

  /** Processes the next 20 ms. Reports the start and the end of speech. */
  push(frame: Float32Array): 'start' | 'end' | undefined {
    const energy = rms(frame);
    const level = energy > 0 ? Math.max(SILENCE_DB, 20 * Math.log10(energy)) : SILENCE_DB;
    const threshold = Math.max(this.#start.least, this.#updateFloor(level) + this.#start.aboveFloor);
    return this.#speaking ? this.#detectEnd(level >= threshold - this.#fall) : this.#detectStart(level >= threshold);
  }

  /** Ends the current speech. Keeps the noise floor. */
  reset(): void {
    this.#speaking = false;
    this.#score = 0;
    this.#framesSinceOnset = 0;
    this.#framesSinceSpeech = 0;
    this.#voicedRun = 0;
  }

  #updateFloor(level: number): number {
    // Average over about three frames: a single frame between two syllables is not the room's noise.
    this.#smoothed = this.#smoothed === undefined ? level : this.#smoothed + (level - this.#smoothed) / 3;
    this.#windowFloor = Math.min(this.#windowFloor, this.#smoothed);
    this.#windowFrames++;
    if (this.#windowFrames === FLOOR_WINDOW_FRAMES) {
      const isQuiet = !this.#speaking && this.#score === 0;
      this.#floors =
        this.#floorIsAssumed && isQuiet
          ? [this.#windowFloor]
          : [...this.#floors.slice(1 - FLOOR_WINDOWS), this.#windowFloor];
      this.#floorIsAssumed &&= !isQuiet;
      this.#windowFloor = 0;
      this.#windowFrames = 0;
    }
    return Math.min(HIGHEST_FLOOR_DB, this.#windowFloor, ...this.#floors);
  }

  #detectStart(voiced: boolean): 'start' | undefined {
    // Count up for speech and down for silence, so that a soft consonant inside the first word does not restart the count.
    this.#score = Math.max(0, this.#score + (voiced ? 1 : -1));
    this.#framesSinceOnset = this.#score === 0 ? 0 : this.#framesSinceOnset + 1;
    if (this.#score < this.#framesToStart) return undefined;
    this.#speaking = true;
    this.#framesSinceSpeech = 0;
    this.#voicedRun = 0;
    return 'start';
  }

  #detectEnd(voiced: boolean): 'end' | undefined {
    this.#framesSinceOnset++;
    this.#voicedRun = voiced ? this.#voicedRun + 1 : 0;
    // Ignore a single loud frame in the silence, which is a click.
    this.#framesSinceSpeech = this.#voicedRun >= 2 ? 0 : this.#framesSinceSpeech + 1;
    if (this.#framesSinceSpeech < this.#framesToEnd) return undefined;
    this.#speaking = false;
    this.#score = 0;
    return 'end';
  }
}

function toFrames(ms: number): number {
  return Math.max(1, Math.round(Math.min(ms, MAX_DURATION_MS) / DETECTION_FRAME_MS));
}
