import { spellClock, spellNumber } from './number-words.ts';
import { SPEECH_RATE, type SpeechClips, splitClipWords } from './speech-clips.ts';

/** A part of a text that is spoken without a pause. The joined texts of all pieces are the whole text. */
export interface SpokenPiece {
  readonly text: string;
  /** Words of the clips to play, in order. */
  readonly clips: readonly string[];
  /** Silence after the piece, in samples at 24 kHz. */
  readonly pause: number;
}

interface Token {
  /** A word with the punctuation and spaces around it. */
  readonly text: string;
  readonly words: readonly string[];
  readonly isNumber: boolean;
}

/** Clip spoken in place of words without a clip, such as a tool's result. The transcript contains the words. */
const AS_WRITTEN = 'as written here';

const SENTENCE_PAUSE_MS = 300;
const CLAUSE_PAUSE_MS = 160;
const WORD_PAUSE_MS = 40;

/**
 * Finds the clips for a text, longest phrases first. Numerals and times of day are spelled. From the first word without a clip,
 * the rest of its sentence becomes "as written here".
 */
export function composeSpeech(text: string, clips: SpeechClips): SpokenPiece[] {
  const pieces: SpokenPiece[] = [];
  const tokens = tokenize(text);
  let at = 0;
  while (at < tokens.length) {
    const said = findLongestClip(tokens, at, clips) ?? findWordClips(tokens, at, clips);
    const end = said?.end ?? findSentenceEnd(tokens, at);
    const written = tokens
      .slice(at, end)
      .map((token) => token.text)
      .join('');
    const names = said?.names ?? [AS_WRITTEN];
    const previous = pieces.at(-1);
    if (!said && previous?.clips[0] === AS_WRITTEN) {
      pieces[pieces.length - 1] = { text: previous.text + written, clips: names, pause: choosePause(written) };
    } else {
      pieces.push({ text: written, clips: names, pause: choosePause(written) });
    }
    at = end;
  }
  return pieces;
}

function tokenize(text: string): Token[] {
  return (text.match(/\s*\S+\s*?(?=\s|$)|\s+$/g) ?? []).map((token) => {
    const bare = token.trim().replace(/^[("'[]+|[)"'\].,;:!?]+$/g, '');
    const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(bare);
    if (clock) return { text: token, words: spellClock(Number(clock[1]), Number(clock[2])), isNumber: true };
    if (/^\d{1,6}(?:\.\d{1,2})?$/.test(bare)) return { text: token, words: spellNumber(Number(bare)), isNumber: true };
    const words = splitClipWords(token);
    return { text: token, words, isNumber: false };
  });
}

function findLongestClip(
  tokens: readonly Token[],
  at: number,
  clips: SpeechClips,
): { end: number; names: string[] } | undefined {
  for (let end = Math.min(tokens.length, at + clips.longest); end > at; end--) {
    const words = tokens
      .slice(at, end)
      .flatMap((token) => token.words)
      .join(' ');
    if (clips.has(words)) return { end, names: [words] };
  }
  return undefined;
}

/** Finds one clip a word for a single token: a numeral, or hyphenated words such as twenty-one. */
function findWordClips(
  tokens: readonly Token[],
  at: number,
  clips: SpeechClips,
): { end: number; names: string[] } | undefined {
  const token = tokens[at];
  if (!token || token.words.length === 0 || !token.words.every((word) => clips.has(word))) return undefined;
  return { end: at + 1, names: [...token.words] };
}

function findSentenceEnd(tokens: readonly Token[], at: number): number {
  const index = tokens.findIndex((token, place) => place >= at && /[.!?]["')\]]*\s*$/.test(token.text));
  return index < 0 ? tokens.length : index + 1;
}

/** Returns the pause after a piece, in samples. */
function choosePause(text: string): number {
  const end = text.trimEnd();
  const ms = /[.!?:]["')\]]*$/.test(end) ? SENTENCE_PAUSE_MS : /[,;]$/.test(end) ? CLAUSE_PAUSE_MS : WORD_PAUSE_MS;
  return (ms * SPEECH_RATE) / 1000;
}
