import { expect, test } from '@jest/globals';
import { OutputBuffer } from '../../src/memory/output-buffer.ts';

/** A stream that keeps some bytes of each write, and shows what it was given. */
function createOutput(kept: number, encrypted?: boolean) {
  const written: Uint8Array[] = [];
  return {
    written,
    writableLength: kept,
    ...(encrypted === undefined ? {} : { encrypted }),
    write: (bytes: Uint8Array) => written.push(bytes),
  };
}

test('texts are written one after the other, and sent from the place at which they begin', () => {
  const buffer = new OutputBuffer(64);
  const output = createOutput(0);
  const end = buffer.writeAscii(['ab', '', 'cd\x81', 'e'], 8);
  expect(end).toBe(14);
  buffer.send(output, 8, end);
  expect(output.written).toEqual([Buffer.from('abcd\x81e', 'latin1')]);
});

test('the memory is used again after a stream that has passed all of it to the system', () => {
  const buffer = new OutputBuffer(64);
  const { bytes, words } = buffer;
  buffer.send(createOutput(0), 0, 8);
  expect(buffer.bytes).toBe(bytes);
  expect(buffer.words).toBe(words);
});

test('a stream that keeps a message keeps its memory, and the next message is made in other memory', () => {
  const buffer = new OutputBuffer(64);
  const output = createOutput(3);
  buffer.send(output, 0, buffer.writeAscii(['first'], 0));
  buffer.send(output, 0, buffer.writeAscii(['other'], 0));
  expect(output.written.map((bytes) => Buffer.from(bytes).toString())).toEqual(['first', 'other']);
  expect(buffer.words.buffer).toBe(buffer.bytes.buffer);
});

test('a stream that encrypts gets a copy, so that no memory is replaced', () => {
  const buffer = new OutputBuffer(64);
  const { bytes } = buffer;
  const output = createOutput(5, true);
  buffer.send(output, 0, buffer.writeAscii(['first'], 0));
  buffer.send(output, 0, buffer.writeAscii(['other'], 0));
  expect(output.written.map((written) => Buffer.from(written).toString())).toEqual(['first', 'other']);
  expect(buffer.bytes).toBe(bytes);
});
