import { expect, test } from '@jest/globals';
import { turnsOf } from '../../src/store/conversation-turns.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { said } from './conversation-store-contract.ts';

function event(body: Partial<AgentEvent>, author = 'agent'): AgentEvent {
  const { content: _, ...stamp } = said('', author);
  return { ...stamp, ...body };
}

const interrupted = () => event({ interrupted: true });

test('turnsOf typed text and transcripts of speech gives who said what', () => {
  expect(
    turnsOf([
      said('typed', 'user'),
      said('written'),
      event({ inputTranscription: { text: 'spoken', finished: true } }, 'user'),
      event({ outputTranscription: { text: 'answered', finished: true } }),
    ]),
  ).toEqual([
    { role: 'user', text: 'typed' },
    { role: 'model', text: 'written' },
    { role: 'user', text: 'spoken' },
    { role: 'model', text: 'answered' },
  ]);
});

test('turnsOf several events of one speaker joins them by line breaks into one turn', () => {
  expect(turnsOf([said('a', 'user'), said('b', 'user'), said('c'), said('d')])).toEqual([
    { role: 'user', text: 'a\nb' },
    { role: 'model', text: 'c\nd' },
  ]);
});

test('turnsOf an event with several texts joins them, without thoughts', () => {
  const parts = [{ text: 'hm', thought: true }, { text: 'One, ' }, { text: 'two.' }];
  expect(turnsOf([event({ content: { role: 'model', parts } })])).toEqual([{ role: 'model', text: 'One, two.' }]);
});

test('turnsOf leaves out partial events, tool calls and results, usage and flags', () => {
  const functionCall = { id: 'c', name: 'clock', args: {} };
  const functionResponse = { id: 'c', name: 'clock', response: {} };
  expect(
    turnsOf([
      { ...said('pie'), partial: true },
      event({ content: { role: 'model', parts: [{ functionCall }] } }),
      event({ content: { role: 'user', parts: [{ functionResponse }] } }),
      event({ usageMetadata: { totalTokenCount: 1 } }),
      event({ turnComplete: true }),
      event({ inputTranscription: { text: '', finished: true } }, 'user'),
    ]),
  ).toEqual([]);
});

test('turnsOf marks the model turn that was interrupted, and begins a new one after it', () => {
  expect(turnsOf([said('count', 'user'), said('One, two'), interrupted(), said('Three')])).toEqual([
    { role: 'user', text: 'count' },
    { role: 'model', text: 'One, two', interrupted: true },
    { role: 'model', text: 'Three' },
  ]);
});

test('turnsOf an interruption before the model said anything marks nothing', () => {
  expect(turnsOf([said('One'), said('wait', 'user'), interrupted()])).toEqual([
    { role: 'model', text: 'One' },
    { role: 'user', text: 'wait' },
  ]);
});

test('turnsOf an event that has text and interrupted marks that text', () => {
  expect(turnsOf([{ ...said('One'), interrupted: true }])).toEqual([{ role: 'model', text: 'One', interrupted: true }]);
});

test('turnsOf leaves the events as they are', () => {
  const events = [said('a', 'user'), said('b', 'user'), interrupted()];
  const before = structuredClone(events);
  turnsOf(events);
  expect(events).toEqual(before);
});
