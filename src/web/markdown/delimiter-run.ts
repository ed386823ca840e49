const PUNCTUATION = /\p{P}|\p{S}/u;
const SPACE = /\s/;

/** A run of `*`, `_` or `~`, which may open and may close formatting. */
export interface DelimiterRun {
  readonly character: string;
  readonly length: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
}

/** A run of delimiters that waits for its end. */
export interface Opener extends DelimiterRun {
  /** Index of its text among the nodes. */
  readonly at: number;
  /** Number of delimiters that are left. */
  count: number;
}

/** Reads the run at a position. @see https://spec.commonmark.org/0.31.2/#delimiter-run */
export function readDelimiterRun(text: string, at: number): DelimiterRun {
  const character = text.charAt(at);
  let end = at;
  while (text[end] === character) end += 1;
  const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? ' ';
  const after = String.fromCodePoint(text.codePointAt(end) ?? 32);
  const [spaceBefore, spaceAfter] = [SPACE.test(before), SPACE.test(after)];
  const [markBefore, markAfter] = [PUNCTUATION.test(before), PUNCTUATION.test(after)];
  const isLeft = !spaceAfter && (!markAfter || spaceBefore || markBefore);
  const isRight = !spaceBefore && (!markBefore || spaceAfter || markAfter);
  // An underscore inside a word, as in the name of a variable, is text.
  const isInWord = character === '_';
  const canOpen = isLeft && (!isInWord || !isRight || markBefore);
  const canClose = isRight && (!isInWord || !isLeft || markAfter);
  return { character, length: end - at, canOpen, canClose };
}

/** Returns whether two runs may not match: one of them may open and close, and the sum of their lengths is a multiple of 3. */
export function breaksRuleOfThree(opener: DelimiterRun, closer: DelimiterRun): boolean {
  if (!opener.canClose && !closer.canOpen) return false;
  return (opener.length + closer.length) % 3 === 0 && (opener.length % 3 !== 0 || closer.length % 3 !== 0);
}
