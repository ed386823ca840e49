import { readFileSync } from 'node:fs';
import { muLawToPcm16 } from '../audio/mu-law.ts';
import { floatToPcm16, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler } from '../audio/resampler.ts';

/** Sample rate of Gemini's speech, in Hz. */
export const SPEECH_RATE = 24_000;

/** Speech clips of the agent, rendered by scripts/render-voice.sh. */
export interface SpeechClips {
  /** Returns whether there is a clip of these words. @param words in lower case, without punctuation */
  has(words: string): boolean;
  /** Returns mono PCM16 at 24 kHz, empty if there is no clip. The array is shared: do not write to it. */
  samples(words: string): Int16Array;
  /** Maximum number of words in a clip. */
  readonly longest: number;
}

interface ClipIndex {
  readonly rate: number;
  readonly clips: readonly { readonly text: string; readonly start: number; readonly length: number }[];
}

/** Splits a text into the words by which clips are looked up. `it's` and `o'clock` keep their apostrophe. */
export function splitClipWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}'_]+/u)
    .filter((word) => word !== '');
}

let loaded: SpeechClips | undefined;

/**
 * Returns the clips. The first call reads 0.7 MB in about 2 ms. Each clip is resampled on first use and cached: 2 MB in all.
 * @throws if the clips are missing
 */
export function loadSpeechClips(): SpeechClips {
  loaded ??= readClips(new URL('./voice/', import.meta.url));
  return loaded;
}

function readClips(folder: URL): SpeechClips {
  const index: ClipIndex = JSON.parse(readFileSync(new URL('clips.json', folder), 'utf8'));
  const encoded = readFileSync(new URL('clips.ulaw', folder));
  const places = new Map(index.clips.map((clip) => [splitClipWords(clip.text).join(' '), clip]));
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
      const samples = resampleClip(pcm, index.rate);
      ready.set(words, samples);
      return samples;
    },
  };
}

function resampleClip(pcm: Int16Array, rate: number): Int16Array {
  const resampler = createResampler(rate, SPEECH_RATE);
  const head = resampler.process(pcm16ToFloat(pcm));
  const tail = resampler.flush();
  const samples = new Int16Array(head.length + tail.length);
  samples.set(floatToPcm16(head));
  samples.set(floatToPcm16(tail), head.length);
  return samples;
}
