import { describe, expect, test } from '@jest/globals';
import { UnackedAudio } from '../../../src/http/delivery/unacked-audio.ts';

/** Audio of entries 1, 2, 3 … of 1 s each. */
function writtenSeconds(count: number): UnackedAudio {
  const audio = new UnackedAudio();
  for (let seq = 1; seq <= count; seq += 1) {
    audio.hasSpace(1_000, undefined);
    audio.add(seq, 1_000);
  }
  return audio;
}

describe('UnackedAudio of a client that acknowledges', () => {
  test('has space for 3 s beyond the acknowledgement and no more', () => {
    const audio = writtenSeconds(2);
    expect([audio.hasSpace(1_000, 0), audio.hasSpace(1_001, 0)]).toEqual([true, false]);
  });

  test('has space again when the oldest audio is acknowledged', () => {
    const audio = writtenSeconds(3);
    expect([audio.hasSpace(1_000, 0), audio.hasSpace(1_000, 1), audio.hasSpace(2_000, 1)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test('has space for one piece longer than 3 s if everything before it is acknowledged', () => {
    const audio = writtenSeconds(2);
    expect([audio.hasSpace(60_000, 1), audio.hasSpace(60_000, 2)]).toEqual([false, true]);
  });
});

test('UnackedAudio of a client that does not acknowledge always has space, and makes it wait from its first acknowledgement on', () => {
  const audio = writtenSeconds(100);
  expect(audio.hasSpace(60_000, undefined)).toBe(true);
  expect([audio.hasSpace(1_000, 50), audio.hasSpace(1_000, 97), audio.hasSpace(1_000, 98)]).toEqual([
    false,
    false,
    true,
  ]);
});
