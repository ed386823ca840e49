import { describe, expect, test } from '@jest/globals';
import { modelAt } from './gemini-model.ts';

const model = (name: string) => modelAt('http://127.0.0.1:1', { model: name });

describe('geminiModel', () => {
  test.each([
    'gemini-2.5-flash',
    'models/gemini-2.5-flash',
    'publishers/google/models/gemini-3-pro',
    'gpt-4o-realtime',
    'foo',
    '',
  ])('refuses %j before anything is opened: by its name it is no live model', (name) => {
    expect(() => model(name)).toThrow(
      expect.objectContaining({
        code: 'model_not_found',
        message: `"${name}" is no live model of Gemini: their names contain "live" or "native-audio"`,
      }),
    );
  });

  test.each([
    'gemini-9-live',
    'models/gemini-9-ultra-live-preview',
    'gemini-9-native-audio-001',
    'publishers/google/models/gemini-live-2.5-flash',
    'projects/p/locations/us-central1/endpoints/4711',
    'tunedModels/my-own',
  ])('takes %j, which may be one', (name) => {
    expect(model(name).name).toBe(name);
  });
});

describe('capabilities', () => {
  const known = (name: string) => {
    const { voices, audioOnly, language, proactiveAudio, affectiveDialog } = model(name).capabilities;
    return [audioOnly, voices?.length, language, proactiveAudio, affectiveDialog];
  };

  test.each([
    ['gemini-live-2.5-flash-preview', [false, 8, true, 'never', false]],
    ['gemini-2.5-flash-native-audio-preview-12-2025', [true, 30, false, 'optional', true]],
    ['gemini-3.1-flash-live-preview', [true, undefined, false, 'never', false]],
    ['models/gemini-3.8-live', [true, undefined, false, 'always', false]],
  ])('of %s: only speaks, voices, language, proactive, affective: %j', (name, expected) => {
    expect(known(name)).toEqual(expected);
  });
});
