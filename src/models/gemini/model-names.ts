import { WireError } from '../../wire/wire-error.ts';
import { GEMINI_FAMILIES, type GeminiFamily } from './family.ts';

/** Live models that Google has switched off, with the model that replaces each. @see https://ai.google.dev/gemini-api/docs/models */
export const RETIRED_MODELS: Readonly<Record<string, string>> = {
  'gemini-2.0-flash-exp': 'gemini-3.8-live',
  'gemini-2.0-flash-live-001': 'gemini-3.8-live',
  'gemini-2.5-flash-native-audio-preview-09-2025': 'gemini-2.5-flash-native-audio-preview-12-2025',
};

/** Models that AI Studio has switched off and that other servers may have, with the model that replaces each. */
export const RETIRED_ON_AI_STUDIO: Readonly<Record<string, string>> = {
  'gemini-live-2.5-flash-preview': 'gemini-3.8-live',
};

/** Whether the family of a model is known. Otherwise it follows from the name, and may be wrong. */
export function isKnownModel(model: string): boolean {
  return findFamily(model).models.includes(getBaseName(model));
}

/** Finds the family of a model by its name, because the provider cannot be asked before a connection is open. An unknown name belongs to the nearest. */
export function findFamily(model: string): GeminiFamily {
  const name = getBaseName(model);
  if (name.includes('native-audio')) return GEMINI_FAMILIES['2.5 native audio'];
  if (name.includes('extended-thinking')) return GEMINI_FAMILIES['3.8 extended thinking'];
  if (/^gemini-3\.[0-4](?!\d)/.test(name)) return GEMINI_FAMILIES['3.1'];
  if (/^gemini-([3-9]|\d\d)/.test(name)) return GEMINI_FAMILIES['3.8'];
  return GEMINI_FAMILIES['2.5 half-cascade'];
}

/**
 * Refuses a name that cannot be a live model's, or that of a retired model, before anything is opened. The names of all live models so far contain
 * `live` or `native-audio`. A tuned model has a path that ends in a number or a chosen name, so the provider decides about it.
 * @throws {WireError} model_not_found
 */
export function checkLiveModel(model: string): void {
  checkRetired(model, RETIRED_MODELS);
  const name = model.replace(/^(?:publishers\/google\/)?models\//, '');
  if (name.includes('/') || isLiveName(name)) return;
  throw new WireError(
    'model_not_found',
    `"${model}" is no live model of Gemini: their names contain "live" or "native-audio"`,
  );
}

/** Whether a name is that of a live model. */
export function isLiveName(name: string): boolean {
  return /live|native-audio/i.test(name);
}

/** Refuses a model that AI Studio itself does not have any more. @throws {WireError} model_not_found */
export function checkServedByAiStudio(model: string): void {
  checkRetired(model, RETIRED_ON_AI_STUDIO);
}

function checkRetired(model: string, retired: Readonly<Record<string, string>>): void {
  const successor = retired[getBaseName(model)];
  if (successor) {
    throw new WireError(
      'model_not_found',
      `"${model}" is retired`,
      `set DEMO_AGENT_MODEL, the option --model, or the agent's model, to ${successor}`,
    );
  }
}

/** Removes `models/`, or the longer path of Vertex AI. */
function getBaseName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
