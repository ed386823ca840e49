import { describe, expect, test } from '@jest/globals';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import type { GeminiOptions } from '../../../src/models/gemini/model.ts';
import { HALF_CASCADE, NATIVE, SPOKEN, THREE_EIGHT, THREE_ONE, voice } from '../../agent/model-families.ts';
import { runnerFor, startTalk } from '../../agent/talk.ts';
import { closesAfterEach } from '../cleanup.ts';
import { modelAt } from './gemini-model.ts';
import { type Frame, startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

const VERTEX: Partial<GeminiOptions> = { vertexai: true, apiVersion: 'v1beta1' };

/** The setup that a run with this config sends to the provider, by the real SDK, without what does not hang on it. */
async function setupOf(runConfig: RunConfig, options: Partial<GeminiOptions>): Promise<Frame> {
  const server = closing(await startScriptedGemini());
  const talk = closing(startTalk(runnerFor(modelAt(server.url, options)), runConfig));
  await talk.until(({ status }) => status?.upstream === 'ready' || status?.upstream === 'resumed');
  const { model: _model, ...setup } = (await server.connection(0)).setup;
  return setup;
}

/** What every run asks for unless it is told otherwise. */
const ALWAYS = { sessionResumption: {}, inputAudioTranscription: {}, contextWindowCompression: { slidingWindow: {} } };
const SPEAKING = { ...ALWAYS, outputAudioTranscription: {} };
const inText = { responseModalities: ['TEXT'] };
const inAudio = { responseModalities: ['AUDIO'] };

describe('the setup of a connection', () => {
  test.each<[what: string, model: string, runConfig: RunConfig, setup: object]>([
    ['text by default', HALF_CASCADE, {}, { ...ALWAYS, generationConfig: inText }],
    ['speech', HALF_CASCADE, SPOKEN, { ...SPEAKING, generationConfig: inAudio }],
    ['speech by default from a model that only speaks', THREE_EIGHT, {}, { ...SPEAKING, generationConfig: inAudio }],
    ['a voice', THREE_EIGHT, voice('Sulafat'), { ...SPEAKING, generationConfig: { ...inAudio, ...voice('Sulafat') } }],
    [
      'a voice and a language',
      HALF_CASCADE,
      { ...SPOKEN, speechConfig: { ...voice('Kore').speechConfig, languageCode: 'de-DE' } },
      {
        ...SPEAKING,
        generationConfig: { ...inAudio, speechConfig: { ...voice('Kore').speechConfig, languageCode: 'de-DE' } },
      },
    ],
    ['no voice for text', HALF_CASCADE, voice('Kore'), { ...ALWAYS, generationConfig: inText }],
    [
      'transcripts of certain languages',
      NATIVE,
      { inputAudioTranscription: { languageCodes: ['de-DE', 'en'] }, outputAudioTranscription: {} },
      { ...SPEAKING, inputAudioTranscription: { languageCodes: ['de-DE', 'en'] }, generationConfig: inAudio },
    ],
    [
      'no transcripts',
      NATIVE,
      { inputAudioTranscription: null, outputAudioTranscription: null },
      {
        ...SPEAKING,
        inputAudioTranscription: undefined,
        outputAudioTranscription: undefined,
        generationConfig: inAudio,
      },
    ],
    [
      'all of activity detection',
      THREE_ONE,
      {
        realtimeInputConfig: {
          automaticActivityDetection: {
            startOfSpeechSensitivity: 'START_SENSITIVITY_LOW',
            endOfSpeechSensitivity: 'END_SENSITIVITY_HIGH',
            prefixPaddingMs: 0,
            silenceDurationMs: 60_000,
          },
          activityHandling: 'NO_INTERRUPTION',
          turnCoverage: 'TURN_INCLUDES_ALL_INPUT',
        },
      },
      {
        ...SPEAKING,
        generationConfig: inAudio,
        realtimeInputConfig: {
          automaticActivityDetection: {
            startOfSpeechSensitivity: 'START_SENSITIVITY_LOW',
            endOfSpeechSensitivity: 'END_SENSITIVITY_HIGH',
            prefixPaddingMs: 0,
            silenceDurationMs: 60_000,
          },
          activityHandling: 'NO_INTERRUPTION',
          turnCoverage: 'TURN_INCLUDES_ALL_INPUT',
        },
      },
    ],
    [
      'no activity detection',
      HALF_CASCADE,
      { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
      {
        ...ALWAYS,
        generationConfig: inText,
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
      },
    ],
    [
      'silence where nobody speaks to it',
      NATIVE,
      { proactivity: { proactiveAudio: true } },
      { ...SPEAKING, generationConfig: inAudio, proactivity: { proactiveAudio: true } },
    ],
    [
      'the same of a model that always is so',
      THREE_EIGHT,
      { proactivity: { proactiveAudio: true } },
      { ...SPEAKING, generationConfig: inAudio, proactivity: { proactiveAudio: true } },
    ],
    [
      'affective dialog',
      NATIVE,
      { enableAffectiveDialog: true },
      { ...SPEAKING, generationConfig: { ...inAudio, enableAffectiveDialog: true } },
    ],
    [
      'nothing that is off, where the model may not know the field',
      THREE_ONE,
      {
        proactivity: { proactiveAudio: false },
        enableAffectiveDialog: false,
        explicitVadSignal: false,
        sessionResumption: { transparent: false },
      },
      { ...SPEAKING, generationConfig: inAudio },
    ],
    [
      'a conversation that it remembers',
      THREE_EIGHT,
      { sessionResumption: { handle: 'h1' } },
      { ...SPEAKING, generationConfig: inAudio, sessionResumption: { handle: 'h1' } },
    ],
    [
      'a context window of a certain size',
      HALF_CASCADE,
      { contextWindowCompression: { triggerTokens: 100_000, slidingWindow: { targetTokens: 80_000 } } },
      {
        ...ALWAYS,
        generationConfig: inText,
        contextWindowCompression: { triggerTokens: '100000', slidingWindow: { targetTokens: '80000' } },
      },
    ],
    [
      'no compression of the context window',
      HALF_CASCADE,
      { contextWindowCompression: null },
      { ...ALWAYS, generationConfig: inText, contextWindowCompression: undefined },
    ],
    [
      'nothing for fields that the provider does not know',
      HALF_CASCADE,
      {
        customMetadata: { a: 1 },
        getSessionConfig: { numRecentEvents: 3 },
        maxDurationMs: 1_000,
        idleTimeoutMs: 86_400_000,
      },
      { ...ALWAYS, generationConfig: inText },
    ],
  ])('requests %s (%s)', async (_what, model, runConfig, setup) => {
    expect(await setupOf(runConfig, { model })).toEqual(setup);
  });

  test.each<[what: string, runConfig: RunConfig, more: object]>([
    ['transparent resumption by default', {}, {}],
    [
      'no transparent resumption',
      { sessionResumption: { transparent: false } },
      { sessionResumption: { transparent: false } },
    ],
    ['signals of voice activity', { explicitVadSignal: true }, { explicitVadSignal: true }],
  ])('requests %s on Vertex AI', async (_what, runConfig, more) => {
    const setup = await setupOf(runConfig, { ...VERTEX, model: 'gemini-live-2.5-flash-native-audio' });
    expect(setup).toEqual({
      ...SPEAKING,
      generationConfig: inAudio,
      sessionResumption: { transparent: true },
      ...more,
    });
  });
});
