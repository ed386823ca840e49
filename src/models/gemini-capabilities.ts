import { WireError } from '../wire/error-catalogue.ts';
import type { ModelCapabilities } from './realtime-model.ts';

/** Of the half-cascade models, which speak with these only. */
const HALF_CASCADE_VOICES = ['Puck', 'Charon', 'Kore', 'Fenrir', 'Aoede', 'Leda', 'Orus', 'Zephyr'];

/** Of the native-audio models, which no more will come for. Those of the models after them are not known for good: any may be asked for. */
const NATIVE_AUDIO_VOICES = [
  ...HALF_CASCADE_VOICES,
  ...['Autonoe', 'Umbriel', 'Erinome', 'Laomedeia', 'Schedar', 'Achird', 'Sadachbia', 'Enceladus', 'Algieba'],
  ...['Algenib', 'Achernar', 'Gacrux', 'Zubenelgenubi', 'Sadaltager', 'Callirrhoe', 'Iapetus', 'Despina'],
  ...['Rasalgethi', 'Alnilam', 'Pulcherrima', 'Vindemiatrix', 'Sulafat'],
];

/**
 * What a Gemini Live model can do, by its name: there is nobody to ask before it is connected to.
 * @see https://ai.google.dev/gemini-api/docs/live-guide
 * @see https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice
 */
export function geminiCapabilities(model: string, vertexai: boolean): ModelCapabilities {
  const name = nameOf(model);
  const isNative = name.includes('native-audio');
  const isThree = name.startsWith('gemini-3');
  return {
    audioOnly: isNative || isThree,
    inputRate: 16_000,
    outputRate: 24_000,
    voices: isThree ? undefined : isNative ? NATIVE_AUDIO_VOICES : HALF_CASCADE_VOICES,
    // The others choose it by what they hear, or are told in the instruction.
    language: !isNative && !isThree,
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

/**
 * Refuses a name that can be no live model's, before anything is opened. Those are called so, `live` or `native-audio`, all that there ever were;
 * a tuned one, on whose path there is a number or a name that somebody chose, is left to the provider.
 * @throws {WireError} model_not_found
 */
export function checkLiveModel(model: string): void {
  const name = model.replace(/^(?:publishers\/google\/)?models\//, '');
  if (name.includes('/') || /live|native-audio/i.test(name)) return;
  throw new WireError(
    'model_not_found',
    `"${model}" is no live model of Gemini: their names contain "live" or "native-audio"`,
  );
}

/** Without `models/`, or what Vertex AI puts before it. */
function nameOf(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
