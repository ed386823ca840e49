import { describeCapabilities } from '../../models/gemini/capabilities.ts';
import { findFamily } from '../../models/gemini/model-names.ts';
import type { ModelCapabilities, RealtimeModel, RunOption } from '../../models/realtime-model.ts';
import { isRecord } from '../../wire/record.ts';

/** Facts about the model of an ADK agent. */
export type AdkModel = Pick<RealtimeModel, 'name' | 'capabilities'> & Partial<Pick<RealtimeModel, 'provider'>>;

/** Capabilities of a model that is not Gemini: everything may be requested, and the model decides. */
const UNKNOWN: ModelCapabilities = {
  modalities: ['TEXT', 'AUDIO'],
  input: { rate: 16_000, images: ['frames', 'in_message'], turnDetection: ['server', 'manual'] },
  output: { rate: 24_000 },
  tools: { functions: true, builtIn: [], scheduling: false, repliesToResults: 'auto', resultImages: [] },
  truncation: false,
  cancel: 'discard',
  resumption: 'reseed',
  exchanges: 'single',
  proactive: false,
  opening: '.',
  nudge: false,
  runOptions: new Set<RunOption>(['language', 'proactivity', 'affective_dialog']),
};

/**
 * Describes the model of the root agent. ADK's `model` is a name, or an object with a name.
 * @throws {TypeError} if the agent names no model: agents in the tree may have different ones
 */
export function describeAdkModel(agent: object, model?: string): AdkModel {
  const name = model ?? readModelName(agent);
  if (name === undefined) {
    throw new TypeError(
      "The root agent names no model: pass the option model, as { model: 'gemini-3.1-flash-live-preview' }",
    );
  }
  const isGemini = /(?:^|\/)gemini-/.test(name);
  if (!isGemini) return { name, capabilities: UNKNOWN };
  return { name, capabilities: describeCapabilities(findFamily(name), false), provider: 'gemini' };
}

function readModelName(agent: object): string | undefined {
  const { model } = agent as { model?: unknown };
  if (typeof model === 'string' && model !== '') return model;
  return isRecord(model) && typeof model.model === 'string' ? model.model : undefined;
}
