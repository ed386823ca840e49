import { describe, expect, test } from '@jest/globals';
import { InputCopy } from '../../../src/agent/tools/input-copy.ts';
import type { LiveRequest } from '../../../src/wire/live-request.ts';

const audio = (data: string): LiveRequest => ({ blob: { mime_type: 'audio/pcm;rate=16000', data } });
const text = (words: string): LiveRequest => ({ content: { role: 'user', parts: [{ text: words }] } });

function createCopy() {
  const counted = { bytes: 0 };
  const copy = new InputCopy({
    add: (bytes) => {
      counted.bytes += bytes;
    },
    release: (bytes) => {
      counted.bytes -= bytes;
    },
  });
  return { copy, counted };
}

describe('the copy of the input', () => {
  test('is read in order, also what comes after the reader', async () => {
    const { copy } = createCopy();
    copy.push(text('a'));
    const first = copy.next();
    const second = copy.next();
    copy.push(text('b'));
    expect(await first).toEqual({ value: text('a'), done: false });
    expect(await second).toEqual({ value: text('b'), done: false });
    expect(copy.dropped).toBe(0);
  });

  test('drops the oldest requests above its limit, and counts them', async () => {
    const { copy, counted } = createCopy();
    for (let index = 0; index < 5; index += 1) copy.push(audio(String(index).repeat(400_000)));
    expect(copy.dropped).toBe(3);
    expect(counted.bytes).toBeGreaterThan(700_000);
    expect(counted.bytes).toBeLessThan(1024 * 1024);
    expect((await copy.next()).value?.blob?.data[0]).toBe('3');
  });

  test('drops the oldest of more than 1,000 requests, however small they are', async () => {
    const { copy } = createCopy();
    for (let index = 0; index <= 1_000; index += 1) copy.push({ content: { parts: [{ text: `${index}` }] } });
    expect(copy.dropped).toBe(1);
    expect((await copy.next()).value?.content?.parts).toEqual([{ text: '1' }]);
  });

  test('keeps a single request that is larger than the limit', async () => {
    const { copy } = createCopy();
    copy.push(audio('x'.repeat(2_000_000)));
    expect(copy.dropped).toBe(0);
    expect((await copy.next()).value?.blob?.data).toHaveLength(2_000_000);
  });

  test('ends with its call, for a reader that waits, too, and holds nothing any more', async () => {
    const { copy, counted } = createCopy();
    const waiting = copy.next();
    copy.push(text('a'));
    copy.push(audio('x'.repeat(1_000)));
    copy.close();
    copy.push(text('b'));
    expect((await waiting).value).toEqual(text('a'));
    expect(await copy.next()).toEqual({ value: undefined, done: true });
    expect(counted.bytes).toBe(0);
  });

  test('can be read by a second loop after the first one was left', async () => {
    const { copy } = createCopy();
    for (const words of ['a', 'b', 'c']) copy.push(text(words));
    for await (const request of copy) {
      expect(request).toEqual(text('a'));
      break;
    }
    expect((await copy.next()).value).toEqual(text('b'));
  });
});
