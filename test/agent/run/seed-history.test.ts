import { expect, test } from '@jest/globals';
import { isAnswered, omitReplayedEvents, toHistory } from '../../../src/agent/run/seed-history.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';

let made = 0;

function createEvent(fields: Partial<AgentEvent>): AgentEvent {
  made += 1;
  return { id: `event-${made}`, invocationId: 'e-now', author: 'bot', timestamp: made, ...fields };
}

const ask = (text: string, fields: Partial<AgentEvent> = {}) =>
  createEvent({ author: 'user', content: { role: 'user', parts: [{ text }] }, ...fields });
const reply = (text: string, fields: Partial<AgentEvent> = {}) =>
  createEvent({ content: { role: 'model', parts: [{ text }] }, ...fields });
const end = (fields: Partial<AgentEvent> = {}) => createEvent({ turnComplete: true, ...fields });

const replays = (...ids: string[]) => ({ eventIds: new Set(ids) });

test('the events of the turn in progress are left out, because its input is replayed', () => {
  const complete = [ask('one'), reply('1'), end()];
  const open = [ask('two'), reply('2')];
  expect(omitReplayedEvents([...complete, ...open], 'e-now', replays())).toEqual(complete);
});

test('events of an earlier run are kept, even if no turn completed them', () => {
  const events = [ask('one', { invocationId: 'e-before' }), reply('1', { invocationId: 'e-before' })];
  expect(omitReplayedEvents(events, 'e-now', replays())).toEqual(events);
});

test('an event that the replay buffer includes is left out, also before the end of a turn', () => {
  const [one, two] = [ask('one'), ask('two')];
  expect(omitReplayedEvents([one, two, end()], 'e-now', replays(two.id)).map(({ id }) => id)).not.toContain(two.id);
});

test('the history has one entry for each change of speaker, limited by number and by time', () => {
  const events = [ask('one', { timestamp: 1 }), ask('two', { timestamp: 2 }), reply('three', { timestamp: 3 })];
  const user = (text: string) => ({ role: 'user', parts: [{ text }] });
  const model = (text: string) => ({ role: 'model', parts: [{ text }] });
  expect(toHistory(events)).toEqual([user('one\ntwo'), model('three')]);
  expect(toHistory(events, { numRecentEvents: 2 })).toEqual([user('two'), model('three')]);
  expect(toHistory(events, { afterTimestamp: 3 })).toEqual([model('three')]);
  expect(toHistory(events, { numRecentEvents: 0 })).toEqual([]);
});

test('a question is answered if a turn was completed after it, with or without a reply', () => {
  expect(isAnswered([ask('one')])).toBe(false);
  expect(isAnswered([ask('one'), reply('1')])).toBe(false);
  expect(isAnswered([ask('one'), reply('1'), end()])).toBe(true);
  expect(isAnswered([ask('one'), end()])).toBe(true);
  expect(isAnswered([ask('one'), end(), ask('two')])).toBe(false);
  expect(isAnswered([])).toBe(false);
});
