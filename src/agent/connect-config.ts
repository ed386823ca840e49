import type { ConnectConfig, ModelCapabilities } from '../models/realtime-model.ts';
import type { Agent } from './agent.ts';
import { present, type RunConfig } from './run-config.ts';

/** What a run's connections to the model are opened with. */
export function toConnectConfig(
  agent: Agent,
  config: RunConfig,
  { audioOnly }: ModelCapabilities,
): Omit<ConnectConfig, 'history' | 'answered' | 'handle'> {
  const { speechConfig, realtimeInputConfig, proactivity, enableAffectiveDialog, explicitVadSignal } = config;
  const modality = audioOnly ? 'AUDIO' : (config.responseModalities?.[0] ?? 'TEXT');
  return {
    modality,
    instruction: agent.instruction,
    tools: agent.tools.map((tool) => tool.declaration),
    inputAudioTranscription: orDefault(config.inputAudioTranscription),
    outputAudioTranscription: orDefault(config.outputAudioTranscription),
    ...present({
      // "Cannot extract voices from a non-audio request", Gemini says.
      speechConfig: modality === 'AUDIO' ? speechConfig : undefined,
      realtimeInputConfig,
      contextWindowCompression: orDefault(config.contextWindowCompression),
      // That it is off is not said: a model that cannot do it does not know the field.
      proactiveAudio: proactivity?.proactiveAudio || undefined,
      affectiveDialog: enableAffectiveDialog || undefined,
      voiceActivitySignal: explicitVadSignal || undefined,
      transparentResumption: config.sessionResumption?.transparent,
    }),
  };
}

/** On where nothing is said; null is how ADK says off. */
function orDefault<Settings extends object>(settings: Settings | null | undefined): Settings | undefined {
  return settings === null ? undefined : (settings ?? ({} as Settings));
}
