import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { RealtimeModel } from '../models/realtime-model.ts';
import { isRecord } from '../wire/record.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Agent } from './agent.ts';
import type { RunConfig } from './run-config.ts';

/** Maximum of a time limit, in ms: one day. */
const MAX_LIMIT_MS = 24 * 3_600_000;
/** Minimum of a limit of the watchdog, in ms: a model may take a second to answer. */
const MIN_WATCHDOG_MS = 1_000;
/** Maximum of a number of turns of the watchdog. */
const MAX_WATCHDOG_TURNS = 100;
/** Maximum of padding and silence in speech detection, in ms. With more, nobody would wait for the answer. */
const MAX_DETECTION_MS = 60_000;
/** Maximum size of customMetadata as JSON, in bytes. Each event carries it, and speech has 50 events a second. */
const MAX_METADATA_BYTES = 8 * 1024;
const MAX_LANGUAGES = 20;
const MAX_RECENT_EVENTS = 1_000_000;

// Each message continues the name of the field.
const wholeNumber = (least: number, most: number, unit = '') =>
  z.custom<number>((value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most, {
    error: `must be a whole number from ${least} to ${most}${unit}`,
  });
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: `must be ${values.join(' or ')}` });
const flag = z.boolean({ error: 'must be true or false' });
const text = z.string({ error: 'must be a string' }).min(1, { error: 'must not be empty: omit the field' });
const languageTag = z
  .string({ error: 'must be a BCP-47 tag, as de-DE' })
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, { error: 'must be a BCP-47 tag, as de-DE' });
const watchdogLimit = wholeNumber(MIN_WATCHDOG_MS, MAX_LIMIT_MS, ' ms');
const watchdogCount = wholeNumber(1, MAX_WATCHDOG_TURNS, ' turns');
const tokens = wholeNumber(1, Number.MAX_SAFE_INTEGER, ' tokens');

/** Schema of an object with these fields only, because a misspelt field would have no effect and nobody would know why. */
function objectWith<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, keys }) => {
      if (code !== 'unrecognized_keys') return 'must be an object';
      return `has no ${(keys as string[]).map((key) => `"${key}"`).join(' and ')}; it has ${names}`;
    },
  });
}

const activityDetection = objectWith({
  disabled: flag.optional(),
  startOfSpeechSensitivity: oneOf(['START_SENSITIVITY_HIGH', 'START_SENSITIVITY_LOW']).optional(),
  endOfSpeechSensitivity: oneOf(['END_SENSITIVITY_HIGH', 'END_SENSITIVITY_LOW']).optional(),
  prefixPaddingMs: wholeNumber(0, MAX_DETECTION_MS, ' ms').optional(),
  silenceDurationMs: wholeNumber(0, MAX_DETECTION_MS, ' ms').optional(),
}).superRefine(({ disabled, ...others }, context) => {
  const unused = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (!disabled || unused.length === 0) return;
  context.addIssue({
    code: 'custom',
    message: `has ${unused.join(', ')} together with disabled: true, which turns detection off: omit one of them`,
  });
});

const compression = objectWith({
  triggerTokens: tokens.optional(),
  slidingWindow: objectWith({ targetTokens: tokens.optional() }).optional(),
}).superRefine(({ triggerTokens, slidingWindow }, context) => {
  const { targetTokens } = slidingWindow ?? {};
  if (triggerTokens === undefined || targetTokens === undefined || targetTokens < triggerTokens) return;
  context.addIssue({
    code: 'custom',
    message: `has targetTokens ${targetTokens} and triggerTokens ${triggerTokens}: targetTokens must be less, because so many tokens remain`,
  });
});

const transcription = objectWith({
  languageCodes: z
    .array(languageTag, { error: 'must be an array' })
    .max(MAX_LANGUAGES, { error: `must have at most ${MAX_LANGUAGES} entries` })
    .optional(),
}).nullable();

/** Copies the metadata, so that nobody can change them while the events of a run carry them. */
const metadata = z.unknown().transform((value, context): Record<string, unknown> => {
  const json = toJson(value);
  const copy: unknown = json === undefined ? undefined : JSON.parse(json);
  if (json === undefined || !isRecord(copy) || !isDeepStrictEqual(copy, value)) {
    context.addIssue({
      code: 'custom',
      message: 'must be a JSON object: strings, numbers, booleans, null, arrays and objects',
    });
    return z.NEVER;
  }
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_METADATA_BYTES) return copy;
  context.addIssue({
    code: 'custom',
    message: `has ${bytes} bytes as JSON, and the maximum is ${MAX_METADATA_BYTES}: each event carries it`,
  });
  return z.NEVER;
});

