import { expect, test } from '@jest/globals';
import {
  limitTranscript,
  MAX_PART,
  MAX_PARTS,
  MAX_TEXT,
  MAX_TURNS,
} from '../../../src/web/transcript/limit-transcript.ts';
import { MAX_IMAGES } from '../../../src/web/transcript/max-images.ts';
import { EMPTY_TRANSCRIPT } from '../../../src/web/transcript/transcript-state.ts';
import type { AgentTurn, ToolUse, Turn, UserTurn } from '../../../src/web/transcript/turn.ts';

const typed = (id: number, text: string): UserTurn => ({ role: 'user', id, text, spoken: false, state: 'done' });
const answer = (parts: AgentTurn['parts']): AgentTurn => ({ role: 'agent', id: 1, parts, state: 'open' });
const limit = (turns: readonly Turn[], before: readonly Turn[] = []) =>
  limitTranscript({ ...EMPTY_TRANSCRIPT, turns }, { ...EMPTY_TRANSCRIPT, turns: before });

test('beyond the greatest number of turns the oldest are forgotten, and the page says so', () => {
  const turns = Array.from({ length: MAX_TURNS + 1 }, (_, id) => typed(id, 'x'));
  const { turns: kept, truncated } = limit(turns);
  expect([kept.length, kept.at(-1)?.id, truncated]).toEqual([MAX_TURNS * 0.9, MAX_TURNS, true]);
  const few = turns.slice(0, MAX_TURNS);
  expect(limit(few)).toMatchObject({ turns: few, truncated: false });
});

test('beyond the greatest length of all texts the oldest turns are forgotten, and the last one never is', () => {
  const part = 'x'.repeat(MAX_TEXT / 10);
  const kept = limit(Array.from({ length: 11 }, (_, id) => typed(id, part)));
  expect([kept.turns.length, kept.truncated]).toEqual([9, true]);
  expect(limit([typed(1, 'x'.repeat(MAX_TEXT + 1))]).turns).toHaveLength(1);
});

test('a text of an answer is kept to its limit, and so are the calls of an answer', () => {
  const before = [answer([])];
  const long = limit([answer([{ kind: 'text', text: 'x'.repeat(MAX_PART + 5) }])], before);
  const [turn] = long.turns;
  const [part] = turn?.role === 'agent' ? turn.parts : [];
  expect(part?.kind === 'text' && part.text.length).toBe(MAX_PART);
  const call = { kind: 'tool', name: 'f', args: {}, state: 'done' } as const;
  const calls = limit([answer(Array.from({ length: MAX_PARTS + 1 }, (_, id) => ({ ...call, id: `${id}` })))], before);
  expect(calls.turns[0]).toMatchObject({ parts: { length: MAX_PARTS * 0.9 } });
});

test('only the latest pictures are kept, and older ones are counted', () => {
  const image = {} as ImageBitmap;
  const kept = limit(Array.from({ length: MAX_IMAGES + 2 }, (_, id) => ({ ...typed(id, 'x'), image })));
  expect(kept.turns.filter((turn) => 'image' in turn)).toHaveLength(MAX_IMAGES);
  expect(kept.turns[1]).toMatchObject({ pictures: 1 });
});

test('pictures in results of tools count as well: older ones are shown as a number', () => {
  const images = [{ mime_type: 'image/png', data: 'AAAA' }];
  const call = (id: number): ToolUse => ({ kind: 'tool', id: `c${id}`, name: 'draw', args: {}, state: 'done', images });
  const drawn = (id: number, ...parts: ToolUse[]): AgentTurn => ({ role: 'agent', id, parts, state: 'done' });
  const imagesIn = (turns: readonly Turn[]) =>
    turns.flatMap((turn) => (turn.role === 'agent' ? turn.parts : [])).filter((part) => 'images' in part).length;
  const kept = limit(Array.from({ length: MAX_IMAGES + 2 }, (_, id) => drawn(id, call(id))));
  expect(imagesIn(kept.turns)).toBe(MAX_IMAGES);
  expect(kept.turns[0]).toMatchObject({ parts: [{ id: 'c0', pictures: 1 }] });
  const many = drawn(1, ...Array.from({ length: MAX_IMAGES + 1 }, (_, id) => call(id)));
  const inOne = limit([many], [drawn(1)]);
  expect(imagesIn(inOne.turns)).toBe(MAX_IMAGES);
  expect(inOne.turns[0]).toMatchObject({ parts: expect.arrayContaining([expect.objectContaining({ pictures: 1 })]) });
});
