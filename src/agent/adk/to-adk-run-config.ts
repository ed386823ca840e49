import { toCompression } from '../../models/gemini/setup.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import type { RunConfig } from '../run-config.ts';

/**
 * Converts a config to that of ADK. The names are the same. What is on by default here (transcripts, compression) is named, because ADK has it off;
 * limits in tokens are strings in ADK. `streamingMode` stays absent: ADK 2.0 rejects BIDI, and `runLive` does not read the field.
 */
export function toAdkRunConfig(config: RunConfig): object {
  const { responseModalities, speechConfig, proactivity, enableAffectiveDialog, realtimeInputConfig } = config;
  const compression = orDefault(config.contextWindowCompression);
  const speaks = responseModalities?.[0] === 'AUDIO';
  return omitUndefined({
    responseModalities,
    // Gemini rejects a voice for text: "Cannot extract voices from a non-audio request".
    speechConfig: speaks ? speechConfig : undefined,
    inputAudioTranscription: orDefault(config.inputAudioTranscription),
    outputAudioTranscription: speaks ? orDefault(config.outputAudioTranscription) : undefined,
    realtimeInputConfig,
    // Omit these fields instead of sending false: a model without the option does not know the field.
    proactivity: proactivity?.proactiveAudio ? proactivity : undefined,
    enableAffectiveDialog: enableAffectiveDialog || undefined,
    contextWindowCompression: compression && toCompression(compression),
  });
}

/** Applies our convention: an absent setting is on with its defaults, null is off. */
function orDefault<Settings extends object>(settings: Settings | null | undefined): Settings | undefined {
  return settings === null ? undefined : (settings ?? ({} as Settings));
}
