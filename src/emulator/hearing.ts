import { floatToPcm16, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler, type Resampler } from '../audio/resampler.ts';
import type { HeardPcm } from './gemini-media.ts';
import type { ActivityDetection } from './gemini-setup.ts';
import { createVoiceActivityDetector, DETECTION_FRAME_MS } from './voice-activity.ts';

/** The rate that everything heard is brought to, Hz. */
export const HEARING_RATE = 16_000;

/** What the user said between two silences, or between activityStart and activityEnd. */
export interface Utterance {
  /** Mono PCM16 at HEARING_RATE: its first 30 s. */
  readonly samples: Int16Array;
  /** How long it was, all of it. */
  readonly seconds: number;
}

export interface Hearing {
  hear(pcm: HeardPcm): void;
  /** The microphone is off: what is being said is complete. */
  endStream(): void;
  /** For detection that is disabled: the client says when the user speaks. */
  startActivity(): void;
  endActivity(): void;
}

export interface HearingEvents {
  /** @param offsetSeconds since the first sample */
  onSpeechStart(offsetSeconds: number): void;
  onUtterance(utterance: Utterance, offsetSeconds: number): void;
}

const FRAME = (HEARING_RATE * DETECTION_FRAME_MS) / 1000;
/** Kept of one utterance; what is said beyond is measured, not kept. */
const MAX_KEPT_SAMPLES = 30 * HEARING_RATE;
/** Kept from before the speech was noticed: soft beginnings lie there. */
const LEAD_FRAMES = 10;
/** Kept while nobody speaks: where speech takes longer than that to be believed, its beginning is cut to this. */
const MAX_LEAD_FRAMES = 1000 / DETECTION_FRAME_MS;
/** Kept of the silence after it. */
const TRAIL_FRAMES = 8;

/** Cuts the microphone's audio into utterances. */
export function createHearing(detection: ActivityDetection, { onSpeechStart, onUtterance }: HearingEvents): Hearing {
  const detector = detection.disabled ? undefined : createVoiceActivityDetector(detection);
  const rest = new Float32Array(FRAME);
  let restLength = 0;
  let framesHeard = 0;
  let resampler: { rate: number; convert: Resampler } | undefined;
  /** Frames of the utterance, or, before it, the latest ones. */
  let kept: Int16Array[] = [];
  let recording = false;
  let recordedFrames = 0;

  function toHearingRate({ rate, samples }: HeardPcm): Float32Array {
    const floats = pcm16ToFloat(samples);
    if (rate === HEARING_RATE) return floats;
    if (resampler?.rate !== rate) resampler = { rate, convert: createResampler(rate, HEARING_RATE) };
    return resampler.convert.process(floats);
  }

  function hearFrame(frame: Float32Array): void {
    framesHeard++;
    const event = detector?.push(frame);
    keep(frame);
    if (!detector) return;
    if (event === 'start') {
      recording = true;
      const lead = detector.framesSinceOnset + LEAD_FRAMES;
      kept = kept.slice(-lead);
      recordedFrames = detector.framesSinceOnset;
      onSpeechStart(seconds(framesHeard - detector.framesSinceOnset));
    } else if (event === 'end') {
      finish(detector.framesSinceSpeech);
    }
  }

  function keep(frame: Float32Array): void {
    if (recording) {
      recordedFrames++;
      if (kept.length * FRAME < MAX_KEPT_SAMPLES) kept.push(floatToPcm16(frame));
      return;
    }
    // With detection disabled, nothing outside of an activity counts.
    if (!detector) return;
    kept.push(floatToPcm16(frame));
    if (kept.length > MAX_LEAD_FRAMES) kept.shift();
  }

  /** @param silentFrames at its end */
  function finish(silentFrames: number): void {
    const spoken = recordedFrames - silentFrames;
    const complete = kept.length * FRAME < MAX_KEPT_SAMPLES;
    const frames = complete && silentFrames > TRAIL_FRAMES ? kept.slice(0, TRAIL_FRAMES - silentFrames) : kept;
    recording = false;
    recordedFrames = 0;
    kept = [];
    onUtterance({ samples: join(frames), seconds: seconds(spoken) }, seconds(framesHeard - silentFrames));
  }

  return {
    hear(pcm) {
      let samples = toHearingRate(pcm);
      while (samples.length > 0) {
        const taken = samples.subarray(0, FRAME - restLength);
        rest.set(taken, restLength);
        restLength += taken.length;
        samples = samples.subarray(taken.length);
        if (restLength < FRAME) break;
        restLength = 0;
        hearFrame(rest);
      }
    },
    endStream() {
      restLength = 0;
      resampler = undefined;
      if (!detector) return;
      const { speaking, framesSinceSpeech } = detector;
      detector.reset();
      if (speaking) finish(framesSinceSpeech);
      else kept = [];
    },
    startActivity() {
      restLength = 0;
      recording = true;
      recordedFrames = 0;
      kept = [];
      onSpeechStart(seconds(framesHeard));
    },
    endActivity() {
      if (recording) finish(0);
    },
  };
}

function seconds(frames: number): number {
  return (frames * DETECTION_FRAME_MS) / 1000;
}

function join(frames: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(frames.length * FRAME);
  frames.forEach((frame, index) => {
    samples.set(frame, index * FRAME);
  });
  return samples;
}
