import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findViolations } from './checker.ts';
import type { History, HistoryRecord } from './history.ts';
import { madeHistories } from './made-history.ts';
import { faultsOfTheWayDown, faultsOfTheWayUp } from './planted-faults.ts';

const SPEECH = '{"mime_type":"audio/pcm","data":"AAAA"}';
const WORDS = '{"mime_type":"text/plain","data":"One","is_transcript":true}';
const faults = [...faultsOfTheWayDown, ...faultsOfTheWayUp];

test('the checker finds no fault in a valid history', () => {
  fc.assert(
    fc.property(madeHistories, (history) => {
      expect(findViolations(history)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['audio', { name: 'message', data: SPEECH }, 'event unknown'],
  ['a gap', { name: 'gap', data: '{"audio_ms":100}' }, 'gap wrong'],
])('the checker finds that a reader without audio is told %s', (_what, event, rule) => {
  const epoch = 'epoch-of-the-test';
  const frame = (name: string, data: string, audioMs: number) => ({ name, data, audioMs });
  const told = (name: string, data: string) => ({ did: 'told', reader: 'ann', id: undefined, name, data }) as const;
  const history = (told: readonly HistoryRecord[]): History => [
    { did: 'opened', epoch },
    { did: 'asked', reader: 'ann', connection: 1, cursor: undefined, silent: true },
    ...told,
  ];
  const before: HistoryRecord[] = [
    told('session', JSON.stringify({ epoch })),
    { did: 'appended', epoch, seq: 1, frames: [frame('message', SPEECH, 100)] },
    { did: 'appended', epoch, seq: 2, frames: [frame('message', WORDS, 0)] },
  ];
  expect(findViolations(history([...before, told('message', WORDS), { did: 'settled' }]))).toEqual([]);
  const wrong = history([...before, told(event.name, event.data), told('message', WORDS)]);
  expect(findViolations(wrong)).toMatchObject([{ rule, who: 'ann' }]);
});

describe('the checker finds, wherever it is planted in a generated history,', () => {
  test.each(faults.map((fault) => [fault.name, fault] as const))('%s', (_, fault) => {
    fc.assert(
      fc.property(madeHistories, fc.nat(), (history, choice) => {
        const places = fault.places(history);
        fc.pre(places.length > 0);
        const place = places[choice % places.length] ?? 0;
        const rules = findViolations(fault.plant(history, place)).map(({ rule }) => rule);
        if (!rules.some((rule) => fault.rules.includes(rule))) throw new Error(`planted at ${place}, found ${rules}`);
      }),
      { numRuns: 50 },
    );
  });
});
