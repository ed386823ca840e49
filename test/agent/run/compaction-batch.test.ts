import { expect, test } from '@jest/globals';
import {
  isSummaryDue,
  listBatchTurns,
  resolveRetention,
  selectBatch,
} from '../../../src/agent/run/compaction-batch.ts';
import { measureEvent } from '../../../src/store/event-window.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { textEvent } from '../../store/events.ts';

const KEEP_TWO = { events: 2, characters: 1_000_000 };

function select(events: readonly AgentEvent[], retention = KEEP_TWO, uncommitted = 0) {
  const characters = events.reduce((sum, event) => sum + measureEvent(event), 0);
  return selectBatch(events, { events: events.length + uncommitted, characters }, retention);
}

const turnEnd = (): AgentEvent => ({ ...textEvent(''), content: {}, turnComplete: true });
const turn = (text: string): AgentEvent[] => [textEvent(text, 'user'), textEvent(`re: ${text}`), turnEnd()];

test('a batch ends with a complete turn, and leaves at least the newest events', () => {
  const events = [...turn('one'), ...turn('two'), ...turn('three')];
  expect(select(events)).toEqual(events.slice(0, 6));
  expect(select(events, { ...KEEP_TWO, events: 4 })).toEqual(events.slice(0, 3));
  expect(select(events, { ...KEEP_TWO, events: 7 })).toEqual([]);
  expect(select(events, { ...KEEP_TWO, events: 0 })).toEqual(events);
});

test('events that are not committed count, and are in no batch', () => {
  const events = [...turn('one'), ...turn('two')];
  expect(select(events, { ...KEEP_TWO, events: 3 }, 3)).toEqual(events);
});

test('a batch is empty while no turn is complete', () => {
  expect(select([textEvent('a', 'user'), textEvent('b'), textEvent('c', 'user'), textEvent('d')])).toEqual([]);
});

test('large events fall out by their size', () => {
  const events = [...turn('x'.repeat(10_000)), ...turn('y'.repeat(3_000))];
  const retention = { events: 100, characters: 5_000 };
  expect(isSummaryDue({ events: 6, characters: 20_000 }, retention)).toBe(true);
  expect(select(events, retention)).toEqual(events.slice(0, 3));
});

test('a batch has at most 65,536 characters: the rest is for the next one', () => {
  const turns = Array.from({ length: 40 }, (_, index) => turn(String(index) + 'x'.repeat(2_000)));
  const batch = select(turns.flat());
  expect(batch.at(-1)?.turnComplete).toBe(true);
  const size = listBatchTurns(batch).reduce((sum, { text }) => sum + text.length, 0);
  expect(size).toBeGreaterThan(60_000);
  expect(size).toBeLessThan(70_000);
});

test('a turn that is longer than a batch is divided, and a long text is cut', () => {
  const monologue = Array.from({ length: 30 }, (_, index) =>
    textEvent('x'.repeat(20_000), index % 2 ? 'agent' : 'user'),
  );
  const batch = select([...monologue, turnEnd()]);
  expect(batch).toEqual(monologue.slice(0, 8));
  for (const { text } of listBatchTurns(batch)) expect(text.length).toBe(8_001);
});

test('at most half of what a connection is told stays word for word, so that nothing falls between', () => {
  expect(resolveRetention(undefined).events).toBe(200);
  expect(resolveRetention(50, 80).events).toBe(40);
  expect(resolveRetention(50, 1_000).events).toBe(50);
  expect(resolveRetention(50, 0).events).toBe(0);
  const retention = resolveRetention(50);
  expect(isSummaryDue({ events: 75, characters: 1 }, retention)).toBe(false);
  expect(isSummaryDue({ events: 76, characters: 1 }, retention)).toBe(true);
});
