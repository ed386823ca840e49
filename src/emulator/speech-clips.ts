import { readFileSync } from 'node:fs';
import { muLawToPcm16 } from '../audio/mu-law.ts';
import { floatToPcm16, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler } from '../audio/resampler.ts';

/** Sample rate of Gemini's speech, Hz. */
export const SPEECH_RATE = 24_000;

/** Everything the agent can say aloud: speech rendered beforehand by scripts/render-voice.sh. */
export interface SpeechClips {
  /** Whether there is a clip of these words, in lower case, without punctuation. */
  has(words: string): boolean;
  /** Mono PCM16 at 24 kHz, shared: not to be written to. Empty if there is no clip. */
  samples(words: string): Int16Array;
  /** The most words in one clip. */
  readonly longest: number;
}

interface ClipIndex {
  readonly rate: number;
  readonly clips: readonly { readonly text: string; readonly start: number; readonly length: number }[];
}

/** The words of a text as clips are looked up by. `it's` and `o'clock` keep their apostrophe. */
export function clipWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}'_]+/u)
    .filter((word) => word !== '');
}

let loaded: SpeechClips | undefined;

/** Reads the clips at the first call, 0.7 MB in about 2 ms; each is resampled when it is first said, and kept: 2 MB in all. */
export function speechClips(): SpeechClips {
  loaded ??= loadClips(new URL('./voice/', import.meta.url));
  return loaded;
}

function loadClips(folder: URL): SpeechClips {
  const index: ClipIndex = JSON.parse(readFileSync(new URL('clips.json', folder), 'utf8'));
  const encoded = readFileSync(new URL('clips.ulaw', folder));
  const places = new Map(index.clips.map((clip) => [clipWords(clip.text).join(' '), clip]));
  const ready = new Map<string, Int16Array>();
  return {
    has: (words) => places.has(words),
    longest: Math.max(...[...places.keys()].map((words) => words.split(' ').length)),
    samples(words) {
      const known = ready.get(words);
      if (known) return known;
      const place = places.get(words);
      if (!place) return new Int16Array(0);
      const pcm = muLawToPcm16(encoded.subarray(place.start, place.start + place.length));
      const samples = resample(pcm, index.rate);
      ready.set(words, samples);
      return samples;
    },
  };
}

function resample(pcm: Int16Array, rate: number): Int16Array {
  const resampler = createResampler(rate, SPEECH_RATE);
  const head = resampler.process(pcm16ToFloat(pcm));
  const tail = resampler.flush();
  const samples = new Int16Array(head.length + tail.length);
  samples.set(floatToPcm16(head));
  samples.set(floatToPcm16(tail), head.length);
  return samples;
}
