import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EntryQueue } from '../../../src/session/log/entry-queue.ts';
import type { StoredEntry } from '../../../src/session/log/stored-entry.ts';

const entry = (seq: number): StoredEntry => ({
  entry: { seq, turn: 1, message: {} },
  appendedAt: 0,
  audioMs: 0,
  bytes: 1,
  audio: [],
  lostAudioMs: 0,
});

test('an EntryQueue finds each entry that is held by its number, and none that was released', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 1_500 }), fc.integer({ min: -2_000, max: -1 })), {
    maxLength: 10,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 50 }), (counts, firstSeq) => {
      const queue = new EntryQueue(firstSeq);
      let oldest = firstSeq;
      let next = firstSeq;
      for (const count of counts) {
        for (let left = count; left > 0; left -= 1) queue.append(entry(next++));
        // One `expect` for all of them: each of its own costs a hundred times as much as the queue.
        let mistakes = 0;
        for (let left = -count; left > 0; left -= 1) {
          const expected = oldest < next ? oldest : undefined;
          if (queue.releaseOldest()?.entry.seq !== expected) mistakes += 1;
          if (expected !== undefined) oldest += 1;
        }
        expect(mistakes).toBe(0);
        expect([queue.size, queue.oldest]).toEqual([next - oldest, oldest]);
        for (const seq of [oldest, (oldest + next) >> 1, next - 1])
          expect(queue.at(seq)?.entry.seq).toBe(seq >= oldest && seq < next ? seq : undefined);
        for (const seq of [oldest - 1, next, firstSeq - 1]) expect(queue.at(seq)).toBe(undefined);
      }
    }),
  );
});
