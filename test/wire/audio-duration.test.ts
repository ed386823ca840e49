import { expect, test } from '@jest/globals';
import { audioMs } from '../../src/wire/audio-duration.ts';
import { interrupted, message, mixedBy, text } from '../session/log/log-messages.ts';

const sound = (mimeType: string, bytes: number) => ({
  inlineData: { mimeType, data: Buffer.alloc(bytes).toString('base64') },
});
const lasting = (...parts: object[]) => audioMs(message({ content: { role: 'model', parts } }).event);

test.each([
  ['audio/pcm;rate=24000', 48_000, 1_000],
  ['audio/pcm;rate=16000', 32_000, 1_000],
  ['audio/pcm', 48_000, 1_000],
  ['audio/pcm;rate=0', 48_000, 1_000],
  ['audio/pcm;rate=8000', 2, 0.125],
  ['image/png', 48_000, 0],
])('audioMs of %s, %i bytes, is %f', (mimeType, bytes, ms) => {
  expect(lasting(sound(mimeType, bytes))).toBeCloseTo(ms);
});

test('audioMs of several pieces, with text between them, is their sum', () => {
  expect(lasting(sound('audio/pcm', 480), { text: 'and' }, sound('audio/pcm;rate=16000', 320))).toBeCloseTo(20);
  expect(audioMs(mixedBy('agent', 'before', 64_000, 'after').event)).toBeCloseTo(1_000);
});

test('audioMs of an event without audio is 0', () => {
  for (const event of [undefined, text('hello').event, interrupted().event]) expect(audioMs(event)).toBe(0);
  expect(lasting(sound('audio/pcm', 0))).toBe(0);
});
