import { expect, test } from '@jest/globals';
import { listTurns } from '../../src/store/conversation-turns.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { textEvent } from './events.ts';

function event(body: Partial<AgentEvent>, author = 'agent'): AgentEvent {
  const { content: _, ...stamp } = textEvent('', author);
  return { ...stamp, ...body };
}

const interrupted = () => event({ interrupted: true });

test('typed text and transcripts of speech become turns of user and model', () => {
  expect(
    listTurns([
      textEvent('typed', 'user'),
      textEvent('written'),
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

test('several events of one speaker become one turn, joined by line breaks', () => {
  expect(listTurns([textEvent('a', 'user'), textEvent('b', 'user'), textEvent('c'), textEvent('d')])).toEqual([
    { role: 'user', text: 'a\nb' },
    { role: 'model', text: 'c\nd' },
  ]);
});

test('the texts of one event are joined, without thoughts', () => {
  const parts = [{ text: 'hm', thought: true }, { text: 'One, ' }, { text: 'two.' }];
  expect(listTurns([event({ content: { role: 'model', parts } })])).toEqual([{ role: 'model', text: 'One, two.' }]);
});

test('partial events, tool calls and results, usage and flags are left out of the turns', () => {
  const functionCall = { id: 'c', name: 'clock', args: {} };
  const functionResponse = { id: 'c', name: 'clock', response: {} };
  expect(
    listTurns([
      { ...textEvent('pie'), partial: true },
      event({ content: { role: 'model', parts: [{ functionCall }] } }),
      event({ content: { role: 'user', parts: [{ functionResponse }] } }),
      event({ usageMetadata: { totalTokenCount: 1 } }),
      event({ turnComplete: true }),
      event({ inputTranscription: { text: '', finished: true } }, 'user'),
    ]),
  ).toEqual([]);
});

test('an interruption marks the model turn before it, and the next text begins a new turn', () => {
  expect(listTurns([textEvent('count', 'user'), textEvent('One, two'), interrupted(), textEvent('Three')])).toEqual([
    { role: 'user', text: 'count' },
    { role: 'model', text: 'One, two', interrupted: true },
    { role: 'model', text: 'Three' },
  ]);
});

test('an interruption before the model said anything marks no turn', () => {
  expect(listTurns([textEvent('One'), textEvent('wait', 'user'), interrupted()])).toEqual([
    { role: 'model', text: 'One' },
    { role: 'user', text: 'wait' },
  ]);
});

test('an event that has text and `interrupted` becomes an interrupted turn', () => {
  expect(listTurns([{ ...textEvent('One'), interrupted: true }])).toEqual([
    { role: 'model', text: 'One', interrupted: true },
  ]);
});

test('the events that turns are made of are not changed', () => {
  const events = [textEvent('a', 'user'), textEvent('b', 'user'), interrupted()];
  const before = structuredClone(events);
  listTurns(events);
  expect(events).toEqual(before);
});
