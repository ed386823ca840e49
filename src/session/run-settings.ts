import type { LiveRunner } from '../agent/run/runner.ts';
import type { RunConfig } from '../agent/run-config.ts';
import { describeError } from '../wire/error-text.ts';
import type { SessionSettings } from '../wire/log-entry.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Limits } from './session-limits.ts';

export type Modality = 'TEXT' | 'AUDIO';

/** How the runs of a live session are configured. */
export interface ResolvedRunSettings {
  /** Config of a run: what connections requested, merged into the agent's own config if the runner has one. */
  readonly runConfig: RunConfig;
  readonly modality: Modality;
  readonly limits: Limits;
  /** Whether clients report when the user speaks, because the model does not detect speech. `undefined` if the runner does not say. */
  readonly manualActivity: boolean | undefined;
}

/**
 * Decides how a run is configured. What a connection requested overrides the agent's own config. For a model that only speaks, TEXT becomes
 * AUDIO: ADK's sample pages request TEXT until the user turns the microphone on.
 * @throws {WireError} invalid_run_config: the model cannot do what is requested
 */
export function resolveRunSettings(runner: LiveRunner, requested: RunConfig): ResolvedRunSettings {
  const wanted = runner.card.audioOnly ? { ...requested, responseModalities: ['AUDIO'] as const } : requested;
  const checked = checkConfig(runner, wanted);
  const { maxDurationMs, idleTimeoutMs, responseModalities, ...others } = checked ?? wanted;
  const limits = omitUndefined({ maxDurationMs, idleTimeoutMs });
  const modality = responseModalities?.[0] ?? 'TEXT';
  return {
    runConfig: { ...others, ...limits, responseModalities: [modality] },
    modality,
    limits,
    manualActivity: checked && checked.realtimeInputConfig?.automaticActivityDetection?.disabled === true,
  };
}

/** Describes settings to clients. */
export function describeSettings({ runConfig, modality }: ResolvedRunSettings): SessionSettings {
  const { speechConfig, proactivity, enableAffectiveDialog } = runConfig;
  return {
    modality,
    ...omitUndefined({
      voice: speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName,
      language: speechConfig?.languageCode,
    }),
    proactivity: proactivity?.proactiveAudio === true,
    affective_dialog: enableAffectiveDialog === true,
  };
}

/** Calls code of an author, whose error may have any shape. */
function checkConfig(runner: LiveRunner, runConfig: RunConfig): RunConfig | undefined {
  try {
    return runner.check?.(runConfig);
  } catch (error) {
    throw WireError.is(error) ? error : new Error(`the runner cannot check a config: ${describeError(error)}`);
  }
}

/** Whether two configs of one agent lead to the same run. Compares the fields that a connection can request. */
export function isSameRun(a: RunConfig, b: RunConfig): boolean {
  return (
    a.responseModalities?.[0] === b.responseModalities?.[0] &&
    a.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName ===
      b.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName &&
    a.speechConfig?.languageCode === b.speechConfig?.languageCode &&
    // These are off by default.
    Boolean(a.proactivity?.proactiveAudio) === Boolean(b.proactivity?.proactiveAudio) &&
    Boolean(a.enableAffectiveDialog) === Boolean(b.enableAffectiveDialog) &&
    Boolean(a.explicitVadSignal) === Boolean(b.explicitVadSignal)
  );
}
