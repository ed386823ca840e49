import type { RealtimeModel } from '../../models/realtime-model.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { EventsCompactionConfig, Summarizer } from '../events-compaction.ts';
import { LlmSummarizer } from '../llm-summarizer.ts';

/**
 * Creates the summarizer that a config names.
 * @param model its provider has the text model
 * @throws {WireError} invalid_run_config: the provider has no text models here; model_not_found: the name cannot be one of a text model
 */
export function createSummarizer({ summarizer }: EventsCompactionConfig, model: RealtimeModel): Summarizer {
  if (typeof summarizer !== 'string') return summarizer;
  const textModel = model.createTextModel?.(summarizer);
  if (textModel) return new LlmSummarizer(textModel);
  throw new WireError(
    'invalid_run_config',
    `eventsCompactionConfig.summarizer names the text model "${summarizer}", and the live model ${model.name} has none beside it: give an object with a method summarize`,
  );
}
