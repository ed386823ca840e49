import type { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as ws from 'ws';
import { PayloadUnmasker } from '../../src/http/payload-unmasker.ts';

/** `ws` exports its receiver, without a type. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

const BINARY = 0x82;
const LENGTH_OF_2 = 126;
const LENGTH_OF_8 = 127;

/** Encodes a frame of a client. @see RFC 6455, section 5.2 */
function encodeFrame(payload: Buffer, key: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < LENGTH_OF_2 ? 2 : length <= 0xffff ? 4 : 10);
  header[0] = BINARY;
  if (header.length === 2) header[1] = 0x80 | length;
  else if (header.length === 4) {
    header[1] = 0x80 | LENGTH_OF_2;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | LENGTH_OF_8;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (key[index % 4] ?? 0)));
  return Buffer.concat([header, key, masked]);
}

/** Passes chunks through the unmasker to the receiver of `ws`. @returns the messages that `ws` has received */
function receive(chunks: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = [];
  const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer) => messages.push(Buffer.from(data)));
  const unmasker = new PayloadUnmasker();
  for (const chunk of chunks) {
    unmasker.unmask(chunk);
    receiver.write(chunk);
  }
  return messages;
}

/** Cuts bytes into chunks, each with memory of its own that begins at some place. */
function cut(bytes: Buffer, lengths: readonly number[], offset: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const part = bytes.subarray(at, at + (lengths[index % lengths.length] ?? bytes.length));
    const memory = Buffer.alloc(part.length + offset);
    part.copy(memory, offset);
    chunks.push(memory.subarray(offset));
    at += part.length;
  }
  return chunks;
}

const key = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes));
const payload = fc
  .oneof(fc.nat(300), fc.constantFrom(0, 125, 126, 255, 256, 257, 4_300, 65_535, 65_536, 70_001))
  .chain((length) => fc.nat(255).map((seed) => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff))));

test('ws receives the same payloads whatever their keys and lengths are, and however they are cut into chunks', () => {
  const frames = fc.array(fc.record({ payload, key }), { minLength: 1, maxLength: 6 });
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(frames, lengths, fc.nat(3), (sent, cuts, offset) => {
      const bytes = Buffer.concat(sent.map((frame) => encodeFrame(frame.payload, frame.key)));
      const received = receive(cut(bytes, cuts, offset));
      expect(received).toHaveLength(sent.length);
      for (const [index, frame] of sent.entries()) expect(received[index]?.equals(frame.payload)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a payload that arrives as a whole is unmasked, and its key is zero', () => {
  const speech = Buffer.alloc(4_300, 'speech');
  const frame = encodeFrame(speech, Buffer.from([1, 2, 3, 4]));
  new PayloadUnmasker().unmask(frame);
  expect(frame.subarray(4, 8)).toEqual(Buffer.alloc(4));
  expect(frame.subarray(8).equals(speech)).toBe(true);
});

test('bytes that are no frames change nothing after the first of them, and throw nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 5 }), (chunks) => {
      const unmasker = new PayloadUnmasker();
      for (const chunk of chunks) unmasker.unmask(Buffer.from(chunk));
    }),
  );
  const unmasked = Buffer.alloc(600, 1);
  unmasked[1] = 126;
  const before = Buffer.from(unmasked);
  new PayloadUnmasker().unmask(unmasked);
  expect(unmasked.equals(before)).toBe(true);
});
