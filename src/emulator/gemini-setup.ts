import { type Compression, readCompression } from './context-window.ts';
import { contentText } from './gemini-content.ts';
import type { GeminiEndpoint } from './gemini-endpoint.ts';
import { hasVoice, isAudioOnly } from './gemini-models.ts';
import { GeminiRefusal, invalid, unknownField } from './gemini-refusal.ts';
import { type GeminiTools, readTools } from './gemini-tools.ts';
import {
  camelCased,
  type JsonObject,
  readBoolean,
  readList,
  readMessage,
  readNumber,
  readString,
} from './json-object.ts';

/** The part of a setup message that changes what the emulator does. Everything else Gemini knows is accepted and ignored. */
export interface GeminiSetup {
  /** Without `models/` and what stands before it. */
  readonly model: string;
  readonly modality: 'TEXT' | 'AUDIO';
  readonly instruction: string;
  readonly tools: GeminiTools;
  readonly activityDetection: ActivityDetection;
  /** false: what the user says or types while the agent speaks is answered afterwards. */
  readonly interruptible: boolean;
  /** Undefined: no handles are sent. */
  readonly resumption: { readonly handle: string | undefined; readonly transparent: boolean } | undefined;
  /** Undefined: nothing is forgotten, and a full window ends the session. */
  readonly compression: Compression | undefined;
  readonly transcribeInput: boolean;
  readonly transcribeOutput: boolean;
  /** The first client content, up to its turnComplete, is history and gets no answer. */
  readonly seedsHistory: boolean;
  readonly signalsVoiceActivity: boolean;
}

export interface ActivityDetection {
  /** The client says by activityStart and activityEnd when the user speaks. */
  readonly disabled: boolean;
  /** Speech needed to count as speech, ms; Gemini's odd name for it. */
  readonly prefixPaddingMs: number | undefined;
  /** Silence that ends an utterance, ms. */
  readonly silenceDurationMs: number | undefined;
  readonly startSensitivity: 'high' | 'low';
  readonly endSensitivity: 'high' | 'low';
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
const GENERATION_FIELDS = new Set([
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
 * Reads and checks `setup`.
 * @throws {GeminiRefusal} with the close code and text that Gemini gives for it
 */
export function readSetup(value: unknown, endpoint: Pick<GeminiEndpoint, 'service' | 'apiVersion'>): GeminiSetup {
  const setup = readMessage(value, 'setup', SETUP_FIELDS);
  const model = readModel(setup.model, endpoint);
  const realtime = readMessage(setup.realtimeInputConfig ?? {}, 'setup.realtime_input_config', REALTIME_INPUT_FIELDS);
  const history = readMessage(
    setup.historyConfig ?? {},
    'setup.history_config',
    new Set(['initialHistoryInClientContent']),
  );
  // Vertex only, as the SDK has it.
  if (setup.explicitVadSignal !== undefined && endpoint.service !== 'vertex')
    throw unknownField('explicitVadSignal', 'setup');
  const modality = readModality(setup.generationConfig, model);
  checkVoice(setup.generationConfig, model);
  return {
    model,
    modality,
    instruction: contentText(setup.systemInstruction, 'setup.system_instruction'),
    tools: readTools(setup.tools, 'setup.tools'),
    activityDetection: readDetection(realtime.automaticActivityDetection),
    interruptible: realtime.activityHandling !== 'NO_INTERRUPTION',
    resumption: readResumption(setup.sessionResumption, endpoint),
    compression: readCompression(setup.contextWindowCompression),
    transcribeInput: setup.inputAudioTranscription !== undefined,
    transcribeOutput: setup.outputAudioTranscription !== undefined,
    seedsHistory: readBoolean(
      history.initialHistoryInClientContent,
      'setup.history_config.initial_history_in_client_content',
    ),
    signalsVoiceActivity: readBoolean(setup.explicitVadSignal, 'setup.explicit_vad_signal'),
  };
}

function readModel(value: unknown, { service, apiVersion }: Pick<GeminiEndpoint, 'service' | 'apiVersion'>): string {
  const full = readString(value, 'setup.model') ?? '';
  if (full === '') throw invalid('model is required');
  const name = full.replace(/^.*models\//, '');
  const isLive = name.startsWith('gemini-') && (name.includes('live') || name.includes('native-audio'));
  if (isLive && (service === 'vertex' || full === `models/${name}` || full === name)) return name;
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

function readModality(value: unknown, model: string): 'TEXT' | 'AUDIO' {
  const path = 'setup.generation_config';
  const generation = readMessage(value ?? {}, path, GENERATION_FIELDS);
  const modalities = readList(generation.responseModalities, `${path}.response_modalities`);
  if (modalities.length > 1) throw invalid('Only one response modality is supported per session');
  const modality = modalities[0] ?? 'AUDIO';
  if (modality === 'TEXT' && model.includes('native-audio'))
    throw invalid('Cannot extract voices from a non-audio request.');
  if (modality === 'IMAGE' || (modality === 'TEXT' && isAudioOnly(model))) {
    throw invalid(`The requested combination of response modalities (${modality}) is not supported by the model.`);
  }
  if (modality === 'TEXT' || modality === 'AUDIO') return modality;
  throw invalid(
    `Invalid value at '${path}.response_modalities[0]' (type.googleapis.com/Modality), ${JSON.stringify(modality).slice(0, 40)}`,
  );
}

/** The emulator has one voice, whichever is asked for. */
function checkVoice(generationConfig: unknown, model: string): void {
  const voices = camelCased(camelCased(camelCased(generationConfig).speechConfig).voiceConfig);
  const { voiceName } = camelCased(voices.prebuiltVoiceConfig);
  if (typeof voiceName === 'string' && voiceName !== '' && !hasVoice(model, voiceName))
    throw invalid(`Requested voice api_name '${voiceName}' is not available for model models/${model}`);
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
  if (ms !== undefined && ms < 0) throw invalid(`Invalid value at '${path}': must not be negative`);
  return ms;
}

function readResumption(value: unknown, { service }: Pick<GeminiEndpoint, 'service'>): GeminiSetup['resumption'] {
  if (value === undefined) return undefined;
  const path = 'setup.session_resumption';
  const fields = service === 'vertex' ? ['handle', 'transparent'] : ['handle'];
  const resumption: JsonObject = readMessage(value, path, new Set(fields));
  const handle = readString(resumption.handle, `${path}.handle`);
  // Protobuf does not tell an empty string from none.
  return { handle: handle || undefined, transparent: readBoolean(resumption.transparent, `${path}.transparent`) };
}
