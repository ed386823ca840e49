import type { JsonObject } from '../json-object.ts';
import type { ActivityDetection } from '../voice-activity.ts';
import { readInstruction } from './content.ts';
import { type Compression, readCompression } from './context-window.ts';
import type { GeminiEndpoint } from './endpoint.ts';
import { findFamily, type GeminiFamily, hasVoice } from './family.ts';
import { camelCaseKeys, readBoolean, readList, readMessage, readNumber, readString } from './protobuf-json.ts';
import { GeminiRefusal, invalidArgument, unknownField } from './refusal.ts';
import { type GeminiTools, readTools } from './tools.ts';

/** The fields of a setup message that the emulator acts on. All other fields of Gemini are accepted and ignored. */
export interface GeminiSetup {
  /** Name of the model, without `models/` and any prefix before it. */
  readonly model: string;
  /** Rules of the model's family. */
  readonly family: GeminiFamily;
  readonly modality: 'TEXT' | 'AUDIO';
  readonly instruction: string;
  readonly tools: GeminiTools;
  readonly activityDetection: ActivityDetection;
  /** Whether user input interrupts the agent. If false, such input is answered after the current reply. */
  readonly interruptible: boolean;
  /** Session resumption. Undefined: the server sends no handles. */
  readonly resumption: { readonly handle: string | undefined; readonly transparent: boolean } | undefined;
  /** Context window compression. Undefined: a full window ends the session. */
  readonly compression: Compression | undefined;
  readonly transcribeInput: boolean;
  readonly transcribeOutput: boolean;
  /** Whether the first client content, up to its turnComplete, is history and gets no answer. */
  readonly seedsHistory: boolean;
  readonly signalsVoiceActivity: boolean;
}

const SETUP_FIELDS = new Set([
  'model',
  'generationConfig',
  'systemInstruction',
  'tools',
  'toolConfig',
  'realtimeInputConfig',
  'sessionResumption',
  'contextWindowCompression',
  'inputAudioTranscription',
  'outputAudioTranscription',
  'proactivity',
  'historyConfig',
  'explicitVadSignal',
  'avatarConfig',
  'safetySettings',
  'labels',
]);
/** Fields of a GenerationConfig. @see https://ai.google.dev/api/generate-content#generationconfig */
export const GENERATION_FIELDS: ReadonlySet<string> = new Set([
  'modelSelectionConfig',
  'responseJsonSchema',
  'audioTranscriptionConfig',
  'audioTimestamp',
  'candidateCount',
  'enableAffectiveDialog',
  'frequencyPenalty',
  'logprobs',
  'maxOutputTokens',
  'mediaResolution',
  'presencePenalty',
  'responseFormat',
  'responseLogprobs',
  'responseMimeType',
  'responseModalities',
  'responseSchema',
  'routingConfig',
  'seed',
  'speechConfig',
  'stopSequences',
  'temperature',
  'thinkingConfig',
  'topK',
  'topP',
  'enableEnhancedCivicAnswers',
  'translationConfig',
]);
const REALTIME_INPUT_FIELDS = new Set([
  'automaticActivityDetection',
  'activityHandling',
  'turnCoverage',
  'interimTranscriptTimestampEnabled',
]);
const DETECTION_FIELDS = new Set([
  'disabled',
  'startOfSpeechSensitivity',
  'endOfSpeechSensitivity',
  'prefixPaddingMs',
  'silenceDurationMs',
]);

/**
 * Reads and validates `setup`.
 * @param onlyModel name of the only model that exists. Undefined: every live model of Gemini exists
 * @throws {GeminiRefusal} with Gemini's close code and text for the mistake
 */
export function readSetup(
  value: unknown,
  endpoint: Pick<GeminiEndpoint, 'service' | 'apiVersion'>,
  onlyModel?: string,
): GeminiSetup {
  const setup = readMessage(value, 'setup', SETUP_FIELDS);
  const model = readModel(setup.model, endpoint, onlyModel);
  const family = findFamily(model);
  const realtime = readMessage(setup.realtimeInputConfig ?? {}, 'setup.realtime_input_config', REALTIME_INPUT_FIELDS);
  const history = readMessage(
    setup.historyConfig ?? {},
    'setup.history_config',
    new Set(['initialHistoryInClientContent']),
  );
  // Refuse the field outside Vertex, as the SDK does.
  if (setup.explicitVadSignal !== undefined && endpoint.service !== 'vertex')
    throw unknownField('explicitVadSignal', 'setup');
  checkPreviewFields(setup, endpoint);
  const modality = readModality(setup.generationConfig, model, family);
  checkVoice(setup.generationConfig, model, family);
  checkThinkingLevel(setup.generationConfig, family);
  return {
    model,
    family,
    modality,
    instruction: readInstruction(setup.systemInstruction, 'setup.system_instruction'),
    tools: readTools(setup.tools, 'setup.tools', family),
    activityDetection: readDetection(realtime.automaticActivityDetection),
    interruptible: realtime.activityHandling !== 'NO_INTERRUPTION',
    resumption: readResumption(setup.sessionResumption, endpoint),
    compression: readCompression(setup.contextWindowCompression),
    transcribeInput: setup.inputAudioTranscription !== undefined || family.alwaysTranscribes,
    transcribeOutput: setup.outputAudioTranscription !== undefined,
    seedsHistory: readBoolean(
      history.initialHistoryInClientContent,
      'setup.history_config.initial_history_in_client_content',
    ),
    signalsVoiceActivity: readBoolean(setup.explicitVadSignal, 'setup.explicit_vad_signal'),
  };
}

