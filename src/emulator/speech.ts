import { clockWords, numberWords } from './number-words.ts';
import { clipWords, SPEECH_RATE, type SpeechClips } from './speech-clips.ts';

/** A run of a text that is said in one breath. Pieces joined give the text again, character for character. */
export interface SpokenPiece {
  readonly text: string;
  /** Clips to play one after the other, as the clips' words. */
  readonly clips: readonly string[];
  /** Silence after it, in samples at 24 kHz. */
  readonly pause: number;
}

interface Token {
  /** A word with what stands around it, spaces included. */
  readonly text: string;
  readonly words: readonly string[];
  readonly isNumber: boolean;
}

/** Said in place of words there are no clips of, such as the result of a tool: the transcript has them. */
const AS_WRITTEN = 'as written here';

const SENTENCE_PAUSE_MS = 300;
const CLAUSE_PAUSE_MS = 160;
const WORD_PAUSE_MS = 40;

/**
 * Finds the clips that say a text, longest phrases first; numerals and times of day are said as words. From the first word
 * without a clip, the rest of its sentence is "as written here".
 */
export function composeSpeech(text: string, clips: SpeechClips): SpokenPiece[] {
  const pieces: SpokenPiece[] = [];
  const tokens = tokenize(text);
  let at = 0;
  while (at < tokens.length) {
    const said = longestClip(tokens, at, clips) ?? spelledNumber(tokens, at, clips);
    const end = said?.end ?? endOfSentence(tokens, at);
    const written = tokens
      .slice(at, end)
      .map((token) => token.text)
      .join('');
    const names = said?.names ?? [AS_WRITTEN];
    const previous = pieces.at(-1);
    if (!said && previous?.clips[0] === AS_WRITTEN) {
      pieces[pieces.length - 1] = { text: previous.text + written, clips: names, pause: pauseAfter(written) };
    } else {
      pieces.push({ text: written, clips: names, pause: pauseAfter(written) });
    }
    at = end;
  }
  return pieces;
}

function tokenize(text: string): Token[] {
  return (text.match(/\s*\S+\s*?(?=\s|$)|\s+$/g) ?? []).map((token) => {
    const bare = token.trim().replace(/^[("'[]+|[)"'\].,;:!?]+$/g, '');
    const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(bare);
    if (clock) return { text: token, words: clockWords(Number(clock[1]), Number(clock[2])), isNumber: true };
    if (/^\d{1,6}(?:\.\d{1,2})?$/.test(bare)) return { text: token, words: numberWords(Number(bare)), isNumber: true };
    const words = clipWords(token);
    return { text: token, words, isNumber: false };
  });
}

function longestClip(
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

/** A numeral, or hyphenated words such as twenty-one: one clip a word. */
function spelledNumber(
  tokens: readonly Token[],
  at: number,
  clips: SpeechClips,
): { end: number; names: string[] } | undefined {
  const token = tokens[at];
  if (!token || token.words.length === 0 || !token.words.every((word) => clips.has(word))) return undefined;
  return { end: at + 1, names: [...token.words] };
}

function endOfSentence(tokens: readonly Token[], at: number): number {
  const index = tokens.findIndex((token, place) => place >= at && /[.!?]["')\]]*\s*$/.test(token.text));
  return index < 0 ? tokens.length : index + 1;
}

function pauseAfter(text: string): number {
  const end = text.trimEnd();
  const ms = /[.!?:]["')\]]*$/.test(end) ? SENTENCE_PAUSE_MS : /[,;]$/.test(end) ? CLAUSE_PAUSE_MS : WORD_PAUSE_MS;
  return (ms * SPEECH_RATE) / 1000;
}
