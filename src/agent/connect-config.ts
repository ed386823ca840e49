import type { ConnectConfig, ModelCapabilities } from '../models/realtime-model.ts';
import type { Agent } from './agent.ts';
import type { RunConfig } from './run-config.ts';

/** What a run's connections to the model are opened with. */
export function toConnectConfig(
  agent: Agent,
  config: RunConfig,
  { audioOnly }: ModelCapabilities,
): Omit<ConnectConfig, 'history' | 'handle'> {
  const { speechConfig, realtimeInputConfig, proactivity, enableAffectiveDialog, explicitVadSignal } = config;
  return {
    modality: audioOnly ? 'AUDIO' : (config.responseModalities?.[0] ?? 'TEXT'),
    instruction: agent.instruction,
    tools: agent.tools.map((tool) => tool.declaration),
    inputAudioTranscription: orDefault(config.inputAudioTranscription),
    outputAudioTranscription: orDefault(config.outputAudioTranscription),
    ...present({
      speechConfig,
      realtimeInputConfig,
      contextWindowCompression: orDefault(config.contextWindowCompression),
      proactiveAudio: proactivity?.proactiveAudio,
      affectiveDialog: enableAffectiveDialog,
      voiceActivitySignal: explicitVadSignal,
    }),
  };
}

/** On where nothing is said; null is how ADK says off. */
function orDefault<Settings extends object>(settings: Settings | null | undefined): Settings | undefined {
  return settings === null ? undefined : (settings ?? ({} as Settings));
}

/** Without the fields that have no value. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };
}
