import { describe, expect, test } from '@jest/globals';
import { checkRunConfig } from '../../src/agent/check-run-config.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { geminiCapabilities } from '../../src/models/gemini-capabilities.ts';
import { errorOf, HALF_CASCADE, NATIVE, THREE_EIGHT, THREE_ONE, voice } from './model-families.ts';

describe('checkRunConfig refuses with invalid_run_config', () => {
  const detection = (automaticActivityDetection: object) => ({ realtimeInputConfig: { automaticActivityDetection } });

  test.each<[runConfig: unknown, model: string, error: string | RegExp]>([
    [null, THREE_EIGHT, 'RunConfig must be an object'],
    ['AUDIO', THREE_EIGHT, 'RunConfig must be an object'],
    [
      { voise: 'Puck' },
      THREE_EIGHT,
      /^RunConfig has no "voise"; it has responseModalities, speechConfig, .*, idleTimeoutMs$/,
    ],
    [{ streamingMode: 'BIDI', maxLlmCalls: 1 }, THREE_EIGHT, /^RunConfig has no "streamingMode" and "maxLlmCalls"; /],
    [
      { speechConfig: { voice: 'Puck' } },
      THREE_EIGHT,
      'RunConfig.speechConfig has no "voice"; it has voiceConfig, languageCode',
    ],
    [{ speechConfig: null }, THREE_EIGHT, 'RunConfig.speechConfig must be an object'],
    ...[['TEXT', 'AUDIO'], [], 'AUDIO'].map((responseModalities): [unknown, string, string] => [
      { responseModalities },
      HALF_CASCADE,
      "RunConfig.responseModalities must be ['TEXT'] or ['AUDIO']; beside speech, outputAudioTranscription tells its words as text",
    ]),
    [
      { responseModalities: ['IMAGE'] },
      HALF_CASCADE,
      /^RunConfig\.responseModalities\.0 must be \['TEXT'\] or \['AUDIO'\]/,
    ],
    ...[NATIVE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, string] => [
      { responseModalities: ['TEXT'] },
      model,
      `RunConfig.responseModalities: ${model} only speaks: ask for AUDIO; outputAudioTranscription tells its words as text`,
    ]),
    [
      voice('Sulafat'),
      HALF_CASCADE,
      `RunConfig.speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName: "Sulafat" is no voice of ${HALF_CASCADE}; it has Puck, Charon, Kore, Fenrir, Aoede, Leda, Orus, Zephyr`,
    ],
    [voice('puck'), NATIVE, /: "puck" is no voice of .*; it has Puck, .*, Sulafat$/],
    [voice(''), THREE_EIGHT, /voiceName must not be empty: leave it out$/],
    ...[NATIVE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, string] => [
      { speechConfig: { languageCode: 'de-DE' } },
      model,
      `RunConfig.speechConfig.languageCode: ${model} speaks the language that it hears: leave it out, or name the language in the agent's instruction`,
    ]),
    [
      { speechConfig: { languageCode: 'German!' } },
      HALF_CASCADE,
      'RunConfig.speechConfig.languageCode must be a BCP-47 tag, as de-DE',
    ],
    [{ inputAudioTranscription: true }, THREE_EIGHT, 'RunConfig.inputAudioTranscription must be an object'],
    [
      { outputAudioTranscription: { languageCodes: ['en', 7] } },
      THREE_EIGHT,
      'RunConfig.outputAudioTranscription.languageCodes.1 must be a BCP-47 tag, as de-DE',
    ],
    ...[HALF_CASCADE, THREE_ONE].map((model): [unknown, string, string] => [
      { proactivity: { proactiveAudio: true } },
      model,
      `RunConfig.proactivity.proactiveAudio: ${model} answers all that it hears: leave it out, or take a model that may keep silent`,
    ]),
    [
      { proactivity: { proactiveAudio: false } },
      THREE_EIGHT,
      `RunConfig.proactivity.proactiveAudio: ${THREE_EIGHT} always keeps silent where it is not spoken to: leave it out`,
    ],
    [{ proactivity: true }, NATIVE, 'RunConfig.proactivity must be an object'],
    ...[HALF_CASCADE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, RegExp] => [
      { enableAffectiveDialog: true },
      model,
      /^RunConfig\.enableAffectiveDialog: gemini-\S+ has none: leave it out, or take a model that minds how something is said$/,
    ]),
    [{ enableAffectiveDialog: 'yes' }, NATIVE, 'RunConfig.enableAffectiveDialog must be true or false'],
    [{ explicitVadSignal: true }, NATIVE, /^RunConfig\.explicitVadSignal: .* Gemini does on Vertex AI: leave it out$/],
    [
      { sessionResumption: { transparent: true } },
      NATIVE,
      /^RunConfig\.sessionResumption\.transparent: .* on Vertex AI alone: leave it out; /,
    ],
    [{ sessionResumption: { handle: 7 } }, NATIVE, 'RunConfig.sessionResumption.handle must be a text'],
    [
      { sessionResumption: { handle: '' } },
      NATIVE,
      'RunConfig.sessionResumption.handle must not be empty: leave it out',
    ],
    ...['startOfSpeechSensitivity', 'endOfSpeechSensitivity', 'prefixPaddingMs', 'silenceDurationMs'].map(
      (name): [unknown, string, string] => [
        detection({
          disabled: true,
          [name]: name.endsWith('Ms') ? 20 : `${name.startsWith('s') ? 'START' : 'END'}_SENSITIVITY_LOW`,
        }),
        THREE_EIGHT,
        `RunConfig.realtimeInputConfig.automaticActivityDetection has ${name} beside disabled: true, where nothing is detected: leave out one or the other`,
      ],
    ),
    ...[-1, 60_001, 1.5, Number.NaN, '300'].map((ms): [unknown, string, string] => [
      detection({ silenceDurationMs: ms }),
      THREE_EIGHT,
      'RunConfig.realtimeInputConfig.automaticActivityDetection.silenceDurationMs must be a whole number from 0 to 60000 ms',
    ]),
    [detection({ prefixPaddingMs: -1 }), THREE_EIGHT, /prefixPaddingMs must be a whole number from 0 to 60000 ms$/],
    [
      detection({ startOfSpeechSensitivity: 'HIGH' }),
      THREE_EIGHT,
      /startOfSpeechSensitivity must be START_SENSITIVITY_HIGH or START_SENSITIVITY_LOW$/,
    ],
    [
      { realtimeInputConfig: { activityHandling: 'INTERRUPT' } },
      THREE_EIGHT,
      'RunConfig.realtimeInputConfig.activityHandling must be START_OF_ACTIVITY_INTERRUPTS or NO_INTERRUPTION',
    ],
    [
      { realtimeInputConfig: { turnCoverage: 'ALL' } },
      THREE_EIGHT,
      /turnCoverage must be TURN_INCLUDES_ONLY_ACTIVITY or /,
    ],
    ...[100, 101].map((targetTokens): [unknown, string, string] => [
      { contextWindowCompression: { triggerTokens: 100, slidingWindow: { targetTokens } } },
      THREE_EIGHT,
      `RunConfig.contextWindowCompression has targetTokens ${targetTokens}, of what is to be left, and triggerTokens 100: it must be less`,
    ]),
    [
      { contextWindowCompression: { triggerTokens: 0 } },
      THREE_EIGHT,
      /triggerTokens must be a whole number from 1 to \d+ tokens$/,
    ],
    [
      { contextWindowCompression: { slidingWindow: { targetTokens: 1.5 } } },
      THREE_EIGHT,
      /targetTokens must be a whole number/,
    ],
    ...['maxDurationMs', 'idleTimeoutMs'].flatMap((name) =>
      [0, -1, 0.5, 86_400_001, '1000'].map((ms): [unknown, string, string] => [
        { [name]: ms },
        THREE_EIGHT,
        `RunConfig.${name} must be a whole number from 1 to 86400000 ms`,
      ]),
    ),
    ...[[], 'text', null, { at: new Date(0) }, { f: () => 1 }, { n: 1n }].map(
      (customMetadata): [unknown, string, string] => [
        { customMetadata },
        THREE_EIGHT,
        'RunConfig.customMetadata must be an object of JSON: of texts, numbers, true, false, null, lists and objects',
      ],
    ),
    [{ getSessionConfig: { afterTimestamp: -1 } }, THREE_EIGHT, /afterTimestamp must not be negative$/],
    [{ getSessionConfig: { afterTimestamp: 'now' } }, THREE_EIGHT, /afterTimestamp must be a number of seconds/],
    [
      { getSessionConfig: { numRecentEvents: -1 } },
      THREE_EIGHT,
      /numRecentEvents must be a whole number from 0 to 1000000$/,
    ],
    [{ saveLiveBlob: 1 }, THREE_EIGHT, 'RunConfig.saveLiveBlob must be true or false'],
    [
      { maxDurationMs: 0, explicitVadSignal: 1 },
      THREE_EIGHT,
      /explicitVadSignal must be true or false; RunConfig\.maxDurationMs must/,
    ],
  ])('%j of %s', (runConfig, model, text) => {
    const error = errorOf(() =>
      checkRunConfig(runConfig, { name: model, capabilities: geminiCapabilities(model, false) }),
    );
    expect([error.code, error.status, error.retry]).toEqual(['invalid_run_config', 400, false]);
    if (typeof text === 'string') expect(error.message).toBe(text);
    else expect(error.message).toMatch(text);
  });

  test('more than 8 KiB of customMetadata, in UTF-8', () => {
    const model = { name: NATIVE, capabilities: geminiCapabilities(NATIVE, false) };
    expect(checkRunConfig({ customMetadata: { text: 'ä'.repeat(4_090) } }, model).customMetadata).toBeDefined();
    expect(errorOf(() => checkRunConfig({ customMetadata: { text: 'ä'.repeat(4_091) } }, model)).message).toBe(
      'RunConfig.customMetadata has 8193 bytes as JSON and may have 8192: each event carries it',
    );
  });

  test('what goes round in a circle', () => {
    const customMetadata: Record<string, unknown> = {};
    customMetadata.self = customMetadata;
    const model = { name: NATIVE, capabilities: geminiCapabilities(NATIVE, false) };
    expect(errorOf(() => checkRunConfig({ customMetadata }, model)).message).toMatch(/must be an object of JSON/);
  });
});

describe('checkRunConfig takes', () => {
  test.each<[RunConfig, string]>([
    [voice('Any Voice To Come'), THREE_EIGHT],
    [voice('Sulafat'), NATIVE],
    [{ proactivity: { proactiveAudio: true } }, THREE_EIGHT],
    [{ proactivity: { proactiveAudio: false } }, THREE_ONE],
    [{ speechConfig: { languageCode: 'cmn-Hans-CN' } }, HALF_CASCADE],
    [{ contextWindowCompression: { triggerTokens: 2, slidingWindow: { targetTokens: 1 } } }, NATIVE],
    [{ realtimeInputConfig: { automaticActivityDetection: { disabled: false, prefixPaddingMs: 20 } } }, NATIVE],
    [{ maxDurationMs: 86_400_000, idleTimeoutMs: 1 }, NATIVE],
  ])('%j of %s', (runConfig, model) => {
    expect(checkRunConfig(runConfig, { name: model, capabilities: geminiCapabilities(model, false) })).toEqual(
      runConfig,
    );
  });
});
