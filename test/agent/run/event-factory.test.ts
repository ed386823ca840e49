import { expect, test } from '@jest/globals';
import { validate, version } from 'uuid';
import { createEventFactory } from '../../../src/agent/run/event-factory.ts';

test('each event of a run has a UUID v7 of its own, in order, and the invocation id of the run', () => {
  const stamp = createEventFactory();
  const events = Array.from({ length: 300 }, () => stamp({ author: 'agent' }));
  const ids = events.map(({ id }) => id);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  const [invocation] = events.map(({ invocationId }) => invocationId);
  expect(invocation).toMatch(/^e-/);
  expect(events.every(({ invocationId }) => invocationId === invocation)).toBe(true);
});

test('runs that start at the same moment share no event id and no invocation id', () => {
  const stamps = Array.from({ length: 100 }, () => createEventFactory());
  const events = stamps.flatMap((stamp) => [stamp({ author: 'agent' }), stamp({ author: 'agent' })]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(new Set(events.map(({ invocationId }) => invocationId)).size).toBe(stamps.length);
});
