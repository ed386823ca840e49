import type { JsonObject } from '../json-object.ts';
import type { GeminiFamily } from './family.ts';
import { camelCaseKeys } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';
import type { GeminiSetup } from './setup.ts';

/**
 * Refuses settings that Gemini may tolerate although its documentation forbids them.
 * @param value a setup message that `readSetup` has accepted
 * @throws {GeminiRefusal} 1007
 */
export function checkSetupStrictly(value: unknown, { model, family, compression }: GeminiSetup): void {
  const setup = camelCaseKeys(value);
  if (setup.proactivity !== undefined) checkProactivity(camelCaseKeys(setup.proactivity), model, family);
  if (camelCaseKeys(setup.generationConfig).enableAffectiveDialog === true && !family.hasAffectiveDialog)
    throw invalidArgument(`generationConfig.enableAffectiveDialog: ${model} has no affective dialog.`);
  const { languageCode } = camelCaseKeys(camelCaseKeys(setup.generationConfig).speechConfig);
  if (languageCode !== undefined && !family.hasLanguage)
    throw invalidArgument(`speechConfig.languageCode: ${model} chooses the language itself.`);
  const detection = camelCaseKeys(camelCaseKeys(setup.realtimeInputConfig).automaticActivityDetection);
  const setting = Object.keys(detection).find((name) => name !== 'disabled');
  if (detection.disabled === true && setting !== undefined)
    throw invalidArgument(`automaticActivityDetection: disabled contradicts ${setting}.`);
  if (compression && compression.triggerTokens <= compression.targetTokens)
    throw invalidArgument(
      `contextWindowCompression: triggerTokens ${compression.triggerTokens} is not above targetTokens ${compression.targetTokens}.`,
    );
}

function checkProactivity({ proactiveAudio }: JsonObject, model: string, { proactivity }: GeminiFamily): void {
  if (proactivity === 'none') throw invalidArgument(`proactivity: ${model} has none.`);
  if (proactiveAudio === false && proactivity === 'always')
    throw invalidArgument(`proactivity.proactiveAudio: ${model} does not let it be switched off.`);
}
