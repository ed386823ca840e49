import type { AgentEvent } from '../wire/agent-event.ts';

/**
 * Removes the resumption handle from an event. Whoever has the handle has the conversation, so that no client may see it, in any dialect.
 * @returns `undefined` if nothing else is left of the event
 */
export function toVisibleEvent(event: AgentEvent): AgentEvent | undefined {
  if (!event.liveSessionResumptionUpdate) return event;
  const { liveSessionResumptionUpdate: _, ...visible } = event;
  const { id, invocationId, author, timestamp, customMetadata, ...rest } = visible;
  return Object.keys(rest).length > 0 ? visible : undefined;
}
