import { turnsOf } from '../store/conversation-turns.ts';
import type { AgentEvent, Content } from '../wire/agent-event.ts';
import type { OpenTurn } from './open-turn.ts';
import type { RunConfig } from './run-config.ts';

/** What of the conversation is not said again by itself. */
export function withoutOpenTurn(events: readonly AgentEvent[], invocationId: string, openTurn: OpenTurn): AgentEvent[] {
  const end = events.findLastIndex(({ turnComplete }) => turnComplete);
  return events.filter(
    (event, index) => !openTurn.has(event.id) && (index <= end || event.invocationId !== invocationId),
  );
}

/** @param config how much of them */
export function toContents(events: readonly AgentEvent[], config: RunConfig['getSessionConfig'] = {}): Content[] {
  const { numRecentEvents = events.length, afterTimestamp = 0 } = config;
  const recent = events.slice(Math.max(0, events.length - numRecentEvents));
  const told = recent.filter(({ timestamp }) => timestamp >= afterTimestamp);
  return turnsOf(told).map(({ role, text }) => ({ role, parts: [{ text }] }));
}

/** Whether the turn in which the user spoke last is complete: what was stopped, withheld or passed over is not answered when it is told again. */
export function isAnswered(events: readonly AgentEvent[]): boolean {
  const said = events.findLastIndex((event) => turnsOf([event])[0]?.role === 'user');
  return events.findLastIndex(({ turnComplete }) => turnComplete) > said;
}
