import { describe, expect, test } from '@jest/globals';
import { checkRunConfig } from '../../src/agent/check-run-config.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { describeCapabilities } from '../../src/models/gemini/capabilities.ts';
import { findFamily } from '../../src/models/gemini/model-names.ts';
import { errorOf, HALF_CASCADE, NATIVE, THREE_EIGHT, THREE_ONE, voice } from './model-families.ts';

describe('checkRunConfig', () => {
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
      "RunConfig.responseModalities must be ['TEXT'] or ['AUDIO']; for the text of speech, use outputAudioTranscription",
    ]),
    [
      { responseModalities: ['IMAGE'] },
      HALF_CASCADE,
      /^RunConfig\.responseModalities\.0 must be \['TEXT'\] or \['AUDIO'\]/,
    ],
    ...[NATIVE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, string] => [
      { responseModalities: ['TEXT'] },
      model,
      `RunConfig.responseModalities: ${model} only speaks: use AUDIO, and outputAudioTranscription for the text of speech`,
    ]),
    [
      voice('Sulafat'),
      HALF_CASCADE,
      `RunConfig.speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName: "Sulafat" is no voice of ${HALF_CASCADE}; it has Puck, Charon, Kore, Fenrir, Aoede, Leda, Orus, Zephyr`,
    ],
    [voice('puck'), NATIVE, /: "puck" is no voice of .*; it has Puck, .*, Sulafat$/],
    [voice(''), THREE_EIGHT, /voiceName must not be empty: omit the field$/],
    ...[NATIVE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, string] => [
      { speechConfig: { languageCode: 'de-DE' } },
      model,
      `RunConfig.speechConfig.languageCode: ${model} speaks the language that it hears: omit the field, or name the language in the agent's instruction`,
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
      `RunConfig.proactivity.proactiveAudio: ${model} answers all that it hears: omit the field, or use a model that can stay silent`,
    ]),
    [
      { proactivity: { proactiveAudio: false } },
      THREE_EIGHT,
      `RunConfig.proactivity.proactiveAudio: ${THREE_EIGHT} always keeps silent when nobody speaks to it: omit the field`,
    ],
    [{ proactivity: true }, NATIVE, 'RunConfig.proactivity must be an object'],
    ...[HALF_CASCADE, THREE_ONE, THREE_EIGHT].map((model): [unknown, string, RegExp] => [
      { enableAffectiveDialog: true },
      model,
      /^RunConfig\.enableAffectiveDialog: gemini-\S+ has none: omit the field, or use a model that reacts to the tone of the voice$/,
    ]),
    [{ enableAffectiveDialog: 'yes' }, NATIVE, 'RunConfig.enableAffectiveDialog must be true or false'],
    [
      { explicitVadSignal: true },
      NATIVE,
      /^RunConfig\.explicitVadSignal: .* \(available on Vertex AI only\): omit the field$/,
    ],
    [
      { sessionResumption: { transparent: true } },
      NATIVE,
      /^RunConfig\.sessionResumption\.transparent: .* \(available on Vertex AI only\): omit the field; /,
    ],
    [{ sessionResumption: { handle: 7 } }, NATIVE, 'RunConfig.sessionResumption.handle must be a string'],
    [
      { sessionResumption: { handle: '' } },
      NATIVE,
      'RunConfig.sessionResumption.handle must not be empty: omit the field',
    ],
    ...['startOfSpeechSensitivity', 'endOfSpeechSensitivity', 'prefixPaddingMs', 'silenceDurationMs'].map(
      (name): [unknown, string, string] => [
        detection({
          disabled: true,
          [name]: name.endsWith('Ms') ? 20 : `${name.startsWith('s') ? 'START' : 'END'}_SENSITIVITY_LOW`,
        }),
        THREE_EIGHT,
        `RunConfig.realtimeInputConfig.automaticActivityDetection has ${name} together with disabled: true, which turns detection off: omit one of them`,
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
      `RunConfig.contextWindowCompression has targetTokens ${targetTokens} and triggerTokens 100: targetTokens must be less, because so many tokens remain`,
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
    ...[-1, 0.5, 86_400_001].map((toolTimeoutMs): [unknown, string, string] => [
      { toolTimeoutMs },
      THREE_EIGHT,
      'RunConfig.toolTimeoutMs must be a whole number from 0 to 86400000 ms',
    ]),
    ...[[], 'text', null, { at: new Date(0) }, { f: () => 1 }, { n: 1n }].map(
      (customMetadata): [unknown, string, string] => [
        { customMetadata },
        THREE_EIGHT,
        'RunConfig.customMetadata must be a JSON object: strings, numbers, booleans, null, arrays and objects',
      ],
    ),
    [{ getSessionConfig: { afterTimestamp: -1 } }, THREE_EIGHT, /afterTimestamp must not be negative$/],
    [{ getSessionConfig: { afterTimestamp: 'now' } }, THREE_EIGHT, /afterTimestamp must be a number of seconds/],
    [
      { getSessionConfig: { numRecentEvents: -1 } },
      THREE_EIGHT,
      /numRecentEvents must be a whole number from 0 to 1000000$/,
    ],
    [
      { thinkingConfig: { thinkingLevel: 'LOW' } },
      THREE_EIGHT,
      'RunConfig.thinkingConfig.thinkingLevel: gemini-3.8-live has no thinking levels: omit the field',
    ],
    [
      { thinkingConfig: { thinkingLevel: 'MAX' } },
      THREE_ONE,
      /thinkingLevel must be MINIMAL or LOW or MEDIUM or HIGH$/,
    ],
    [{ saveLiveBlob: 1 }, THREE_EIGHT, 'RunConfig.saveLiveBlob must be true or false'],
    [
      { maxDurationMs: 0, explicitVadSignal: 1 },
      THREE_EIGHT,
      /explicitVadSignal must be true or false; RunConfig\.maxDurationMs must/,
    ],
  ])('refuses %j for %s with invalid_run_config', (runConfig, model, text) => {
    const error = errorOf(() =>
      checkRunConfig(runConfig, { name: model, capabilities: describeCapabilities(findFamily(model), false) }),
    );
    expect([error.code, error.status, error.retry]).toEqual(['invalid_run_config', 400, false]);
    if (typeof text === 'string') expect(error.message).toBe(text);
    else expect(error.message).toMatch(text);
  });

  test('refuses more than 8 KiB of customMetadata, measured in UTF-8', () => {
    const model = { name: NATIVE, capabilities: describeCapabilities(findFamily(NATIVE), false) };
    expect(checkRunConfig({ customMetadata: { text: 'ä'.repeat(4_090) } }, model).customMetadata).toBeDefined();
    expect(errorOf(() => checkRunConfig({ customMetadata: { text: 'ä'.repeat(4_091) } }, model)).message).toBe(
      'RunConfig.customMetadata has 8193 bytes as JSON, and the maximum is 8192: each event carries it',
    );
  });

  test('refuses circular customMetadata', () => {
    const customMetadata: Record<string, unknown> = {};
    customMetadata.self = customMetadata;
    const model = { name: NATIVE, capabilities: describeCapabilities(findFamily(NATIVE), false) };
    expect(errorOf(() => checkRunConfig({ customMetadata }, model)).message).toMatch(/must be a JSON object/);
  });
});

test.each<[RunConfig, string]>([
  [voice('Any Voice To Come'), THREE_EIGHT],
  [voice('Sulafat'), NATIVE],
  [{ proactivity: { proactiveAudio: true } }, THREE_EIGHT],
  [{ proactivity: { proactiveAudio: false } }, THREE_ONE],
  [{ speechConfig: { languageCode: 'cmn-Hans-CN' } }, HALF_CASCADE],
  [{ contextWindowCompression: { triggerTokens: 2, slidingWindow: { targetTokens: 1 } } }, NATIVE],
  [{ realtimeInputConfig: { automaticActivityDetection: { disabled: false, prefixPaddingMs: 20 } } }, NATIVE],
  [{ maxDurationMs: 86_400_000, idleTimeoutMs: 1, toolTimeoutMs: 0 }, NATIVE],
])('checkRunConfig accepts %j for %s', (runConfig, model) => {
  expect(
    checkRunConfig(runConfig, { name: model, capabilities: describeCapabilities(findFamily(model), false) }),
  ).toEqual(runConfig);
});
