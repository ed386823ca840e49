import { rms } from '../audio/energy.ts';
import type { ActivityDetection } from './gemini-setup.ts';

/** Length of the blocks the detector takes, ms. */
export const DETECTION_FRAME_MS = 20;

export interface VoiceActivityDetector {
  /** Takes the next 20 ms. Says when speech begins, and when it has ended. */
  push(frame: Float32Array): 'start' | 'end' | undefined;
  /** Between start and end. */
  readonly speaking: boolean;
  /** How many frames ago the speech began, when it just has. */
  readonly framesSinceOnset: number;
  /** Frames of silence since the last speech. */
  readonly framesSinceSpeech: number;
  /** Speech is over, whatever follows. */
  reset(): void;
}

/** Speech that makes a start, ms: shorter sounds are a door or a key. */
const DEFAULT_START_MS = 100;
const DEFAULT_SILENCE_MS = 500;
const LONGEST_MS = 10_000;

/** Level of digital silence, dBFS, instead of minus infinity. */
const SILENCE_DB = -90;
/**
 * The room's noise before anything is known of it: quiet, so that a stream that begins with speech is heard. Half a second
 * without speech tells more.
 */
const FIRST_FLOOR_DB = -70;
/** Nothing louder is taken for the room's noise: a long steady sound this loud is the user's. */
const HIGHEST_FLOOR_DB = -36;
/** The floor is the least level of the last 3 s: speech has gaps in that time, noise has not. */
const FLOOR_WINDOWS = 6;
const FLOOR_WINDOW_FRAMES = 25;

/** Levels in dB: above the floor and on the full scale, both must be exceeded. */
const START_LEVELS = { high: { aboveFloor: 10, least: -46 }, low: { aboveFloor: 14, least: -38 } };
/** How far the level may fall below the start's before it is silence. */
const END_FALL = { high: 4, low: 8 };

/**
 * Tells speech from silence by its energy, against a noise floor that follows the room. It knows no clock but the audio's own,
 * so that it hears the same whether a recording arrives in real time or all at once.
 */
export function createVoiceActivityDetector(
  options: Pick<ActivityDetection, 'prefixPaddingMs' | 'silenceDurationMs' | 'startSensitivity' | 'endSensitivity'>,
): VoiceActivityDetector {
  const framesToStart = toFrames(options.prefixPaddingMs ?? DEFAULT_START_MS);
  const framesToEnd = toFrames(options.silenceDurationMs ?? DEFAULT_SILENCE_MS);
  const start = START_LEVELS[options.startSensitivity];
  const fall = END_FALL[options.endSensitivity];

  let floors = [FIRST_FLOOR_DB];
  let windowFloor = 0;
  let windowFrames = 0;
  let onlyAssumed = true;
  let smoothed: number | undefined;
  let speaking = false;
  let score = 0;
  let framesSinceOnset = 0;
  let framesSinceSpeech = 0;
  let voicedRun = 0;

  function followFloor(level: number): number {
    // Averaged over about three frames: one frame between two syllables is not the room.
    smoothed = smoothed === undefined ? level : smoothed + (level - smoothed) / 3;
    windowFloor = Math.min(windowFloor, smoothed);
    windowFrames++;
    if (windowFrames === FLOOR_WINDOW_FRAMES) {
      const nothingHeard = !speaking && score === 0;
      floors = onlyAssumed && nothingHeard ? [windowFloor] : [...floors.slice(1 - FLOOR_WINDOWS), windowFloor];
      onlyAssumed &&= !nothingHeard;
      windowFloor = 0;
      windowFrames = 0;
    }
    return Math.min(HIGHEST_FLOOR_DB, windowFloor, ...floors);
  }

  function reset(): void {
    speaking = false;
    score = 0;
    framesSinceOnset = 0;
    framesSinceSpeech = 0;
    voicedRun = 0;
  }

  function listen(voiced: boolean): 'start' | undefined {
    // Up with speech, down with silence: soft consonants inside the first word do not begin it anew.
    score = Math.max(0, score + (voiced ? 1 : -1));
    framesSinceOnset = score === 0 ? 0 : framesSinceOnset + 1;
    if (score < framesToStart) return undefined;
    speaking = true;
    framesSinceSpeech = 0;
    voicedRun = 0;
    return 'start';
  }

  function follow(voiced: boolean): 'end' | undefined {
    framesSinceOnset++;
    voicedRun = voiced ? voicedRun + 1 : 0;
    // A single loud frame in the silence is a click.
    framesSinceSpeech = voicedRun >= 2 ? 0 : framesSinceSpeech + 1;
    if (framesSinceSpeech < framesToEnd) return undefined;
    speaking = false;
    score = 0;
    return 'end';
  }

  return {
    push(frame) {
      const energy = rms(frame);
      const level = energy > 0 ? Math.max(SILENCE_DB, 20 * Math.log10(energy)) : SILENCE_DB;
      const threshold = Math.max(start.least, followFloor(level) + start.aboveFloor);
      return speaking ? follow(level >= threshold - fall) : listen(level >= threshold);
    },
    get speaking() {
      return speaking;
    },
    get framesSinceOnset() {
      return framesSinceOnset;
    },
    get framesSinceSpeech() {
      return framesSinceSpeech;
    },
    reset,
  };
}

function toFrames(ms: number): number {
  return Math.max(1, Math.round(Math.min(ms, LONGEST_MS) / DETECTION_FRAME_MS));
}
