import type { ModelCapabilities, RunOption } from '../realtime-model.ts';
import type { GeminiFamily } from './family.ts';

/** Options that Gemini has on Vertex AI, but not on AI Studio. */
const VERTEX_OPTIONS: readonly RunOption[] = ['vad_signal', 'transparent_resumption'];
const ON_VERTEX = 'available on Vertex AI only';

/**
 * Describes what the models of a family can do on one of Google's services.
 * @see https://ai.google.dev/gemini-api/docs/live-guide
 * @see https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice
 */
export function describeCapabilities(family: GeminiFamily, vertexai: boolean): ModelCapabilities {
  const { speaksOnly, voices, textAsRealtimeInput, thinking, exchanges, cancel, proactivity } = family;
  return {
    modalities: speaksOnly ? ['AUDIO'] : ['TEXT', 'AUDIO'],
    input: {
      rate: 16_000,
      images: textAsRealtimeInput ? ['frames'] : ['frames', 'in_message'],
      // Live API guide, "video".
      framesPerSecond: 1,
      turnDetection: ['server', 'manual'],
    },
    output: { rate: 24_000, ...(voices ? { voices } : {}) },
    // Vertex AI does not have `willContinue` (FunctionResponse in @google/genai 3.3.0).
    tools: {
      functions: true,
      builtIn: ['google_search'],
      scheduling: family.scheduling === 'works' && !vertexai,
      repliesToResults: 'auto',
      resultImages: family.resultMedia.filter((type) => type.startsWith('image/')),
    },
    truncation: false,
    cancel: cancel === 'discard' ? 'discard' : 'provider',
    resumption: 'handle',
    exchanges,
    proactive: proactivity === 'always',
    // The row `emptyTurn` of the table: a turn without words would be answered with a filler.
    opening: '.',
    nudge: family.continuesOnInput,
    ...(typeof thinking === 'object' ? { thinking } : {}),
    runOptions: new Set<RunOption>([
      ...(family.language ? ['language' as const] : []),
      ...(proactivity === 'optional' ? ['proactivity' as const] : []),
      ...(family.affectiveDialog ? ['affective_dialog' as const] : []),
      ...(vertexai ? VERTEX_OPTIONS : []),
    ]),
    optionNotes: { vad_signal: ON_VERTEX, transparent_resumption: ON_VERTEX },
  };
}
