import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { RealtimeModel } from '../models/realtime-model.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { isRecord } from '../wire/record.ts';
import type { Agent } from './agent.ts';
import type { RunConfig } from './run-config.ts';

/** The longest limit, ms: a day. */
const MAX_LIMIT_MS = 24 * 3_600_000;
/** Of padding and silence, ms: with more nobody would wait for the answer. */
const MAX_DETECTION_MS = 60_000;
/** Bytes of customMetadata, as JSON: it is sent with each event, of which there are fifty a second. */
const MAX_METADATA_BYTES = 8 * 1024;
const MAX_LANGUAGES = 20;
const MAX_RECENT_EVENTS = 1_000_000;

/** Every message goes on where the name of the field ends. */
const whole = (least: number, most: number, unit = '') =>
  z.custom<number>((value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most, {
    error: `must be a whole number from ${least} to ${most}${unit}`,
  });
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: `must be ${values.join(' or ')}` });
const flag = z.boolean({ error: 'must be true or false' });
const text = z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty: leave it out' });
const languageTag = z
  .string({ error: 'must be a BCP-47 tag, as de-DE' })
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, { error: 'must be a BCP-47 tag, as de-DE' });
const tokens = whole(1, Number.MAX_SAFE_INTEGER, ' tokens');

/** Of these fields and no others: a misspelt one would never do what it is there for, and nobody would know why. */
function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, keys }) => {
      if (code !== 'unrecognized_keys') return 'must be an object';
      return `has no ${(keys as string[]).map((key) => `"${key}"`).join(' and ')}; it has ${names}`;
    },
  });
}

const activityDetection = fields({
  disabled: flag.optional(),
  startOfSpeechSensitivity: oneOf(['START_SENSITIVITY_HIGH', 'START_SENSITIVITY_LOW']).optional(),
  endOfSpeechSensitivity: oneOf(['END_SENSITIVITY_HIGH', 'END_SENSITIVITY_LOW']).optional(),
  prefixPaddingMs: whole(0, MAX_DETECTION_MS, ' ms').optional(),
  silenceDurationMs: whole(0, MAX_DETECTION_MS, ' ms').optional(),
}).superRefine(({ disabled, ...others }, context) => {
  const idle = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (!disabled || idle.length === 0) return;
  context.addIssue({
    code: 'custom',
    message: `has ${idle.join(', ')} beside disabled: true, where nothing is detected: leave out one or the other`,
  });
});

const compression = fields({
  triggerTokens: tokens.optional(),
  slidingWindow: fields({ targetTokens: tokens.optional() }).optional(),
}).superRefine(({ triggerTokens, slidingWindow }, context) => {
  const { targetTokens } = slidingWindow ?? {};
  if (triggerTokens === undefined || targetTokens === undefined || targetTokens < triggerTokens) return;
  context.addIssue({
    code: 'custom',
    message: `has targetTokens ${targetTokens}, of what is to be left, and triggerTokens ${triggerTokens}: it must be less`,
  });
});

const transcription = fields({
  languageCodes: z
    .array(languageTag, { error: 'must be a list' })
    .max(MAX_LANGUAGES, { error: `must be at most ${MAX_LANGUAGES}` })
    .optional(),
}).nullable();

/** A copy: nobody can change it while a run has it on its events. */
const metadata = z.unknown().transform((value, context): Record<string, unknown> => {
  const json = toJson(value);
  const copy: unknown = json === undefined ? undefined : JSON.parse(json);
  if (json === undefined || !isRecord(copy) || !isDeepStrictEqual(copy, value)) {
    context.addIssue({
      code: 'custom',
      message: 'must be an object of JSON: of texts, numbers, true, false, null, lists and objects',
    });
    return z.NEVER;
  }
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_METADATA_BYTES) return copy;
  context.addIssue({
    code: 'custom',
    message: `has ${bytes} bytes as JSON and may have ${MAX_METADATA_BYTES}: each event carries it`,
  });
  return z.NEVER;
});

const MODALITY = "must be ['TEXT'] or ['AUDIO']; beside speech, outputAudioTranscription tells its words as text";

