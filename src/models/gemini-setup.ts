import {
  type AudioTranscriptionConfig,
  type ContextWindowCompressionConfig,
  type LiveConnectConfig,
  Modality,
  type RealtimeInputConfig as SdkRealtimeInputConfig,
  type Tool,
} from '@google/genai';
import type {
  AudioTranscription,
  ConnectConfig,
  ContextWindowCompression,
  RealtimeInputConfig,
  ToolDeclaration,
} from './realtime-model.ts';

/** What the SDK makes the setup message of. */
export function toLiveConnectConfig(config: ConnectConfig, vertexai: boolean): LiveConnectConfig {
  const { modality, instruction, tools, handle } = config;
  const { inputAudioTranscription: input, outputAudioTranscription: output } = config;
  return {
    responseModalities: [modality === 'AUDIO' ? Modality.AUDIO : Modality.TEXT],
    ...(instruction ? { systemInstruction: { parts: [{ text: instruction }] } } : {}),
    ...(tools.length > 0 ? { tools: toTools(tools) } : {}),
    // Always on: without it Gemini hands out no handles, and a lost connection is a lost conversation.
    sessionResumption: {
      ...(handle ? { handle } : {}),
      ...(vertexai ? { transparent: config.transparentResumption ?? true } : {}),
    },
    ...(input ? { inputAudioTranscription: toTranscription(input) } : {}),
    ...(output && modality === 'AUDIO' ? { outputAudioTranscription: toTranscription(output) } : {}),
    ...toTalkingConfig(config),
  };
}

/**
 * 3.1 is told beforehand that a history comes; told so without one, it would wait for it. The SDK's types know the field, but
 * the SDK does not send it (@google/genai 3.1.0).
 */
export function historyFields({ history, handle }: ConnectConfig, threeOne: boolean): object {
  return threeOne && !handle && history.length > 0 ? { historyConfig: { initialHistoryInClientContent: true } } : {};
}

function toTalkingConfig(config: ConnectConfig): LiveConnectConfig {
  const { speechConfig, realtimeInputConfig: input, contextWindowCompression: compression } = config;
  return {
    ...(speechConfig ? { speechConfig } : {}),
    ...(input ? { realtimeInputConfig: toRealtimeInputConfig(input) } : {}),
    ...(compression ? { contextWindowCompression: toCompression(compression) } : {}),
    ...(config.proactiveAudio === undefined ? {} : { proactivity: { proactiveAudio: config.proactiveAudio } }),
    ...(config.affectiveDialog === undefined ? {} : { enableAffectiveDialog: config.affectiveDialog }),
    ...(config.voiceActivitySignal === undefined ? {} : { explicitVadSignal: config.voiceActivitySignal }),
  };
}

/** The SDK's enums are the strings that the API takes. */
function toRealtimeInputConfig(config: RealtimeInputConfig): SdkRealtimeInputConfig {
  return config as SdkRealtimeInputConfig;
}

/** 64 bits travel as text. */
function toCompression({ triggerTokens, slidingWindow }: ContextWindowCompression): ContextWindowCompressionConfig {
  const { targetTokens } = slidingWindow ?? {};
  return {
    ...(triggerTokens === undefined ? {} : { triggerTokens: String(triggerTokens) }),
    slidingWindow: targetTokens === undefined ? {} : { targetTokens: String(targetTokens) },
  };
}

function toTranscription({ languageCodes }: AudioTranscription): AudioTranscriptionConfig {
  return languageCodes ? { languageCodes: [...languageCodes] } : {};
}

function toTools(tools: readonly ToolDeclaration[]): Tool[] {
  const functionDeclarations = tools
    .filter((tool) => tool.type === 'function')
    .map(({ name, description, parameters }) => ({
      name,
      description,
      ...(parameters === undefined ? {} : { parametersJsonSchema: parameters }),
    }));
  return [
    ...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []),
    ...(tools.some((tool) => tool.type === 'google_search') ? [{ googleSearch: {} }] : []),
  ];
}
