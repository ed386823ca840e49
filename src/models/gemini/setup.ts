import {
  type AudioTranscriptionConfig,
  Behavior,
  type ContextWindowCompressionConfig,
  type FunctionDeclaration,
  type LiveConnectConfig,
  Modality,
  type Schema,
  type RealtimeInputConfig as SdkRealtimeInputConfig,
  type ThinkingConfig,
  type Tool,
} from '@google/genai';
import type {
  AudioTranscription,
  ContextWindowCompression,
  ModelSetup,
  RealtimeInputConfig,
  ToolDeclaration,
} from '../realtime-model.ts';
import type { GeminiFamily } from './family.ts';
import { toJsonSchema, toOpenApiSchema } from './tool-schema.ts';

/**
 * Converts a setup to the SDK's configuration, from which the SDK makes the setup message.
 * @throws {WireError} invalid_run_config, if a tool has parameters that the family cannot express
 */
export function toLiveConnectConfig(setup: ModelSetup, vertexai: boolean, family: GeminiFamily): LiveConnectConfig {
  const { modality, instruction, tools, handle } = setup;
  const { inputAudioTranscription: input, outputAudioTranscription: output } = setup;
  return {
    responseModalities: [modality === 'AUDIO' ? Modality.AUDIO : Modality.TEXT],
    ...(instruction ? { systemInstruction: { parts: [{ text: instruction }] } } : {}),
    ...(tools.length > 0 ? { tools: toTools(tools, family) } : {}),
    // Always on: without it Gemini sends no handles, and a lost connection is a lost conversation.
    sessionResumption: {
      ...(handle ? { handle } : {}),
      ...(vertexai ? { transparent: setup.transparentResumption ?? true } : {}),
    },
    ...(input ? { inputAudioTranscription: toTranscription(input) } : {}),
    ...(output && modality === 'AUDIO' ? { outputAudioTranscription: toTranscription(output) } : {}),
    ...toConversationConfig(setup),
    ...toThinkingConfig(setup, family),
  };
}

/**
 * Fields of the setup message that announce a history, which 3.1 requires. Announced without one, the model waits for it. The SDK's types have the
 * field, but the SDK does not send it (@google/genai 3.3.0).
 */
export function toHistoryFields({ history, handle }: ModelSetup, { textAsRealtimeInput }: GeminiFamily): object {
  return textAsRealtimeInput && !handle && history.length > 0
    ? { historyConfig: { initialHistoryInClientContent: true } }
    : {};
}

function toConversationConfig(setup: ModelSetup): LiveConnectConfig {
  const { speechConfig, realtimeInputConfig: input, contextWindowCompression: compression } = setup;
  return {
    ...(speechConfig ? { speechConfig } : {}),
    ...(input ? { realtimeInputConfig: toRealtimeInputConfig(input) } : {}),
    ...(compression ? { contextWindowCompression: toCompression(compression) } : {}),
    ...(setup.proactiveAudio === undefined ? {} : { proactivity: { proactiveAudio: setup.proactiveAudio } }),
    ...(setup.affectiveDialog === undefined ? {} : { enableAffectiveDialog: setup.affectiveDialog }),
    ...(setup.voiceActivitySignal === undefined ? {} : { explicitVadSignal: setup.voiceActivitySignal }),
  };
}

/** Extended thinking closes with 1007 for a setup without a level, so that the default is named. */
function toThinkingConfig({ thinkingLevel }: ModelSetup, { thinking }: GeminiFamily): LiveConnectConfig {
  const level = thinkingLevel ?? (typeof thinking === 'object' ? thinking.defaultLevel : undefined);
  // The SDK's enum consists of the strings of the API.
  return level === undefined ? {} : { thinkingConfig: { thinkingLevel: level } as ThinkingConfig };
}

/** Converts only the type: the SDK's enums are the strings of the API. */
function toRealtimeInputConfig(config: RealtimeInputConfig): SdkRealtimeInputConfig {
  return config as SdkRealtimeInputConfig;
}

/** Converts the token counts to text, which is how JSON carries 64-bit integers. */
export function toCompression({
  triggerTokens,
  slidingWindow,
}: ContextWindowCompression): ContextWindowCompressionConfig {
  const { targetTokens } = slidingWindow ?? {};
  return {
    ...(triggerTokens === undefined ? {} : { triggerTokens: String(triggerTokens) }),
    slidingWindow: targetTokens === undefined ? {} : { targetTokens: String(targetTokens) },
  };
}

function toTranscription({ languageCodes }: AudioTranscription): AudioTranscriptionConfig {
  return languageCodes ? { languageCodes: [...languageCodes] } : {};
}

/** Converts the declarations of the tools. @throws {WireError} invalid_run_config, if the family cannot express the parameters of a tool */
export function toTools(tools: readonly ToolDeclaration[], family: GeminiFamily): Tool[] {
  const functionDeclarations = tools
    .filter((tool) => tool.type === 'function')
    .map(
      ({ name, description, parameters, nonBlocking }): FunctionDeclaration => ({
        name,
        description,
        ...(parameters === undefined ? {} : toParameters(name, parameters, family)),
        ...(family.asynchronousTools || nonBlocking ? { behavior: Behavior.NON_BLOCKING } : {}),
      }),
    );
  return [
    ...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []),
    ...(tools.some((tool) => tool.type === 'google_search') ? [{ googleSearch: {} }] : []),
  ];
}

function toParameters(name: string, parameters: unknown, { toolParameters }: GeminiFamily): FunctionDeclaration {
  if (toolParameters === 'json_schema') return { parametersJsonSchema: toJsonSchema(parameters) };
  // The SDK's type names the types in capitals; the API takes both.
  return { parameters: toOpenApiSchema(parameters, name) as Schema };
}