const MODALITY = "must be ['TEXT'] or ['AUDIO']; for the text of speech, use outputAudioTranscription";

const runConfig = objectWith({
  responseModalities: z.tuple([z.enum(['TEXT', 'AUDIO'], { error: MODALITY })], { error: MODALITY }).optional(),
  speechConfig: objectWith({
    voiceConfig: objectWith({ prebuiltVoiceConfig: objectWith({ voiceName: text.optional() }).optional() }).optional(),
    languageCode: languageTag.optional(),
  }).optional(),
  inputAudioTranscription: transcription.optional(),
  outputAudioTranscription: transcription.optional(),
  realtimeInputConfig: objectWith({
    automaticActivityDetection: activityDetection.optional(),
    activityHandling: oneOf(['START_OF_ACTIVITY_INTERRUPTS', 'NO_INTERRUPTION']).optional(),
    turnCoverage: oneOf([
      'TURN_INCLUDES_ONLY_ACTIVITY',
      'TURN_INCLUDES_ALL_INPUT',
      'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
    ]).optional(),
  }).optional(),
  explicitVadSignal: flag.optional(),
  watchdog: objectWith({
    firstOutputMs: watchdogLimit.optional(),
    backgroundMs: watchdogLimit.optional(),
    turnEndMs: watchdogLimit.optional(),
    silentSpeechMs: watchdogLimit.optional(),
    emptyTurns: watchdogCount.optional(),
    sameFailures: watchdogCount.optional(),
  })
    .nullable()
    .optional(),
  thinkingConfig: objectWith({ thinkingLevel: oneOf(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']).optional() }).optional(),
  proactivity: objectWith({ proactiveAudio: flag.optional() }).optional(),
  enableAffectiveDialog: flag.optional(),
  sessionResumption: objectWith({
    handle: text.optional(),
    transparent: flag.optional(),
    reseed: flag.optional(),
  }).optional(),
  contextWindowCompression: compression.nullable().optional(),
  saveLiveBlob: flag.optional(),
  customMetadata: metadata.optional(),
  getSessionConfig: objectWith({
    numRecentEvents: wholeNumber(0, MAX_RECENT_EVENTS).optional(),
    afterTimestamp: z
      .number({ error: 'must be a number of seconds since 1970' })
      .min(0, { error: 'must not be negative' })
      .optional(),
  }).optional(),
  toolTimeoutMs: wholeNumber(0, MAX_LIMIT_MS, ' ms').optional(),
  maxDurationMs: wholeNumber(1, MAX_LIMIT_MS, ' ms').optional(),
  idleTimeoutMs: wholeNumber(1, MAX_LIMIT_MS, ' ms').optional(),
} satisfies Record<keyof RunConfig, z.ZodType>);

/**
 * Checks that a config has the right shape and that the model supports it. Providers report an unsupported field only when a connection opens,
 * and some ignore the field.
 * @param path name of the config in error texts
 * @returns the config, with a copy of its metadata
 * @throws {WireError} invalid_run_config. The text names each wrong field and says what to do
 */
export function checkRunConfig(
  value: unknown,
  model: Pick<RealtimeModel, 'name' | 'capabilities'>,
  path = 'RunConfig',
): RunConfig {
  const parsed = runConfig.safeParse(value);
  const problems = parsed.success
    ? findUnsupported(parsed.data as RunConfig, model).map(([field, message]) => `${path}.${field}: ${message}`)
    : parsed.error.issues.map((issue) => `${[path, ...issue.path].join('.')} ${issue.message}`);
  // The schema has the fields of the type. It also allows `undefined` as a value, which counts as absent.
  if (parsed.success && problems.length === 0) return parsed.data as RunConfig;
  throw new WireError('invalid_run_config', problems.join('; '));
}

/**
 * Checks the config that an agent has for all of its runs, and its tools.
 * @throws {WireError} invalid_run_config
 */
export function checkAgentConfig(
  { name, runConfig, tools }: Agent,
  model: Pick<RealtimeModel, 'name' | 'capabilities' | 'checkTools'>,
): void {
  model.checkTools(tools.map(({ declaration }) => declaration));
  const path = `Agent "${name}": runConfig`;
  const { sessionResumption } = checkRunConfig(runConfig, model, path);
  if (sessionResumption?.handle === undefined) return;
  throw new WireError(
    'invalid_run_config',
    `${path}.sessionResumption.handle belongs to one conversation, and all users of the agent would share it: pass it to runLive`,
  );
}

/**
 * Checks that the callbacks of an agent see what is said: they read the transcripts of speech. A callback that is never called would be no guard.
 * @throws {WireError} invalid_run_config
 */
export function checkTranscripts(
  { name, callbacks }: Agent,
  { inputAudioTranscription, outputAudioTranscription, responseModalities }: RunConfig,
  { capabilities }: Pick<RealtimeModel, 'capabilities'>,
): void {
  const speaks = !capabilities.modalities.includes('TEXT') || responseModalities?.[0] === 'AUDIO';
  const isBlind =
    (callbacks.beforeModel.length > 0 && inputAudioTranscription === null && 'inputAudioTranscription') ||
    (callbacks.afterModel.length > 0 && speaks && outputAudioTranscription === null && 'outputAudioTranscription');
  if (!isBlind) return;
  const callback = isBlind === 'inputAudioTranscription' ? 'beforeModelCallback' : 'afterModelCallback';
  throw new WireError(
    'invalid_run_config',
    `RunConfig.${isBlind} must not be null: ${callback} of the agent "${name}" reads what is spoken there`,
  );
}

/** Lists the fields that the model does not support, each with the reason. */
function findUnsupported(config: RunConfig, { name, capabilities }: Pick<RealtimeModel, 'name' | 'capabilities'>) {
  const { modalities, output, runOptions, proactive, optionNotes = {} } = capabilities;
  const canChooseProactivity = runOptions.has('proactivity');
  const { voices } = output;
  const { speechConfig, proactivity, sessionResumption } = config;
  const unsupported: [field: string, message: string][] = [];
  if (!modalities.includes('TEXT') && config.responseModalities?.[0] === 'TEXT') {
    unsupported.push([
      'responseModalities',
      `${name} only speaks: use AUDIO, and outputAudioTranscription for the text of speech`,
    ]);
  }
  const voice = speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName;
  if (voice !== undefined && voices && !voices.includes(voice)) {
    unsupported.push([
      'speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName',
      `"${voice.slice(0, 100)}" is no voice of ${name}; it has ${voices.join(', ')}`,
    ]);
  }
  if (speechConfig?.languageCode !== undefined && !runOptions.has('language')) {
    unsupported.push([
      'speechConfig.languageCode',
      `${name} speaks the language that it hears: omit the field, or name the language in the agent's instruction`,
    ]);
  }
  if (proactivity?.proactiveAudio === true && !canChooseProactivity && !proactive) {
    unsupported.push([
      'proactivity.proactiveAudio',
      `${name} answers all that it hears: omit the field, or use a model that can stay silent`,
    ]);
  }
  if (proactivity?.proactiveAudio === false && !canChooseProactivity && proactive) {
    unsupported.push([
      'proactivity.proactiveAudio',
      `${name} always keeps silent when nobody speaks to it: omit the field`,
    ]);
  }
  if (config.enableAffectiveDialog && !runOptions.has('affective_dialog')) {
    unsupported.push([
      'enableAffectiveDialog',
      `${name} has none: omit the field, or use a model that reacts to the tone of the voice`,
    ]);
  }
  const level = config.thinkingConfig?.thinkingLevel;
  if (level !== undefined && !capabilities.thinking?.levels.includes(level)) {
    unsupported.push([
      'thinkingConfig.thinkingLevel',
      describeMissingLevel(name, level, capabilities.thinking?.levels),
    ]);
  }
  if (config.explicitVadSignal && !runOptions.has('vad_signal')) {
    unsupported.push([
      'explicitVadSignal',
      `${name} does not report where the user starts and stops to speak${addNote(optionNotes.vad_signal)}: omit the field`,
    ]);
  }
  if (sessionResumption?.transparent && !runOptions.has('transparent_resumption')) {
    unsupported.push([
      'sessionResumption.transparent',
      `${name} has no transparent resumption${addNote(optionNotes.transparent_resumption)}: omit the field; resumption itself is always on`,
    ]);
  }
  return unsupported;
}

function describeMissingLevel(name: string, level: string, levels: readonly string[] | undefined): string {
  if (!levels) return `${name} has no thinking levels: omit the field`;
  return `${name} has no level ${level}; it has ${levels.join(', ')}`;
}

function addNote(note: string | undefined): string {
  return note === undefined ? '' : ` (${note})`;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
