import { listTurns } from '../../store/conversation-turns.ts';
import type { AgentEvent, Content } from '../../wire/agent-event.ts';
import type { RunConfig } from '../run-config.ts';
import type { ReplayBuffer } from './replay-buffer.ts';

/** Returns the events of a conversation that the replay buffer will not send again. */
export function omitReplayedEvents(
  events: readonly AgentEvent[],
  invocationId: string,
  { eventIds }: Pick<ReplayBuffer, 'eventIds'>,
): AgentEvent[] {
  const end = events.findLastIndex(({ turnComplete }) => turnComplete);
  return events.filter(
    (event, index) => !eventIds.has(event.id) && (index <= end || event.invocationId !== invocationId),
  );
}

/**
 * Converts the events of a conversation to the history of a fresh connection.
 * @param config limits of the history. Default: all events
 */
export function toHistory(events: readonly AgentEvent[], config: RunConfig['getSessionConfig'] = {}): Content[] {
  const { numRecentEvents = events.length, afterTimestamp = 0 } = config;
  const recent = events.slice(Math.max(0, events.length - numRecentEvents));
  const selected = recent.filter(({ timestamp }) => timestamp >= afterTimestamp);
  return listTurns(selected).map(({ role, text }) => ({ role, parts: [{ text }] }));
}

/**
 * Whether the turn in which the user spoke last is complete. A question that was stopped, withheld or passed over is part of the history, and the
 * model does not answer it again.
 */
export function isAnswered(events: readonly AgentEvent[]): boolean {
  const lastOfUser = events.findLastIndex((event) => !event.answered && listTurns([event])[0]?.role === 'user');
  return events.findLastIndex(({ turnComplete }) => turnComplete) > lastOfUser;
}

/** Returns the events of a conversation without the messages of the user whose turn was completed without any answer. */
export function omitPassedOver(events: readonly AgentEvent[]): AgentEvent[] {
  const kept: AgentEvent[] = [];
  let turn: AgentEvent[] = [];
  for (const event of events) {
    turn.push(event);
    if (!event.turnComplete) continue;
    const isAnsweredTurn = turn.some((each) => listTurns([each])[0]?.role === 'model');
    kept.push(...(isAnsweredTurn ? turn : turn.filter((each) => listTurns([each])[0]?.role !== 'user')));
    turn = [];
  }
  return [...kept, ...turn];
}
