import { expect, test } from '@jest/globals';
import { CaptionedAnswers } from '../../src/web/voice/captioned-answers.ts';
import { Captions } from '../../src/web/voice/captions.ts';

const WORDS = ['One, ', 'two, ', 'three, ', 'four, ', 'five.'];
const TEXT = WORDS.join('');

/** Captions of a turn in which every word takes a second, as far as the turn has arrived. */
function caption(words: readonly string[], { ended = true } = {}): Captions {
  const captions = new Captions();
  for (const word of words) {
    captions.addText(1, word);
    for (let ms = 0; ms < 1_000; ms += 40) captions.addAudio(1, 40);
  }
  if (ended) captions.endTurn(1);
  return captions;
}

function readHeard(captions: Captions, playedMs: number, text = TEXT): string {
  return text.slice(0, captions.countHeard(1, playedMs) ?? text.length);
}

test('words are shown when they have been played, not when they arrive', () => {
  const captions = caption(WORDS);
  expect(readHeard(captions, 0)).toBe('');
  expect(readHeard(captions, 1_000)).toBe('One,');
  expect(readHeard(captions, 1_500)).toBe('One,');
  expect(readHeard(captions, 3_100)).toBe('One, two, three,');
  expect(readHeard(captions, 4_700)).toBe('One, two, three, four,');
  expect(readHeard(captions, 4_950)).toBe(TEXT);
});

test('captions never go back while more of the turn arrives', () => {
  const captions = new Captions();
  let before = 0;
  for (const [index, word] of WORDS.entries()) {
    captions.addText(1, word);
    captions.addAudio(1, 1_000);
    for (let ms = index * 500; ms < (index + 1) * 500; ms += 50) {
      const heard = captions.countHeard(1, ms) ?? TEXT.length;
      expect(heard).toBeGreaterThanOrEqual(before);
      before = heard;
    }
  }
});

test('the end of a turn shows its whole text, also if there was no audio', () => {
  const captions = caption(WORDS, { ended: false });
  expect(captions.countHeard(1, 5_000)).toBe(TEXT.length);
  captions.endTurn(1);
  expect(captions.countHeard(1, 5_000)).toBeUndefined();
  captions.addText(2, 'Silent');
  expect(captions.countHeard(2, 0)).toBe(0);
  captions.endTurn(2);
  expect(captions.countHeard(2, 0)).toBeUndefined();
});

test('a transcript that arrives long before its audio runs ahead by a few words at most', () => {
  const text = 'A transcript that is here long before it is spoken must not be shown at once. '.repeat(4);
  const captions = new Captions();
  captions.addText(1, text);
  captions.addAudio(1, 400);
  expect(captions.countHeard(1, 400)).toBeLessThanOrEqual(20);
  captions.addAudio(1, 19_600);
  captions.endTurn(1);
  for (let ms = 0; ms < 19_000; ms += 500) {
    expect(captions.countHeard(1, ms)).toBeLessThanOrEqual((text.length * ms * 1.25) / 20_000 + 10);
    expect(captions.countHeard(1, ms)).toBeGreaterThanOrEqual((text.length * ms) / 20_000 - 10);
  }
});

test('a script without spaces is cut between any two characters', () => {
  const captions = new Captions();
  captions.addText(1, '今天天气很好我们去公园散步吧今天天气很好我们去公园散步吧今天天气很好我们去公园散步吧');
  captions.addAudio(1, 8_400);
  captions.endTurn(1);
  expect(captions.countHeard(1, 4_200)).toBe(21);
});

/** Answers with ids 10 times the turn; the log is what was shown of each. */
function startAnswers() {
  const shown = new Map<number, number | undefined>();
  const answers = new CaptionedAnswers((id, heard) => shown.set(id, heard));
  const speak = (turn: number) => {
    for (const word of WORDS) {
      answers.addText(turn, word, turn * 10);
      answers.addAudio(turn, 1_000);
    }
    answers.endTurn(turn);
  };
  return { shown, answers, speak };
}

test('of an answer that was cut, the words that were heard stay, and the next answer is shown from its beginning', () => {
  const { shown, answers, speak } = startAnswers();
  speak(1);
  answers.onPlayed(1, 2_000);
  answers.cut();
  answers.onPlayed(1, 2_050);
  expect(shown.get(10)).toBe('One, two,'.length);
  speak(2);
  answers.onPlayed(2, 100);
  expect([shown.get(10), shown.get(20)]).toEqual(['One, two,'.length, 0]);
  answers.onPlayed(2, 5_000);
  expect([shown.get(10), shown.get(20)]).toEqual(['One, two,'.length, undefined]);
});

test('an answer that waits behind another one is hidden until it is played, and shown when voice ends', () => {
  const { shown, answers, speak } = startAnswers();
  speak(1);
  answers.onPlayed(1, 2_000);
  speak(2);
  expect(shown.get(20)).toBe(0);
  answers.stop();
  expect([shown.get(10), shown.get(20)]).toEqual([undefined, undefined]);
});
