import { describe, expect, test } from '@jest/globals';
import type { GeminiOptions } from '../../../src/models/gemini/model.ts';
import { modelAt } from './gemini-model.ts';

const model = (name: string) => modelAt('http://127.0.0.1:1', { model: name });

describe('checkLiveModel', () => {
  test.each([
    'gemini-2.5-flash',
    'models/gemini-2.5-flash',
    'publishers/google/models/gemini-3-pro',
    'gpt-4o-realtime',
    'foo',
    '',
  ])('the model %j is refused before anything is opened, because no live model has such a name', (name) => {
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
  ])('the model %j is accepted', (name) => {
    expect(model(name).name).toBe(name);
  });
});

describe('describeCapabilities', () => {
  const known = (name: string, options: Partial<GeminiOptions> = {}) => {
    const { modalities, output, proactive, runOptions } = modelAt('http://127.0.0.1:1', {
      model: name,
      ...options,
    }).capabilities;
    return [modalities.join(), output.voices?.length, proactive, [...runOptions].sort()];
  };

  test.each([
    ['gemini-live-2.5-flash-preview', ['TEXT,AUDIO', 8, false, ['language']]],
    ['gemini-2.5-flash-native-audio-preview-12-2025', ['AUDIO', 30, false, ['affective_dialog', 'proactivity']]],
    ['gemini-3.1-flash-live-preview', ['AUDIO', undefined, false, []]],
    ['models/gemini-3.8-live', ['AUDIO', undefined, true, []]],
  ])('%s has these modalities, number of voices, proactive silence and run options: %j', (name, expected) => {
    expect(known(name)).toEqual(expected);
  });

  test('a model on Vertex AI reports voice activity and resumes transparently', () => {
    const name = 'gemini-live-2.5-flash-native-audio';
    const onVertex = known(name, { vertexai: true, apiVersion: 'v1beta1' });
    expect(onVertex.at(-1)).toEqual(['affective_dialog', 'proactivity', 'transparent_resumption', 'vad_signal']);
  });

  test('3.1 takes images as frames only, because it accepts client content only as history', () => {
    const images = (name: string) => model(name).capabilities.input.images;
    expect(images('gemini-3.1-flash-live-preview')).toEqual(['frames']);
    expect(images('gemini-3.8-live')).toEqual(['frames', 'in_message']);
  });
});
