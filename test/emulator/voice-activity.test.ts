import { describe, expect } from '@jest/globals';
import { Hearing, type Utterance } from '../../src/emulator/hearing.ts';
import type { ActivityDetection } from '../../src/emulator/voice-activity.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { join, room, speech } from './microphone.ts';

const AUTOMATIC: ActivityDetection = {
  disabled: false,
  prefixPaddingMs: undefined,
  silenceDurationMs: undefined,
  startSensitivity: 'high',
  endSensitivity: 'high',
};

interface Heard {
  starts: number[];
  utterances: (Utterance & { endsAt: number })[];
}

function listen(samples: Int16Array, detection: Partial<ActivityDetection> = {}, frame = 1_600, rate = 16_000): Heard {
  const heard: Heard = { starts: [], utterances: [] };
  const hearing = new Hearing(
    { ...AUTOMATIC, ...detection },
    {
      onSpeechStart: (offset) => heard.starts.push(offset),
      onUtterance: (utterance, endsAt) => heard.utterances.push({ ...utterance, endsAt }),
    },
  );
  for (let at = 0; at < samples.length; at += frame)
    hearing.receiveAudio({ rate, samples: samples.subarray(at, at + frame) });
  return heard;
}

describe('with automatic activity detection', () => {
  test.each([
    ['loud, in a quiet room', 0.2, 0.001],
    ['soft, in a quiet room', 0.03, 0.001],
    ['noise-suppressed: digital silence around it', 0.05, 0],
    ['in front of a fan', 0.2, 0.006],
  ])('speech that is %s is one utterance of its length', (_, level, noise) => {
    const samples = join(room(1, 16_000, noise), speech(2, 16_000, level), room(1, 16_000, noise));
    const { starts, utterances } = listen(samples);
    expect(starts).toHaveLength(1);
    expect(starts[0]).toBeCloseTo(1, 0);
    expect(utterances).toHaveLength(1);
    expect(Math.abs((utterances[0]?.seconds ?? 0) - 2)).toBeLessThan(0.15);
    expect(Math.abs((utterances[0]?.endsAt ?? 0) - 3)).toBeLessThan(0.15);
  });

  test('the room alone is not speech', () => {
    expect(listen(room(10, 16_000, 0.008)).starts).toEqual([]);
  });

  test('sounds shorter than 100 ms are not speech', () => {
    const clicks = Array.from({ length: 5 }, () => join(speech(0.06), room(0.5)));
    expect(listen(join(...clicks)).starts).toEqual([]);
  });

  test('a stream that begins inside a word is recorded from its first sample', () => {
    const { starts, utterances } = listen(join(speech(1), room(0.6)));
    expect(starts[0]).toBeLessThan(0.1);
    expect(utterances).toHaveLength(1);
  });

  test('a pause shorter than silenceDurationMs does not end an utterance', () => {
    const samples = join(speech(0.5), room(0.4), speech(0.5), room(1.2));
    expect(listen(samples).utterances).toHaveLength(1);
    expect(listen(samples, { silenceDurationMs: 200 }).utterances).toHaveLength(2);
    expect(listen(samples, { silenceDurationMs: 2_000 }).utterances).toHaveLength(0);
  });

  test('speech shorter than prefixPaddingMs does not start an utterance', () => {
    const samples = join(room(0.5), speech(0.4), room(1));
    expect(listen(samples, { prefixPaddingMs: 800 }).starts).toEqual([]);
    expect(listen(samples, { prefixPaddingMs: 20 }).starts).toHaveLength(1);
  });

  test('soft speech is not detected with low start sensitivity', () => {
    const samples = join(room(0.5), speech(1, 16_000, 0.02), room(1));
    expect(listen(samples).starts).toHaveLength(1);
    expect(listen(samples, { startSensitivity: 'low' }).starts).toEqual([]);
  });

  test('a steady new noise counts as part of the room within seconds', () => {
    const { utterances } = listen(join(room(1), room(8, 16_000, 0.03)));
    expect(utterances.length).toBeLessThanOrEqual(1);
    const last = utterances.at(-1);
    if (last) expect(last.seconds).toBeLessThan(4.5);
  });

  test('the result is the same, however the stream is cut into chunks', () => {
    const samples = join(room(0.7), speech(1.3), room(0.9), speech(0.7), room(0.8));
    const whole = listen(samples, {}, samples.length);
    expect(whole.utterances).toHaveLength(2);
    for (const frame of [7, 320, 333, 16_000]) expect(listen(samples, {}, frame)).toEqual(whole);
  });

  test.each([8_000, 24_000, 44_100, 48_000])('speech at %i Hz is detected as at 16,000 Hz', (rate) => {
    const { utterances } = listen(join(room(0.5, rate), speech(1, rate), room(0.8, rate)), {}, 2_048, rate);
    expect(utterances).toHaveLength(1);
    expect(Math.abs((utterances[0]?.seconds ?? 0) - 1)).toBeLessThan(0.1);
  });

  test('an utterance of more than 30 s is measured to its end, and its first 30 s are stored', () => {
    const { utterances } = listen(join(speech(35), room(0.6)));
    expect(utterances[0]?.seconds).toBeCloseTo(35, 0);
    expect(utterances[0]?.samples.length).toBe(30 * 16_000);
  });
});

describe('with detection disabled', () => {
  test('an utterance is all audio between the start and the end of the activity, silence included', () => {
    const utterances: Utterance[] = [];
    const hearing = new Hearing(
      { ...AUTOMATIC, disabled: true },
      { onSpeechStart() {}, onUtterance: (utterance) => utterances.push(utterance) },
    );
    const hear = (samples: Int16Array) => hearing.receiveAudio({ rate: 16_000, samples });
    hear(speech(1));
    hearing.endActivity();
    hearing.startActivity();
    hear(room(1));
    hear(speech(1));
    hearing.endActivity();
    hear(speech(1));
    expect(utterances.map(({ seconds, samples }) => [seconds, samples.length])).toEqual([[2, 32_000]]);
  });
});
