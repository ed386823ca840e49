import type { AgentEvent } from '../wire/agent-event.ts';

/** Maximum size of an event with results of tools that is kept whole in memory, in characters of its JSON text. */
const MAX_RESULT_CHARACTERS = 1_000;

/**
 * Returns a copy of a large event whose results of tools are empty. Other events are returned as they are.
 * @param characters size of the event, from `measureEvent`
 */
export function omitLargeResults(event: AgentEvent, characters: number): AgentEvent {
  const hasResult = event.content?.parts?.some(({ functionResponse }) => functionResponse !== undefined) ?? false;
  if (!hasResult || characters <= MAX_RESULT_CHARACTERS) return event;
  const parts = event.content?.parts?.map((part) =>
    part.functionResponse ? { ...part, functionResponse: { ...part.functionResponse, response: {} } } : part,
  );
  return { ...event, content: { ...event.content, ...(parts ? { parts } : {}) } };
}
