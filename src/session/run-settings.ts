import { present, type RunConfig } from '../agent/run-config.ts';
import type { LiveRunner } from '../agent/runner.ts';

export type Modality = 'TEXT' | 'AUDIO';

/** What connections may ask for of the run that answers them; absent: as it is. */
export interface RunSettings {
  readonly modality?: Modality;
  /** A name that the model knows. */
  readonly voice?: string;
  /** BCP-47. */
  readonly language?: string;
  /** Whether the agent may keep silent where it is not spoken to. */
  readonly proactivity?: boolean;
  readonly affectiveDialog?: boolean;
}

/** How a live session is to talk. */
export interface Settled {
  /** What connections asked for and what the agent brings. */
  readonly settings: RunSettings & { readonly modality: Modality };
  readonly limits: Pick<RunConfig, 'maxDurationMs' | 'idleTimeoutMs'>;
  /** Clients say when the user speaks: the model does not listen for it. `undefined`: not known, of a runner of another make. */
  readonly manualActivity: boolean | undefined;
}

/**
 * What becomes of what connections ask for: it goes before what the agent brings. TEXT of a model that only speaks is AUDIO: there are pages
 * that ask for it wherever nobody has pressed a button.
 * @throws {WireError} invalid_run_config: the model cannot do it
 */
export function settle(runner: LiveRunner, asked: RunSettings): Settled {
  const { audioOnly } = runner.card;
  const wanted = audioOnly ? { ...asked, modality: 'AUDIO' as const } : asked;
  const checked = runner.check?.(toRunConfig(wanted));
  const { responseModalities, speechConfig, proactivity, enableAffectiveDialog, maxDurationMs, idleTimeoutMs } =
    checked ?? toRunConfig(wanted);
  const settings = present({
    voice: speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName,
    language: speechConfig?.languageCode,
    proactivity: proactivity?.proactiveAudio,
    affectiveDialog: enableAffectiveDialog,
  });
  return {
    settings: { ...settings, modality: audioOnly ? 'AUDIO' : (responseModalities?.[0] ?? 'TEXT') },
    limits: present({ maxDurationMs, idleTimeoutMs }),
    manualActivity: checked && checked.realtimeInputConfig?.automaticActivityDetection?.disabled === true,
  };
}

/** Whether a run with the one sounds like a run with the other. */
export function isSame(one: RunSettings, other: RunSettings): boolean {
  return (
    one.modality === other.modality &&
    one.voice === other.voice &&
    one.language === other.language &&
    // Off, unless it is asked for.
    Boolean(one.proactivity) === Boolean(other.proactivity) &&
    Boolean(one.affectiveDialog) === Boolean(other.affectiveDialog)
  );
}

export function toRunConfig({ modality, voice, language, proactivity, affectiveDialog }: RunSettings): RunConfig {
  const speechConfig = present({
    voiceConfig: voice === undefined ? undefined : { prebuiltVoiceConfig: { voiceName: voice } },
    languageCode: language,
  });
  return present({
    responseModalities: modality && ([modality] as const),
    speechConfig: voice === undefined && language === undefined ? undefined : speechConfig,
    proactivity: proactivity === undefined ? undefined : { proactiveAudio: proactivity },
    enableAffectiveDialog: affectiveDialog,
  });
}
