import type { ModelCapabilities } from './realtime-model.ts';

/** Of the half-cascade models, which speak with these only. */
const HALF_CASCADE_VOICES = ['Puck', 'Charon', 'Kore', 'Fenrir', 'Aoede', 'Leda', 'Orus', 'Zephyr'];

/**
 * What a Gemini Live model can do, by its name: there is nobody to ask before it is connected to.
 * @see https://ai.google.dev/gemini-api/docs/live-guide
 */
export function geminiCapabilities(model: string, vertexai: boolean): ModelCapabilities {
  const name = nameOf(model);
  const isNative = name.includes('native-audio');
  const isThree = name.startsWith('gemini-3');
  return {
    audioOnly: isNative || isThree,
    inputRate: 16_000,
    outputRate: 24_000,
    voices: isNative || isThree ? undefined : HALF_CASCADE_VOICES,
    // The others choose it by what they hear.
    language: !isNative,
    proactiveAudio: isNative ? 'optional' : isThree && !isThreeOne(model) ? 'always' : 'never',
    affectiveDialog: isNative,
    voiceActivitySignal: vertexai,
    transparentResumption: vertexai,
  };
}

/** 3.1 takes client content only to seed a conversation, and closes with 1007 for one later. */
export function isThreeOne(model: string): boolean {
  return nameOf(model).startsWith('gemini-3.1');
}

/** Without `models/`, or what Vertex AI puts before it. */
function nameOf(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
