import { expect, test } from '@jest/globals';
import { createModelInput } from '../../src/agent/model-input.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';

const AUDIO = { mime_type: 'audio/pcm;rate=16000', data: 'AAAA' };
const START: LiveRequest = { activity_start: {} };
const END: LiveRequest = { activity_end: {} };

function input(manualActivity: boolean) {
  const frames: string[] = [];
  const heard: string[] = [];
  const toModelInput = createModelInput({
    inputRate: 16_000,
    manualActivity,
    frames: { take: ({ data }) => frames.push(data), flush: () => {}, stop: () => {} },
    onHeard: ({ data }) => heard.push(data),
  });
  return { toModelInput, frames, heard };
}

test('a model that is told when the user speaks is told each beginning and each end once', () => {
  const { toModelInput } = input(true);
  const sent = [END, START, START, { blob: AUDIO }, END, END, { ...START, ...END }, { ...START, blob: AUDIO }, END];
  expect(sent.map(toModelInput)).toEqual([
    {},
    START,
    {},
    { blob: AUDIO },
    END,
    {},
    { ...START, ...END },
    { ...START, blob: AUDIO },
    END,
  ]);
});

test('a model that is told when the user speaks is not told that the microphone is off, and misses nothing else', () => {
  const { toModelInput } = input(true);
  toModelInput(START);
  expect(toModelInput({ audio_stream_end: true, blob: AUDIO, ...END })).toEqual({ blob: AUDIO, ...END });
});

test('a model that listens itself is given what was sent', () => {
  const { toModelInput, heard } = input(false);
  const request: LiveRequest = { audio_stream_end: true, blob: AUDIO };
  expect(toModelInput(request)).toBe(request);
  expect(heard).toEqual(['AAAA']);
});

test('a frame goes its own way, and what came with it goes on', () => {
  const { toModelInput, frames } = input(false);
  const content = { role: 'user', parts: [{ text: 'Look!' }] };
  expect(toModelInput({ blob: { mime_type: 'image/png', data: 'BBBB' }, content })).toEqual({ content });
  expect(frames).toEqual(['BBBB']);
});
