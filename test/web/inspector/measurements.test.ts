import { expect, test } from '@jest/globals';
import { Measurements } from '../../../src/web/inspector/measurements.ts';

/** Creates measurements with a clock that the test sets. */
function setUp() {
  let now = 0;
  const measurements = new Measurements(() => now);
  const receive = (name: string, data: unknown) =>
    measurements.onTraffic({ direction: 'down', over: 'ws', name, id: undefined, data });
  return {
    measurements,
    at(ms: number) {
      now = ms;
    },
    type: (text: string) =>
      measurements.onTraffic({
        direction: 'up',
        over: 'ws',
        name: 'post',
        id: 1,
        data: [{ mime_type: 'text/plain', data: text }],
      }),
    sendAudio: () =>
      measurements.onTraffic({ direction: 'up', over: 'ws', name: 'post', id: 1, data: [{ audio_ms: 100 }] }),
    words: () => receive('message', { mime_type: 'text/plain', data: 'Yes' }),
    audio: () => receive('message', { mime_type: 'audio/pcm', data: 'AAAA' }),
    complete: (interrupted: true | null = null) => receive('message', { turn_complete: true, interrupted }),
    use: (total_tokens: unknown) => receive('usage', { total_tokens }),
    read: () => measurements.values.value,
  };
}

test('the latency of a typed question is the time until the first words and the first audio of its answer', () => {
  const { at, type, words, audio, complete, read } = setUp();
  expect(read()).toEqual({});
  at(100);
  type('Hi');
  at(350);
  words();
  at(420);
  audio();
  at(900);
  audio();
  words();
  expect(read()).toEqual({ firstTextMs: 250, firstAudioMs: 320 });
  complete();
  at(1_000);
  type('Again');
  at(1_040);
  words();
  expect(read()).toEqual({ firstTextMs: 40, firstAudioMs: 320 });
});

test('the latency of a spoken question begins when the microphone falls silent, although silence is sent on', () => {
  const { at, sendAudio, audio, measurements, read } = setUp();
  at(1_000);
  measurements.onMicrophoneLevel(0.2);
  at(1_100);
  measurements.onMicrophoneLevel(0.001);
  sendAudio();
  at(1_640);
  audio();
  expect(read()).toEqual({ firstAudioMs: 640 });
});

test('speech into an answer does not count as its question', () => {
  const { at, type, audio, complete, measurements, read } = setUp();
  type('Count');
  at(200);
  audio();
  at(300);
  measurements.onMicrophoneLevel(0.3);
  at(310);
  audio();
  expect(read()).toEqual({ firstAudioMs: 200 });
  complete(true);
  at(700);
  audio();
  expect(read()).toEqual({ firstAudioMs: 400 });
});

test('an answer that nobody has asked for has no latency', () => {
  const page = setUp();
  page.at(50);
  page.audio();
  expect(page.read()).toEqual({});
});

test('the tokens of all turns are added, and a usage without a number counts as none', () => {
  const page = setUp();
  for (const tokens of [81, 124, 'many', undefined]) page.use(tokens);
  expect(page.read()).toEqual({ lastTokens: 0, allTokens: 205 });
});
