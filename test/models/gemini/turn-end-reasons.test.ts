import { TurnCompleteReason } from '@google/genai';
import { expect, test } from '@jest/globals';
import { describeTurnEnd } from '../../../src/models/gemini/turn-end-reasons.ts';

test('describeTurnEnd has a sentence of its own for every reason of the SDK except the usual ones', () => {
  const { TURN_COMPLETE_REASON_UNSPECIFIED: _, NEED_MORE_INPUT: usual, ...failures } = TurnCompleteReason;
  expect(describeTurnEnd(usual, false)).toEqual({ reason: usual });
  const sentences = Object.values(failures).map((reason) => describeTurnEnd(reason, true).failure ?? reason);
  expect(sentences.filter((sentence) => !sentence.startsWith('The '))).toEqual([]);
  expect(new Set(sentences).size).toBe(sentences.length);
});

test('describeTurnEnd counts an unknown reason as a failure only if the turn brought nothing', () => {
  expect(describeTurnEnd('MOON_PHASE', true)).toEqual({ reason: 'MOON_PHASE' });
  expect(describeTurnEnd('MOON_PHASE', false)).toEqual({ reason: 'MOON_PHASE', failure: 'The model gave no answer' });
});
