import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHUNK_BYTES, ReceivedBytes } from '../../src/http/received-bytes.ts';

test('whatever the chunks, ReceivedBytes returns all bytes in order and takes at most four times their memory', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(chunks, chunks, (first, second) => {
      const received = new ReceivedBytes();
      for (const each of [first, second]) {
        let length = 0;
        for (const chunk of each) {
          received.append(Buffer.from(chunk));
          length += chunk.length;
          expect(received.length).toBe(length);
          expect(received.memory).toBeGreaterThanOrEqual(length);
          expect(received.memory).toBeLessThanOrEqual(Math.max(4_096, 4 * length, CHUNK_BYTES + length));
        }
        expect(received.take()).toEqual(Buffer.concat(each));
        expect([received.length, received.memory]).toEqual([0, 0]);
      }
    }),
  );
});

test('the only chunk of a body is not copied', () => {
  const received = new ReceivedBytes();
  const chunk = Buffer.from('a body');
  received.append(chunk);
  expect(received.take()).toBe(chunk);
});
