/** Transcript of one turn of speech, and the audio that belongs to it. */
interface SpokenTurn {
  readonly number: number;
  text: string;
  /** Durations of audio, in ms, at which a part of the text had arrived, and the length of the text before that part. */
  readonly marks: { readonly ms: number; readonly start: number }[];
  /** Duration of the audio that has arrived, in ms. */
  audioMs: number;
  hasEnded: boolean;
}

/** Highest number of characters that are spoken in a second, for text that arrives long before its audio. */
const MAX_CHARACTERS_PER_SECOND = 25;
/** Factor by which speech is at most faster than on average, once the duration of the turn is known. */
const MAX_HASTE = 1.25;
/** Number of characters by which the text may be ahead in any case: about two words. */
const LEEWAY = 10;
/** Difference from the duration of a turn at which it counts as played, in ms: reports come every 100 ms. */
const END_MS = 120;
/** Maximum number of turns whose audio waits to be played. Of older ones the captions are forgotten, and their whole text is shown. */
const MAX_TURNS = 16;

/**
 * Decides how much of the transcript of speech has been heard. Providers send audio faster than it plays, with the transcript in parts, each of which
 * arrives shortly before the audio of its words. A part therefore spans the audio from its arrival to the arrival of the next part.
 */
export class Captions {
  readonly #turns: SpokenTurn[] = [];

  addText(turn: number, text: string): void {
    const spoken = this.#findOrAdd(turn);
    const last = spoken.marks.at(-1);
    if (last?.ms !== spoken.audioMs) spoken.marks.push({ ms: spoken.audioMs, start: spoken.text.length });
    spoken.text += text;
  }

  addAudio(turn: number, ms: number): void {
    this.#findOrAdd(turn).audioMs += ms;
  }

  /** Notes that all text and audio of a turn has arrived. */
  endTurn(turn: number): void {
    const spoken = this.#turns.find(({ number }) => number === turn);
    if (spoken) spoken.hasEnded = true;
  }

  /** Forgets a turn and those before it. */
  forget(turn: number): void {
    while (this.#turns[0] && this.#turns[0].number <= turn) this.#turns.shift();
  }

  /**
   * Returns the number of characters of the transcript that have been heard: complete words.
   * @param playedMs duration of the turn's audio that has been played, in ms
   * @returns `undefined` if all of it has been heard, or nothing is known of the turn
   */
  countHeard(turn: number, playedMs: number): number | undefined {
    const spoken = this.#turns.find(({ number }) => number === turn);
    if (!spoken) return undefined;
    if (spoken.hasEnded && playedMs >= spoken.audioMs - END_MS) return undefined;
    const count = Math.min(locate(spoken, playedMs), limit(spoken, playedMs));
    return countCompleteWords(spoken.text, Math.max(0, Math.floor(count)));
  }

  #findOrAdd(turn: number): SpokenTurn {
    const known = this.#turns.find(({ number }) => number === turn);
    if (known) return known;
    const spoken: SpokenTurn = { number: turn, text: '', marks: [], audioMs: 0, hasEnded: false };
    this.#turns.push(spoken);
    if (this.#turns.length > MAX_TURNS) this.#turns.shift();
    return spoken;
  }
}

/** Finds the place in the text that is spoken at a time, by the arrival of the parts. */
function locate({ text, marks, audioMs }: SpokenTurn, playedMs: number): number {
  const index = marks.findLastIndex(({ ms }) => ms <= playedMs);
  const mark = marks[index];
  if (!mark) return 0;
  const next = marks[index + 1] ?? { ms: audioMs, start: text.length };
  const share = next.ms > mark.ms ? Math.min(1, (playedMs - mark.ms) / (next.ms - mark.ms)) : 0;
  return mark.start + share * (next.start - mark.start);
}

/** Returns the number of characters that can have been spoken by a time, however early the text has arrived. */
function limit({ text, audioMs, hasEnded }: SpokenTurn, playedMs: number): number {
  if (!hasEnded) return LEEWAY + (playedMs * MAX_CHARACTERS_PER_SECOND) / 1000;
  return LEEWAY + ((playedMs * text.length) / Math.max(1, audioMs)) * MAX_HASTE;
}

/** Reduces a number of characters to complete words. Scripts without spaces have no words that could be cut. */
function countCompleteWords(text: string, count: number): number {
  if (count >= text.length || /\s/.test(text.charAt(count))) return count;
  const space = text.slice(0, count).search(/\s\S*$/);
  const isSpaced = space >= 0 || /\s/.test(text.slice(0, count + 24));
  return isSpaced ? Math.max(0, space) : count;
}