const runConfig = fields({
  responseModalities: z.tuple([z.enum(['TEXT', 'AUDIO'], { error: MODALITY })], { error: MODALITY }).optional(),
  speechConfig: fields({
    voiceConfig: fields({ prebuiltVoiceConfig: fields({ voiceName: text.optional() }).optional() }).optional(),
    languageCode: languageTag.optional(),
  }).optional(),
  inputAudioTranscription: transcription.optional(),
  outputAudioTranscription: transcription.optional(),
  realtimeInputConfig: fields({
    automaticActivityDetection: activityDetection.optional(),
    activityHandling: oneOf(['START_OF_ACTIVITY_INTERRUPTS', 'NO_INTERRUPTION']).optional(),
    turnCoverage: oneOf([
      'TURN_INCLUDES_ONLY_ACTIVITY',
      'TURN_INCLUDES_ALL_INPUT',
      'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
    ]).optional(),
  }).optional(),
  explicitVadSignal: flag.optional(),
  proactivity: fields({ proactiveAudio: flag.optional() }).optional(),
  enableAffectiveDialog: flag.optional(),
  sessionResumption: fields({ handle: text.optional(), transparent: flag.optional() }).optional(),
  contextWindowCompression: compression.nullable().optional(),
  saveLiveBlob: flag.optional(),
  customMetadata: metadata.optional(),
  getSessionConfig: fields({
    numRecentEvents: whole(0, MAX_RECENT_EVENTS).optional(),
    afterTimestamp: z
      .number({ error: 'must be a number of seconds since 1970' })
      .min(0, { error: 'must not be negative' })
      .optional(),
  }).optional(),
  maxDurationMs: whole(1, MAX_LIMIT_MS, ' ms').optional(),
  idleTimeoutMs: whole(1, MAX_LIMIT_MS, ' ms').optional(),
} satisfies Record<keyof RunConfig, z.ZodType>);

/**
 * What a run is asked for, if there is such a thing and the model can do it. A provider would say so only when it is connected to, and some say
 * nothing and do something else.
 * @param of what it is called where it is wrong
 * @throws {WireError} invalid_run_config: its text names each field at fault, and what to do about it
 */
export function checkRunConfig(
  value: unknown,
  model: Pick<RealtimeModel, 'name' | 'capabilities'>,
  of = 'RunConfig',
): RunConfig {
  const parsed = runConfig.safeParse(value);
  const complaints = parsed.success
    ? complaintsOf(parsed.data as RunConfig, model).map(([path, message]) => `${of}.${path}: ${message}`)
    : parsed.error.issues.map(({ path, message }) => `${[of, ...path].join('.')} ${message}`);
  // The schema's fields are those of the type; it has them optional as `undefined` too, which counts as absent.
  if (parsed.success && complaints.length === 0) return parsed.data as RunConfig;
  throw new WireError('invalid_run_config', complaints.join('; '));
}

/**
 * The same for what an agent brings for all of its runs.
 * @throws {WireError} invalid_run_config
 */
export function checkAgentConfig(
  { name, runConfig }: Agent,
  model: Pick<RealtimeModel, 'name' | 'capabilities'>,
): void {
  const of = `Agent "${name}": runConfig`;
  const { sessionResumption } = checkRunConfig(runConfig, model, of);
  if (sessionResumption?.handle === undefined) return;
  throw new WireError(
    'invalid_run_config',
    `${of}.sessionResumption.handle is of one conversation, and its users would share it: give it to runLive`,
  );
}

/** What the model cannot do, by field. */
function complaintsOf(config: RunConfig, { name, capabilities }: Pick<RealtimeModel, 'name' | 'capabilities'>) {
  const { audioOnly, voices, language, proactiveAudio, affectiveDialog, voiceActivitySignal } = capabilities;
  const { speechConfig, proactivity, sessionResumption } = config;
  const complaints: [path: string, message: string][] = [];
  if (audioOnly && config.responseModalities?.[0] === 'TEXT') {
    complaints.push([
      'responseModalities',
      `${name} only speaks: ask for AUDIO; outputAudioTranscription tells its words as text`,
    ]);
  }
  const voice = speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName;
  if (voice !== undefined && voices && !voices.includes(voice)) {
    complaints.push([
      'speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName',
      `"${voice.slice(0, 100)}" is no voice of ${name}; it has ${voices.join(', ')}`,
    ]);
  }
  if (speechConfig?.languageCode !== undefined && !language) {
    complaints.push([
      'speechConfig.languageCode',
      `${name} speaks the language that it hears: leave it out, or name the language in the agent's instruction`,
    ]);
  }
  if (proactivity?.proactiveAudio === true && proactiveAudio === 'never') {
    complaints.push([
      'proactivity.proactiveAudio',
      `${name} answers all that it hears: leave it out, or take a model that may keep silent`,
    ]);
  }
  if (proactivity?.proactiveAudio === false && proactiveAudio === 'always') {
    complaints.push([
      'proactivity.proactiveAudio',
      `${name} always keeps silent where it is not spoken to: leave it out`,
    ]);
  }
  if (config.enableAffectiveDialog && !affectiveDialog) {
    complaints.push([
      'enableAffectiveDialog',
      `${name} has none: leave it out, or take a model that minds how something is said`,
    ]);
  }
  if (config.explicitVadSignal && !voiceActivitySignal) {
    complaints.push([
      'explicitVadSignal',
      `${name} does not say where it heard the user begin, which Gemini does on Vertex AI: leave it out`,
    ]);
  }
  if (sessionResumption?.transparent && !capabilities.transparentResumption) {
    complaints.push([
      'sessionResumption.transparent',
      `${name} has it on Vertex AI alone: leave it out; resumption itself is always on`,
    ]);
  }
  return complaints;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
