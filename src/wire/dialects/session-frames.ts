import type { LogMessage } from '../log-entry.ts';
import type { LogEvents } from '../named-events.ts';
import type { Frame } from './dialect.ts';

/**
 * Encodes what happens to a live session besides the events of its runs. All dialects have these named events: no message of ADK's or AgentScope's
 * says what another page has typed or changed, or that the conversation is not stored.
 * @returns `undefined` for any other message
 */
export function encodeSessionChange({ typed, storage, reconfigured }: LogMessage): Frame | undefined {
  if (typed) return encodeNamed('user_message', typed);
  if (storage) return encodeNamed('storage', storage);
  return reconfigured && encodeNamed('settings', reconfigured);
}

/** Encodes a named event of the log. */
export function encodeNamed<Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]): Frame {
  return { event, data: JSON.stringify(data) };
}
