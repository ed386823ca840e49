import { floatToPcm16, pcm16ToFloat } from '../../audio/pcm.ts';
import { createResampler, type Resampler } from '../../audio/resampler.ts';
import { fromLittleEndian } from './pcm-bytes.ts';
import type { RecordedAudio, RecordedClip } from './recorded-clips.ts';
import type { PlacedClip } from './timeline.ts';

/** Number of samples that are resampled at once. */
const BLOCK = 4_096;

/** Reads the speech of one side of a timeline from its start to its end, with silence between. Holds one file at a time. */
export class SideReader {
  readonly #clips: readonly PlacedClip[];
  readonly #rate: number;
  readonly #load: (clip: RecordedClip) => Promise<RecordedAudio | undefined>;
  #position = 0;
  /** Index of the clip that is read now or next. */
  #index = 0;
  #open: ClipReader | undefined;

  /** @param load @returns `undefined` for a file that is gone: silence takes its place */
  constructor(
    clips: readonly PlacedClip[],
    rate: number,
    load: (clip: RecordedClip) => Promise<RecordedAudio | undefined>,
  ) {
    this.#clips = clips;
    this.#rate = rate;
    this.#load = load;
  }

  /** Size of the file that is held, in bytes. */
  get bytes(): number {
    return this.#open?.bytes ?? 0;
  }

  /** Reads the next `count` samples. */
  async read(count: number): Promise<Int16Array> {
    const samples = new Int16Array(count);
    const end = this.#position + count;
    for (;;) {
      const placed = this.#clips[this.#index];
      if (!placed || placed.start >= end) break;
      const from = Math.max(placed.start, this.#position);
      const to = Math.min(placed.start + placed.length, end);
      this.#open ??= new ClipReader(await this.#load(placed.clip), this.#rate);
      this.#open.readInto(samples.subarray(from - this.#position, to - this.#position));
      if (to < placed.start + placed.length) break;
      this.#open = undefined;
      this.#index += 1;
    }
    this.#position = end;
    return samples;
  }
}

/** Reads the samples of one file at the rate of the recording. */
class ClipReader {
  readonly #audio: RecordedAudio | undefined;
  /** `undefined`: the file has the rate of the recording. */
  readonly #resampler: Resampler | undefined;
  /** Number of samples of the file that were read. */
  #read = 0;
  /** Samples at the rate of the recording that are ready. */
  #ready: Int16Array = new Int16Array(0);
  #isFlushed = false;

  constructor(audio: RecordedAudio | undefined, rate: number) {
    this.#audio = audio;
    this.#resampler = audio && audio.rate !== rate ? createResampler(audio.rate, rate) : undefined;
  }

  get bytes(): number {
    return this.#audio?.bytes.length ?? 0;
  }

  /** Fills an array with the next samples; after the end of the file it stays as it is. */
  readInto(samples: Int16Array): void {
    let filled = 0;
    while (filled < samples.length) {
      if (this.#ready.length === 0 && !this.#makeReady()) return;
      const part = this.#ready.subarray(0, samples.length - filled);
      samples.set(part, filled);
      filled += part.length;
      this.#ready = this.#ready.subarray(part.length);
    }
  }

  /** @returns false at the end of the file */
  #makeReady(): boolean {
    if (!this.#audio) return false;
    const { bytes } = this.#audio;
    const total = Math.floor(bytes.length / 2);
    while (this.#ready.length === 0 && this.#read < total) {
      const block = fromLittleEndian(bytes, 2 * this.#read, Math.min(BLOCK, total - this.#read));
      this.#read += block.length;
      this.#ready = this.#resampler ? floatToPcm16(this.#resampler.process(pcm16ToFloat(block))) : block;
    }
    if (this.#ready.length === 0 && this.#resampler && !this.#isFlushed) {
      this.#isFlushed = true;
      this.#ready = floatToPcm16(this.#resampler.flush());
    }
    return this.#ready.length > 0;
  }
}
