import { describe, expect, test } from '@jest/globals';
import { listShownTurns } from '../../src/store/shown-turns.ts';
import type { AgentEvent, FunctionResponse } from '../../src/wire/agent-event.ts';

const event = (body: Partial<AgentEvent>): AgentEvent => ({
  id: 'i',
  invocationId: 'e',
  author: 'agent',
  timestamp: 0,
  ...body,
});
const typed = (text: string, pictures?: number) =>
  event({ author: 'user', content: { role: 'user', parts: [{ text }] }, ...(pictures ? { pictures } : {}) });
const written = (text: string) => event({ content: { role: 'model', parts: [{ text }] } });
const spoken = (text: string) => event({ outputTranscription: { text, finished: true } });
const heard = (text: string, body: Partial<AgentEvent> = {}) =>
  event({ author: 'user', inputTranscription: { text, finished: true }, ...body });
const call = (id: string, args: Record<string, unknown> = {}) =>
  event({ content: { role: 'model', parts: [{ functionCall: { id, name: 'roll', args } }] } });
const result = (id: string, response: FunctionResponse['response']) =>
  event({ content: { role: 'user', parts: [{ functionResponse: { id, name: 'roll', response } }] } });

describe('listShownTurns', () => {
  test('marks what was spoken, and leaves what was typed or written unmarked', () => {
    expect(listShownTurns([typed('Hi'), written('Hello'), heard('How are you?'), spoken('Fine')])).toEqual([
      { role: 'user', text: 'Hi' },
      { role: 'model', text: 'Hello' },
      { role: 'user', text: 'How are you?', spoken: true },
      { role: 'model', text: 'Fine', spoken: true },
    ]);
  });

  test('shows calls in the turn of the agent, with what became of each', () => {
    const events = [typed('Roll'), call('a'), call('b', { sides: 20 }), call('c'), result('a', { result: 4 })];
    expect(listShownTurns([...events, result('b', { error: 'broken' }), spoken('A four')])).toEqual([
      { role: 'user', text: 'Roll' },
      {
        role: 'model',
        text: 'A four',
        spoken: true,
        tools: [
          { id: 'a', name: 'roll', args: {}, state: 'done', result: { result: 4 } },
          { id: 'b', name: 'roll', args: { sides: 20 }, state: 'failed', error: 'broken' },
          { id: 'c', name: 'roll', args: {}, state: 'open' },
        ],
      },
    ]);
  });

  test('shows a long-running call as pending until its last result, and a confirmation that it waits for before that', () => {
    const called = { ...call('a'), longRunningToolIds: ['a'] };
    const first = event({
      content: {
        parts: [{ functionResponse: { id: 'a', name: 'roll', response: { ticket: 7 }, willContinue: true } }],
      },
    });
    const stateOf = (events: AgentEvent[], confirming?: ReadonlySet<string>) =>
      listShownTurns(events, confirming)[0]?.tools?.[0]?.state;
    expect(stateOf([called])).toBe('pending');
    expect(stateOf([called], new Set(['a']))).toBe('confirming');
    expect(stateOf([called, first])).toBe('pending');
    expect(stateOf([called, first, result('a', { ok: true })])).toBe('done');
  });

  test('shows the latest result of a call, and none that is large', () => {
    const outcomeOf = (events: AgentEvent[]) => {
      const { state, result: value, error } = listShownTurns(events)[0]?.tools?.[0] ?? {};
      return { state, value, error };
    };
    const [failed, large] = [result('a', { error: 'broken' }), result('a', { text: 'x'.repeat(2_000) })];
    expect(outcomeOf([call('a'), failed, result('a', { sum: 4 })])).toEqual({ state: 'done', value: { sum: 4 } });
    expect(outcomeOf([call('a'), result('a', { sum: 4 }), failed])).toEqual({ state: 'failed', error: 'broken' });
    expect(outcomeOf([call('a'), result('a', { sum: 4 }), large])).toEqual({ state: 'done' });
  });

  test('shows the sources and queries of all searches of an answer, also of one that was interrupted just before they arrived', () => {
    const found = (uri: string, query: string) =>
      event({ groundingMetadata: { groundingChunks: [{ web: { uri, title: 'Page' } }], webSearchQueries: [query] } });
    const [one, two] = ['https://one.example/', 'https://two.example/'];
    const source = (uri: string) => ({ uri, title: 'Page' });
    const interrupted = { ...written('It rains'), interrupted: true };
    const nothing = event({ groundingMetadata: { searchEntryPoint: {} } });
    expect(
      listShownTurns([
        ...[typed('Weather?'), found(one, 'weather'), found(one, 'weather'), found(two, 'rain'), nothing, interrupted],
        ...[found(two, 'rain today'), typed('And now?'), written('It shines')],
      ]),
    ).toEqual([
      { role: 'user', text: 'Weather?' },
      {
        role: 'model',
        text: 'It rains',
        interrupted: true,
        sources: [source(one), source(two)],
        queries: ['weather', 'rain', 'rain today'],
      },
      { role: 'user', text: 'And now?' },
      { role: 'model', text: 'It shines' },
    ]);
  });

  test('joins a reply being given with its calls in one turn, also before its first word, and with no turn that is complete', () => {
    const complete = event({ turnComplete: true });
    const list = (events: AgentEvent[], ...replies: string[]) => listShownTurns(events, new Set(), replies);
    const asked = [typed('Roll'), call('a')];
    const tools = [{ id: 'a', name: 'roll', args: {}, state: 'open' }];
    expect(list(asked, '')).toEqual([
      { role: 'user', text: 'Roll' },
      { role: 'model', text: '', tools, partial: true },
    ]);
    expect(list([...asked, result('a', { sum: 4 })], 'A fo')[1]).toMatchObject({
      text: 'A fo',
      tools: [{ state: 'done' }],
      partial: true,
    });
    expect(list([written('Wait.'), call('a')], 'A fo')).toEqual([
      { role: 'model', text: 'Wait.\nA fo', tools, partial: true },
    ]);
    const apart = [
      { role: 'model', text: 'Hi' },
      { role: 'model', text: 'A fo', partial: true },
    ];
    expect(list([written('Hi'), complete], 'A fo')).toEqual(apart);
    expect(list([{ ...written('Hi'), interrupted: true }], 'A fo')).toMatchObject(apart);
    expect(list([written('Hi'), complete], '')).toEqual([{ role: 'model', text: 'Hi' }]);
    expect(list([typed('Hi')], 'A', 'B')).toMatchObject([{ text: 'Hi' }, { text: 'A' }, { text: 'B' }]);
  });

  test('counts the pictures of a user, also without words', () => {
    expect(listShownTurns([typed('', 1), typed('What is this?', 2)])).toEqual([
      { role: 'user', text: 'What is this?', pictures: 3 },
    ]);
  });

  test('marks a turn that was interrupted, and begins another one after it', () => {
    const events = [spoken('One, two'), event({ interrupted: true }), spoken('Three')];
    expect(listShownTurns(events)).toEqual([
      { role: 'model', text: 'One, two', spoken: true, interrupted: true },
      { role: 'model', text: 'Three', spoken: true },
    ]);
  });

  test('puts words that were recognized late before the reply to them', () => {
    expect(listShownTurns([spoken('It is noon'), heard('What time is it?', { answered: true })])).toEqual([
      { role: 'user', text: 'What time is it?', spoken: true },
      { role: 'model', text: 'It is noon', spoken: true },
    ]);
  });

  test('shows a call whose result has another shape than that of a record, as a foreign Runner may yield it, as done', () => {
    const odd = result('a', 'four' as unknown as FunctionResponse['response']);
    expect(listShownTurns([call('a'), odd])).toEqual([
      { role: 'model', text: '', tools: [{ id: 'a', name: 'roll', args: {}, state: 'done' }] },
    ]);
  });

  test('leaves large arguments and calls beyond the 50th of a turn out', () => {
    const calls = Array.from({ length: 60 }, (_, index) => call(`c${index}`, { text: 'x'.repeat(index * 100) }));
    const [turn] = listShownTurns(calls);
    expect(turn?.tools).toHaveLength(50);
    expect(turn?.tools?.[1]?.args).toEqual({ text: 'x'.repeat(100) });
    expect(turn?.tools?.[49]?.args).toEqual({});
  });
});
