import { expect, test } from '@jest/globals';
import { FramePacer } from '../../../src/agent/run/frame-pacer.ts';
import { InputConverter } from '../../../src/agent/run/input-converter.ts';
import type { LiveRequest } from '../../../src/wire/live-request.ts';

const AUDIO = { mime_type: 'audio/pcm;rate=16000', data: 'AAAA' };
const START: LiveRequest = { activity_start: {} };
const END: LiveRequest = { activity_end: {} };

function createConverter(manualActivity: boolean) {
  const frames: string[] = [];
  const recorded: string[] = [];
  const converter = new InputConverter({
    inputRate: 16_000,
    manualActivity,
    frames: new FramePacer(undefined, ({ data }) => frames.push(data)),
    onInputAudio: ({ data }) => recorded.push(data),
  });
  return { convert: (request: LiveRequest) => converter.convert(request), frames, recorded };
}

test('with manual activity the model receives each start and each end of speech once', () => {
  const { convert } = createConverter(true);
  const sent = [END, START, START, { blob: AUDIO }, END, END, { ...START, ...END }, { ...START, blob: AUDIO }, END];
  expect(sent.map(convert)).toEqual([
    undefined,
    START,
    undefined,
    { blob: AUDIO },
    END,
    undefined,
    { ...START, ...END },
    { ...START, blob: AUDIO },
    END,
  ]);
});

test('with manual activity audio_stream_end ends an activity that is open, and is dropped otherwise', () => {
  const { convert } = createConverter(true);
  expect(convert({ audio_stream_end: true })).toBeUndefined();
  convert(START);
  expect(convert({ audio_stream_end: true, blob: AUDIO })).toEqual({ blob: AUDIO, ...END });
  expect(convert({ audio_stream_end: true, blob: AUDIO })).toEqual({ blob: AUDIO });
  convert(START);
  expect(convert({ audio_stream_end: true, blob: AUDIO, ...END })).toEqual({ blob: AUDIO, ...END });
});

test('a model that detects speech receives the request unchanged, and its audio is recorded', () => {
  const { convert, recorded } = createConverter(false);
  const request: LiveRequest = { audio_stream_end: true, blob: AUDIO };
  expect(convert(request)).toBe(request);
  expect(recorded).toEqual(['AAAA']);
});

test('a frame goes to the pacer, and the fields beside it are kept', () => {
  const { convert, frames } = createConverter(false);
  const content = { role: 'user', parts: [{ text: 'Look!' }] };
  expect(convert({ blob: { mime_type: 'image/png', data: 'BBBB' }, content })).toEqual({ content });
  expect(convert({ blob: { mime_type: 'image/png', data: 'CCCC' } })).toBeUndefined();
  expect(frames).toEqual(['BBBB', 'CCCC']);
});

test('a blob that is neither audio nor an image is refused', () => {
  const { convert } = createConverter(false);
  expect(() => convert({ blob: { mime_type: 'video/mp4', data: 'AAAA' } })).toThrow(
    expect.objectContaining({ code: 'unsupported_mime_type' }),
  );
});
