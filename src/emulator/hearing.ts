import { floatToPcm16, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler, type Resampler } from '../audio/resampler.ts';
import { type ActivityDetection, DETECTION_FRAME_MS, VoiceActivityDetector } from './voice-activity.ts';

/** Sample rate to which all input audio is converted, in Hz. */
export const HEARING_RATE = 16_000;

/** Mono PCM16 at the rate at which the client sent it. */
export interface PcmChunk {
  /** Sample rate, in Hz. */
  readonly rate: number;
  readonly samples: Int16Array;
}

/** Speech of the user between two silences, or between activityStart and activityEnd. */
export interface Utterance {
  /** The first 30 s, mono PCM16 at HEARING_RATE. */
  readonly samples: Int16Array;
  /** Duration of the whole utterance, in seconds. */
  readonly seconds: number;
}

export interface HearingEvents {
  /** @param offsetSeconds position of the start in the input, in seconds since the first sample */
  onSpeechStart(offsetSeconds: number): void;
  /** Called every half second of speech. @param seconds duration so far, in seconds */
  onSpeechContinues?(seconds: number): void;
  /** @param offsetSeconds position of the end in the input, in seconds since the first sample */
  onUtterance(utterance: Utterance, offsetSeconds: number): void;
}

/** Number of samples in a detection frame. */
const FRAME = (HEARING_RATE * DETECTION_FRAME_MS) / 1000;
/** Maximum number of samples stored for an utterance. Speech beyond the limit counts towards `seconds` but is not stored. */
const MAX_STORED_SAMPLES = 30 * HEARING_RATE;
/** Number of frames of speech after which its progress is reported: half a second. */
const PROGRESS_FRAMES = 500 / DETECTION_FRAME_MS;
/** Number of frames stored from before the detected onset, because soft beginnings lie there. */
const LEAD_FRAMES = 10;
/** Maximum number of frames stored while nobody speaks. Where detection takes longer, the utterance begins this late. */
const MAX_LEAD_FRAMES = 1000 / DETECTION_FRAME_MS;
/** Number of frames of silence stored after an utterance. */
const TRAIL_FRAMES = 8;

/** Divides the microphone's audio into utterances. */
export class Hearing {
  readonly #events: HearingEvents;
  readonly #detector: VoiceActivityDetector | undefined;
  /** Samples of a frame that is not complete yet. */
  readonly #partialFrame = new Float32Array(FRAME);
  #partialLength = 0;
  #framesReceived = 0;
  #resampler: { rate: number; convert: Resampler } | undefined;
  /** Frames of the utterance. Before an utterance: the latest frames. */
  #stored: Int16Array[] = [];
  #recording = false;
  #recordedFrames = 0;
  /** Number of frames of the utterance at the last report of its progress. */
  #reportedFrames = 0;

  constructor(detection: ActivityDetection, events: HearingEvents) {
    this.#events = events;
    this.#detector = detection.disabled ? undefined : new VoiceActivityDetector(detection);
  }

  receiveAudio(chunk: PcmChunk): void {
    let samples = this.#toHearingRate(chunk);
    while (samples.length > 0) {
      const taken = samples.subarray(0, FRAME - this.#partialLength);
      this.#partialFrame.set(taken, this.#partialLength);
      this.#partialLength += taken.length;
      samples = samples.subarray(taken.length);
      if (this.#partialLength < FRAME) break;
      this.#partialLength = 0;
      this.#processFrame(this.#partialFrame);
    }
  }

  /** Completes the current utterance, because the microphone was switched off. */
  endStream(): void {
    this.#partialLength = 0;
    this.#resampler = undefined;
    if (!this.#detector) return;
    const { speaking, framesSinceSpeech } = this.#detector;
    this.#detector.reset();
    if (speaking) this.#finishUtterance(framesSinceSpeech);
    else this.#stored = [];
  }

  /** Starts an utterance. Used where detection is disabled and the client reports when the user speaks. */
  startActivity(): void {
    this.#partialLength = 0;
    this.#recording = true;
    this.#recordedFrames = 0;
    this.#stored = [];
    this.#events.onSpeechStart(toSeconds(this.#framesReceived));
  }

  /** Completes the utterance that `startActivity` started. */
  endActivity(): void {
    if (this.#recording) this.#finishUtterance(0);
  }

  #toHearingRate({ rate, samples }: PcmChunk): Float32Array {
    const floats = pcm16ToFloat(samples);
    if (rate === HEARING_RATE) return floats;
    if (this.#resampler?.rate !== rate) this.#resampler = { rate, convert: createResampler(rate, HEARING_RATE) };
    return this.#resampler.convert.process(floats);
  }

  #processFrame(frame: Float32Array): void {
    this.#framesReceived++;
    const event = this.#detector?.push(frame);
    this.#storeFrame(frame);
    if (!this.#detector) return;
    if (event === 'start') {
      const { framesSinceOnset } = this.#detector;
      this.#recording = true;
      this.#stored = this.#stored.slice(-(framesSinceOnset + LEAD_FRAMES));
      this.#recordedFrames = framesSinceOnset;
      this.#events.onSpeechStart(toSeconds(this.#framesReceived - framesSinceOnset));
    } else if (event === 'end') {
      this.#finishUtterance(this.#detector.framesSinceSpeech);
    }
  }

  #reportProgress(): void {
    const spoken = this.#recordedFrames - (this.#detector?.framesSinceSpeech ?? 0);
    if (spoken - this.#reportedFrames < PROGRESS_FRAMES) return;
    this.#reportedFrames += PROGRESS_FRAMES;
    this.#events.onSpeechContinues?.(toSeconds(this.#reportedFrames));
  }

  #storeFrame(frame: Float32Array): void {
    if (this.#recording) {
      this.#recordedFrames++;
      if (this.#stored.length * FRAME < MAX_STORED_SAMPLES) this.#stored.push(floatToPcm16(frame));
      this.#reportProgress();
      return;
    }
    // With detection disabled, audio outside of an activity is ignored.
    if (!this.#detector) return;
    this.#stored.push(floatToPcm16(frame));
    if (this.#stored.length > MAX_LEAD_FRAMES) this.#stored.shift();
  }

  /** @param silentFrames number of silent frames at the end of the utterance */
  #finishUtterance(silentFrames: number): void {
    const spoken = this.#recordedFrames - silentFrames;
    const stored = this.#stored;
    const isComplete = stored.length * FRAME < MAX_STORED_SAMPLES;
    const frames = isComplete && silentFrames > TRAIL_FRAMES ? stored.slice(0, TRAIL_FRAMES - silentFrames) : stored;
    this.#recording = false;
    this.#recordedFrames = 0;
    this.#reportedFrames = 0;
    this.#stored = [];
    const utterance = { samples: joinFrames(frames), seconds: toSeconds(spoken) };
    this.#events.onUtterance(utterance, toSeconds(this.#framesReceived - silentFrames));
  }
}

function toSeconds(frames: number): number {
  return (frames * DETECTION_FRAME_MS) / 1000;
}

function joinFrames(frames: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(frames.length * FRAME);
  frames.forEach((frame, index) => {
    samples.set(frame, index * FRAME);
  });
  return samples;
}
