import { canBeProactive, hasAffectiveDialog, isAlwaysProactive } from './gemini-models.ts';
import { invalid } from './gemini-refusal.ts';
import type { GeminiSetup } from './gemini-setup.ts';
import { camelCased, type JsonObject } from './json-object.ts';

/**
 * What a setup must not say though Gemini may let it pass.
 * @param value a setup message that readSetup has taken
 * @throws {GeminiRefusal} 1007
 */
export function checkSetupStrictly(value: unknown, { model, compression }: GeminiSetup): void {
  const setup = camelCased(value);
  if (setup.proactivity !== undefined) checkProactivity(camelCased(setup.proactivity), model);
  if (camelCased(setup.generationConfig).enableAffectiveDialog === true && !hasAffectiveDialog(model))
    throw invalid(`generationConfig.enableAffectiveDialog: ${model} has no affective dialog.`);
  const detection = camelCased(camelCased(setup.realtimeInputConfig).automaticActivityDetection);
  const setting = Object.keys(detection).find((name) => name !== 'disabled');
  if (detection.disabled === true && setting !== undefined)
    throw invalid(`automaticActivityDetection: disabled contradicts ${setting}.`);
  if (compression && compression.triggerTokens <= compression.targetTokens)
    throw invalid(
      `contextWindowCompression: triggerTokens ${compression.triggerTokens} is not above targetTokens ${compression.targetTokens}.`,
    );
}

function checkProactivity({ proactiveAudio }: JsonObject, model: string): void {
  if (!canBeProactive(model)) throw invalid(`proactivity: ${model} has none.`);
  if (proactiveAudio === false && isAlwaysProactive(model))
    throw invalid(`proactivity.proactiveAudio: ${model} does not let it be switched off.`);
}
