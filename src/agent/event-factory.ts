import { v7 as uuidv7 } from 'uuid';
import type { AgentEvent } from '../wire/agent-event.ts';

/** An event before it has its id and time. */
export type EventBody = Omit<AgentEvent, 'id' | 'invocationId' | 'timestamp'>;

export type EmitEvent = (body: EventBody) => void;

/** Stamps the events of one run. */
export function createEventFactory(): (body: EventBody) => AgentEvent {
  const invocationId = `e-${uuidv7()}`;
  return (body) => ({ id: uuidv7(), invocationId, timestamp: Date.now() / 1000, ...body });
}
