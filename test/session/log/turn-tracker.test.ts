import { describe, expect, test } from '@jest/globals';
import { TurnTracker } from '../../../src/session/log/turn-tracker.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { audio, audioBy, interrupted, message, text, textBy, turnComplete } from './log-messages.ts';

const heard = message({ author: 'user', inputTranscription: { text: 'hi', finished: false } });
const usage = message({ usageMetadata: { totalTokenCount: 1 } });

/** A tracker that has followed these messages, and the turn number that it gave each. */
function trackerOf(...messages: LogMessage[]): { turns: TurnTracker; numbers: number[] } {
  const turns = new TurnTracker();
  return { turns, numbers: messages.map(({ event }) => turns.apply(event)) };
}

describe('the turn number', () => {
  test.each<[string, number[], LogMessage[]]>([
    [
      'counts turns from 1; the entry that completes a turn belongs to it',
      [1, 1, 2],
      [text('a'), turnComplete(), text('b')],
    ],
    [
      'stays the same after an interruption until the turn is complete',
      [1, 1, 1, 2],
      [text('a'), interrupted(), turnComplete(), text('b')],
    ],
    [
      'of what the user says between two turns is that of the next turn',
      [1, 1, 2, 2],
      [text('a'), turnComplete(), heard, text('b')],
    ],
    ['of what the user says during a turn is that of this turn', [1, 1, 1], [text('a'), heard, turnComplete()]],
    [
      'of a turn that ends before it said anything counts as well',
      [1, 1, 2],
      [interrupted(), turnComplete(), text('b')],
    ],
    [
      'of an entry without an event is that of the current or next turn',
      [1, 1, 1, 2],
      [{}, text('a'), turnComplete(), {}],
    ],
    ['of usage between two turns is that of the next turn', [1, 1, 2], [text('a'), turnComplete(), usage]],
  ])('%s', (_what, expected, messages) => {
    expect(trackerOf(...messages).numbers).toEqual(expected);
  });

  test('differs between two authors who speak at the same time', () => {
    const messages = [
      textBy('a', '1'),
      textBy('b', '2'),
      audioBy('a', 4),
      turnComplete('b'),
      audioBy('a', 4),
      textBy('b', '3'),
    ];
    expect(trackerOf(...messages).numbers).toEqual([1, 2, 1, 2, 1, 3]);
  });

  test('of what the user says while two authors speak is that of the turn that began last', () => {
    expect(trackerOf(textBy('a', '1'), textBy('b', '2'), heard, turnComplete('b'), heard).numbers).toEqual([
      1, 2, 2, 2, 1,
    ]);
  });

  test('of an interruption of an author who is silent is not that of another author who speaks', () => {
    expect(trackerOf(textBy('a', '1'), interrupted('b'), turnComplete('b'), textBy('a', '2')).numbers).toEqual([
      1, 2, 2, 1,
    ]);
  });

  test('stays the same when an agent transfers the conversation to another one', () => {
    const transfer = message({ author: 'a', actions: { transferToAgent: 'b' } });
    const { turns, numbers } = trackerOf(textBy('a', '1'), transfer, textBy('b', '2'));
    expect(numbers).toEqual([1, 1, 1]);
    expect(turns.speakers).toEqual(['b']);
    turns.apply(turnComplete('b').event);
    expect(turns.midTurn).toBe(false);
  });
});

describe('midTurn', () => {
  const fileData = { fileUri: 'artifact://a/b/c/d#0', mimeType: 'audio/pcm' };
  const file = message({ content: { role: 'model', parts: [{ fileData }] } });
  const transcript = message({ outputTranscription: { text: 'hi', finished: false } });
  test.each<[string, boolean, LogMessage[]]>([
    ['nothing', false, []],
    ['text', true, [text('a')]],
    ['audio', true, [audio(4)]],
    ['a transcript of speech', true, [transcript]],
    ['a complete turn', false, [text('a'), turnComplete()]],
    ['an interrupted turn that is not complete', true, [text('a'), interrupted()]],
    ['an interruption before any reply', false, [interrupted()]],
    ['a second turn', true, [text('a'), turnComplete(), audio(4)]],
    ['a saved file after a complete turn', false, [text('a'), turnComplete(), file]],
    ['user speech and usage after a complete turn', false, [text('a'), turnComplete(), heard, usage]],
    ['one of two authors still speaking', true, [textBy('a', '1'), textBy('b', '2'), turnComplete('a')]],
    [
      'two authors who are both done',
      false,
      [textBy('a', '1'), textBy('b', '2'), turnComplete('a'), turnComplete('b')],
    ],
  ])('after %s is %s', (_what, expected, messages) => {
    expect(trackerOf(...messages).turns.midTurn).toBe(expected);
  });
});

describe('repliesSoFar', () => {
  const spoken = (piece: string, finished = false) => message({ outputTranscription: { text: piece, finished } });
  const whole = (piece: string) => message({ content: { role: 'model', parts: [{ text: piece }] } });
  const thought = message({ partial: true, content: { role: 'model', parts: [{ text: 'hm', thought: true }] } });
  const functionCall = { id: 'c', name: 'roll', args: {} };
  const call = message({ content: { role: 'model', parts: [{ functionCall }] } });
  test.each<[string, string[], LogMessage[]]>([
    ['nothing', [], []],
    ['increments of text', ['One, two'], [text('One, '), text('two')]],
    ['increments of a transcript between audio', ['One, two'], [spoken('One, '), audio(4), spoken('two'), audio(4)]],
    ['text that was repeated as a whole, which is in the store', [''], [text('One'), whole('One')]],
    ['a transcript that was repeated as a whole', [''], [spoken('One'), spoken('One', true)]],
    ['a complete turn', [], [text('One'), turnComplete()]],
    ['a second turn', ['two'], [text('One'), turnComplete(), text('two')]],
    ['thoughts and user speech', [''], [thought, heard]],
    ['user speech', [], [heard]],
    ['a call', [''], [call]],
    ['two authors', ['One', 'Two'], [textBy('a', 'One'), textBy('b', 'Tw'), textBy('b', 'o')]],
  ])('after %s is %j', (_what, expected, messages) => {
    expect(trackerOf(...messages).turns.repliesSoFar).toEqual(expected);
  });
});

test('TurnTracker remembers at most 100 open turns, of a runner that never completes one', () => {
  const { turns } = trackerOf(...Array.from({ length: 150 }, (_, index) => textBy(`agent-${index}`, 'a')));
  expect(turns.speakers).toHaveLength(100);
  expect(turns.speakers[0]).toBe('agent-50');
});

test('a reply that never ends keeps a bounded text, however small its increments are', () => {
  const turns = new TurnTracker();
  const piece = text('four'.repeat(256)).event;
  for (let count = 0; count < 2_000; count += 1) turns.apply(piece);
  expect(turns.repliesSoFar.join('').length).toBeLessThanOrEqual(512 * 1024);
  expect(turns.repliesSoFar.join('')).toMatch(/^(?:four)+$/);
});
