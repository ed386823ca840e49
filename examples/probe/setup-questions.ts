import { Behavior, type FunctionDeclaration, ThinkingLevel } from '@google/genai';
import type { Finding, LiveModel } from './live-model.ts';
import { UnexaminedError } from './live-session.ts';

/** Voice that the native-audio models have, and the half-cascade models lack. */
const NEWER_VOICE = 'Sulafat';
const LOW = { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } };
const ACCEPTED = 'the setup is accepted';

/**
 * Finds out whether a setup may, or must, name a thinking level. Sets what all other setups need.
 * @throws {UnexaminedError} if the model accepts no setup
 */
export async function askThinking(model: LiveModel): Promise<Finding> {
  const [without, withLevel] = await Promise.all([model.findRefusal({}), model.findRefusal(LOW)]);
  if (without && withLevel) throw new UnexaminedError(without);
  if (without) {
    model.required = LOW;
    return { value: 'required', seen: `without a level: ${without}` };
  }
  if (withLevel) return { value: 'none', seen: `with a level: ${withLevel}` };
  return { value: 'optional', seen: 'accepted with a level and without' };
}

export async function askVoices(model: LiveModel): Promise<Finding> {
  const speechConfig = { voiceConfig: { prebuiltVoiceConfig: { voiceName: NEWER_VOICE } } };
  const refusal = await model.findRefusal({ speechConfig });
  return { value: refusal ? `without ${NEWER_VOICE}` : `with ${NEWER_VOICE}`, seen: refusal ?? ACCEPTED };
}

/** Returns how the row `voices` describes a list. */
export function describeVoices(voices: readonly string[] | undefined): string {
  return voices && !voices.includes(NEWER_VOICE) ? `without ${NEWER_VOICE}` : `with ${NEWER_VOICE}`;
}

export async function askAsynchronousTools(model: LiveModel): Promise<Finding> {
  const roll: FunctionDeclaration = { name: 'roll_dice', description: 'Rolls a die.' };
  const declare = (declaration: FunctionDeclaration) => ({ tools: [{ functionDeclarations: [declaration] }] });
  const refusal = await model.findRefusal(declare(roll));
  if (!refusal) return { value: 'no', seen: 'a function without behavior is accepted' };
  const other = await model.findRefusal(declare({ ...roll, behavior: Behavior.NON_BLOCKING }));
  if (other) return { seen: `each function is refused: ${other}` };
  return { value: 'yes', seen: `a function without behavior is refused: ${refusal}` };
}

export async function askProactivity(model: LiveModel): Promise<Finding> {
  const [on, off] = await Promise.all(
    [true, false].map((proactiveAudio) => model.findRefusal({ proactivity: { proactiveAudio } }, 'v1alpha')),
  );
  if (on) return { value: 'none', seen: on };
  if (off) return { value: 'always', seen: `switched off: ${off}` };
  return { value: 'optional', seen: 'accepted on and off' };
}

export async function askAffectiveDialog(model: LiveModel): Promise<Finding> {
  const refusal = await model.findRefusal({ enableAffectiveDialog: true }, 'v1alpha');
  return { value: refusal ? 'no' : 'yes', seen: refusal ?? ACCEPTED };
}

export async function askLanguage(model: LiveModel): Promise<Finding> {
  const refusal = await model.findRefusal({ speechConfig: { languageCode: 'de-DE' } });
  return { value: refusal ? 'no' : 'yes', seen: refusal ?? ACCEPTED };
}