/** Returns whether a name, without `models/` and any prefix before it, can be that of a live model of Gemini. */
export function isLiveModel(name: string): boolean {
  return name.startsWith('gemini-') && (name.includes('live') || name.includes('native-audio'));
}

function readModel(
  value: unknown,
  { service, apiVersion }: Pick<GeminiEndpoint, 'service' | 'apiVersion'>,
  onlyModel: string | undefined,
): string {
  const full = readString(value, 'setup.model') ?? '';
  if (full === '') throw invalidArgument('model is required');
  const name = full.replace(/^.*models\//, '');
  const exists = onlyModel === undefined ? isLiveModel(name) : name === onlyModel;
  if (exists && (service === 'vertex' || full === `models/${name}` || full === name)) return name;
  if (service === 'vertex')
    throw new GeminiRefusal(
      1008,
      `Publisher Model \`${full}\` was not found or your project does not have access to it.`,
    );
  throw new GeminiRefusal(
    1008,
    `${full} is not found for API version ${apiVersion}, or is not supported for bidiGenerateContent. ` +
      'Call ListModels to see the list of available models and their supported methods.',
  );
}

function readModality(value: unknown, model: string, { speaksOnly }: GeminiFamily): 'TEXT' | 'AUDIO' {
  const path = 'setup.generation_config';
  const generation = readMessage(value ?? {}, path, GENERATION_FIELDS);
  const modalities = readList(generation.responseModalities, `${path}.response_modalities`);
  if (modalities.length > 1) throw invalidArgument('Only one response modality is supported per session');
  const modality = modalities[0] ?? 'AUDIO';
  if (modality === 'TEXT' && model.includes('native-audio'))
    throw invalidArgument('Cannot extract voices from a non-audio request.');
  if (modality === 'IMAGE' || (modality === 'TEXT' && speaksOnly)) {
    throw invalidArgument(
      `The requested combination of response modalities (${modality}) is not supported by the model.`,
    );
  }
  if (modality === 'TEXT' || modality === 'AUDIO') return modality;
  throw invalidArgument(
    `Invalid value at '${path}.response_modalities[0]' (type.googleapis.com/Modality), ${JSON.stringify(modality).slice(0, 40)}`,
  );
}

/** Checks that the model has the requested voice. The emulator itself speaks with a single voice. */
function checkVoice(generationConfig: unknown, model: string, family: GeminiFamily): void {
  const voices = camelCaseKeys(camelCaseKeys(camelCaseKeys(generationConfig).speechConfig).voiceConfig);
  const { voiceName } = camelCaseKeys(voices.prebuiltVoiceConfig);
  if (typeof voiceName === 'string' && voiceName !== '' && !hasVoice(family, voiceName))
    throw invalidArgument(`Requested voice api_name '${voiceName}' is not available for model models/${model}`);
}

/** Refuses fields that only the preview version of AI Studio's API has. @see pydantic-ai, realtime tests (measured) */
function checkPreviewFields(
  setup: JsonObject,
  { service, apiVersion }: Pick<GeminiEndpoint, 'service' | 'apiVersion'>,
): void {
  if (service === 'vertex' || apiVersion === 'v1alpha') return;
  if (setup.proactivity !== undefined) throw unknownField('proactivity', 'setup');
  if (camelCaseKeys(setup.generationConfig).enableAffectiveDialog !== undefined)
    throw unknownField('enableAffectiveDialog', 'setup.generation_config');
}

/** Checks that the setup has a thinking level where the family requires one, and none where the family refuses it. */
function checkThinkingLevel(generationConfig: unknown, { thinkingLevel }: GeminiFamily): void {
  const level = camelCaseKeys(camelCaseKeys(generationConfig).thinkingConfig).thinkingLevel;
  if (thinkingLevel === 'required' && level === undefined) throw invalidArgument('Thinking level must be specified.');
  if (thinkingLevel === 'required' && level === 'MINIMAL')
    throw invalidArgument('Thinking level MINIMAL is not supported for this model.');
  if (thinkingLevel === 'refused' && level !== undefined)
    throw invalidArgument('Thinking level is not supported for this model.');
}

function readDetection(value: unknown): ActivityDetection {
  const path = 'setup.realtime_input_config.automatic_activity_detection';
  const detection = readMessage(value ?? {}, path, DETECTION_FIELDS);
  return {
    disabled: readBoolean(detection.disabled, `${path}.disabled`),
    prefixPaddingMs: readMilliseconds(detection.prefixPaddingMs, `${path}.prefix_padding_ms`),
    silenceDurationMs: readMilliseconds(detection.silenceDurationMs, `${path}.silence_duration_ms`),
    startSensitivity: detection.startOfSpeechSensitivity === 'START_SENSITIVITY_LOW' ? 'low' : 'high',
    endSensitivity: detection.endOfSpeechSensitivity === 'END_SENSITIVITY_LOW' ? 'low' : 'high',
  };
}

function readMilliseconds(value: unknown, path: string): number | undefined {
  const ms = readNumber(value, path);
  if (ms !== undefined && ms < 0) throw invalidArgument(`Invalid value at '${path}': must not be negative`);
  return ms;
}

function readResumption(value: unknown, { service }: Pick<GeminiEndpoint, 'service'>): GeminiSetup['resumption'] {
  if (value === undefined) return undefined;
  const path = 'setup.session_resumption';
  const fields = service === 'vertex' ? ['handle', 'transparent'] : ['handle'];
  const resumption: JsonObject = readMessage(value, path, new Set(fields));
  const handle = readString(resumption.handle, `${path}.handle`);
  // Treat an empty handle as absent: protobuf does not distinguish the two.
  return { handle: handle || undefined, transparent: readBoolean(resumption.transparent, `${path}.transparent`) };
}
