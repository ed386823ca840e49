import { expect, test } from '@jest/globals';
import { applyReset, findLostMessages, isForgotten } from '../../../src/web/transcript/reset.ts';
import { reduceTranscript, type TranscriptAction } from '../../../src/web/transcript/transcript.ts';
import { EMPTY_TRANSCRIPT } from '../../../src/web/transcript/transcript-state.ts';
import type { ConnectionEvents } from '../../../src/wire/named-events.ts';

const apply = (actions: readonly TranscriptAction[]) => actions.reduce(reduceTranscript, EMPTY_TRANSCRIPT);
const typed = (text: string): TranscriptAction => ({ name: 'typed', id: -1, text });
const SENT = { name: 'typed_settled', id: -1, sent: true } as const;
const ANSWER: TranscriptAction = { name: 'message', data: { mime_type: 'text/plain', data: 'It is' } };
const reset = (
  turns: ConnectionEvents['reset']['turns'],
  reason: ConnectionEvents['reset']['reason'] = 'too_old',
): ConnectionEvents['reset'] => ({ reason, turns, truncated: false });
const message = (text: string, partial?: true, client: string | null = 'phone'): TranscriptAction => ({
  name: 'user_message',
  data: { client, text, pictures: 0, ...(partial ? { partial } : {}) },
});

test('a reset shows the calls with their results, the pictures and the spoken words of the conversation', () => {
  const tools = [
    { id: 'c', name: 'current_time', args: {}, state: 'open' as const },
    { id: 'd', name: 'roll', args: {}, state: 'done' as const, result: { rolled: 4 } },
    { id: 'e', name: 'roll', args: {}, state: 'failed' as const, error: 'broken' },
  ];
  const { turns } = applyReset(
    EMPTY_TRANSCRIPT,
    reset([
      { role: 'user', text: 'What time is it?', spoken: true, pictures: 2 },
      { role: 'model', text: 'Noon', tools, interrupted: true },
    ]),
  );
  expect(turns).toEqual([
    { role: 'user', id: 1, text: 'What time is it?', spoken: true, state: 'done', pictures: 2 },
    {
      role: 'agent',
      id: 2,
      spoken: false,
      parts: [
        { kind: 'tool', id: 'c', name: 'current_time', args: {}, state: 'unknown' },
        { kind: 'tool', id: 'd', name: 'roll', args: {}, state: 'done', result: { rolled: 4 } },
        { kind: 'tool', id: 'e', name: 'roll', args: {}, state: 'failed', result: 'broken' },
        { kind: 'text', text: 'Noon' },
      ],
      state: 'interrupted',
    },
  ]);
});

test('a call of an answer that is still being given runs after a reset, and its words follow in the same turn', () => {
  const tools = [{ id: 'c', name: 'current_time', args: {}, state: 'open' as const }];
  const shown = apply([
    { name: 'reset', data: reset([{ role: 'model', text: '', tools, partial: true }]) },
    { name: 'tool_result', data: { id: 'c', name: 'current_time', result: 'noon' } },
    ANSWER,
  ]);
  const [before] = applyReset(EMPTY_TRANSCRIPT, reset([{ role: 'model', text: '', tools, partial: true }])).turns;
  expect(before).toMatchObject({ parts: [{ id: 'c', state: 'running' }], state: 'open' });
  expect(shown.turns).toMatchObject([
    {
      parts: [
        { id: 'c', state: 'done' },
        { kind: 'text', text: 'It is' },
      ],
      state: 'open',
    },
  ]);
});

test('a reset shows the sources and the queries of an answer, and further ones of an answer that goes on', () => {
  const source = (name: string) => ({ uri: `https://${name}.example/`, title: name });
  const [sources, queries] = [[source('one')], ['weather']];
  const shown = apply([
    { name: 'reset', data: reset([{ role: 'model', text: 'It rains', partial: true, sources, queries }]) },
    { name: 'grounding', data: { turn: 1, sources: [source('one'), source('two')], queries: ['rain'] } },
  ]);
  expect(shown.turns).toMatchObject([
    { grounding: { sources: [source('one'), source('two')], queries: ['weather', 'rain'] }, state: 'open' },
  ]);
  expect(applyReset(EMPTY_TRANSCRIPT, reset([{ role: 'model', text: 'Hi' }])).turns[0]).not.toHaveProperty('grounding');
});

test('an answer that is still being given continues after a reset in the same turn, until it is complete', () => {
  const shown = apply([
    {
      name: 'reset',
      data: reset([
        { role: 'user', text: 'When?' },
        { role: 'model', text: 'It', partial: true },
        { role: 'user', text: 'Thanks' },
      ]),
    },
    { name: 'message', data: { mime_type: 'text/plain', data: ' is noon' } },
  ]);
  expect(shown.turns).toMatchObject([
    { role: 'user' },
    { role: 'agent', parts: [{ kind: 'text', text: 'It is noon' }], state: 'open' },
    { role: 'user' },
  ]);
  const complete = reduceTranscript(shown, {
    name: 'message',
    data: { turn_complete: true, interrupted: null },
  });
  expect(complete.turns[1]).toMatchObject({ role: 'agent', state: 'done' });
});

test('a reset of a restarted server that remembers nothing leaves what is shown, and ends the open answer', () => {
  const shown = apply([typed('What time is it?'), SENT, ANSWER]);
  const forgotten = reset([], 'unknown_epoch');
  expect(isForgotten(shown, forgotten)).toBe(true);
  expect(applyReset(shown, forgotten).turns).toMatchObject([
    { text: 'What time is it?', state: 'done' },
    { role: 'agent', state: 'interrupted' },
  ]);
});

test('a reset of an empty page, or one with turns, forgets nothing', () => {
  const shown = apply([typed('Hi'), SENT, ANSWER]);
  expect(isForgotten(EMPTY_TRANSCRIPT, reset([], 'unknown_epoch'))).toBe(false);
  expect(isForgotten(shown, reset([{ role: 'user', text: 'Hi' }], 'unknown_epoch'))).toBe(false);
  expect(isForgotten(apply([typed('Hi')]), reset([], 'unknown_epoch'))).toBe(false);
});

test('a reset of a restarted server that does not have the last typed message tells it, and any other reset does not', () => {
  const shown = apply([typed('Hi'), SENT, ANSWER]);
  const user = (text: string) => ({ role: 'user' as const, text });
  const findLost = (...args: Parameters<typeof findLostMessages>) => findLostMessages(...args).map(({ text }) => text);
  expect(findLost(shown, reset([user('Hello')], 'unknown_epoch'))).toEqual(['Hi']);
  expect(findLost(shown, reset([user('Hello'), user('Hi')], 'unknown_epoch'))).toEqual([]);
  expect(findLost(shown, reset([user('Hi\nthere')], 'unknown_epoch'))).toEqual([]);
  expect(findLost(shown, reset([user('Hello')]))).toEqual([]);
  // The page sends it itself.
  expect(findLost(apply([typed('Hi')]), reset([user('Hello')], 'unknown_epoch'))).toEqual([]);
});

test('a lost message includes the pictures that were sent directly before it, and no message that the server knows', () => {
  const image = {} as ImageBitmap;
  const picture: TranscriptAction = { name: 'typed', id: -2, text: '', image };
  const shown = apply([message('Hello'), picture, { ...SENT, id: -2 }, typed('Hi'), SENT]);
  const known = (pictures: number) =>
    reset([{ role: 'user', text: 'Hello', ...(pictures ? { pictures } : {}) }], 'unknown_epoch');
  expect(findLostMessages(shown, known(0))).toMatchObject([{ image }, { text: 'Hi' }]);
  expect(findLostMessages(shown, known(1))).toMatchObject([{ text: 'Hi' }]);
});

test('a message that another page has typed is a turn of the user, and awaits an answer', () => {
  const shown = apply([message('Hi')]);
  expect(shown.turns).toEqual([{ role: 'user', id: 1, text: 'Hi', spoken: false, state: 'done' }]);
  expect(shown.awaiting).toBe(true);
});

test('the parts of a message that another page has typed are one turn, apart from those of a third page', () => {
  const shown = apply([
    message('How ', true),
    message('are you?'),
    message('Well', true),
    message('Me too', undefined, null),
  ]);
  expect(shown.turns.map((turn) => turn.role === 'user' && turn.text)).toEqual(['How are you?', 'Well', 'Me too']);
});

test('a reset keeps the pictures of results that the page has, and shows the number of the others', () => {
  const images = [{ mime_type: 'image/png', data: 'AAAA' }];
  const call = (id: string): TranscriptAction => ({
    name: 'tool_call',
    data: { id, name: 'draw', args: {}, where: 'server' },
  });
  const before = apply([
    call('a'),
    { name: 'tool_result', data: { id: 'a', name: 'draw', result: {}, images } },
    call('b'),
    { name: 'tool_result', data: { id: 'b', name: 'draw', result: {}, pictures: 2 } },
  ]);
  const shown = (id: string, pictures: number) => ({ id, name: 'draw', args: {}, state: 'done' as const, pictures });
  const { turns } = applyReset(before, reset([{ role: 'model', text: '', tools: [shown('a', 1), shown('b', 2)] }]));
  expect(before.turns).toMatchObject([
    {
      parts: [
        { id: 'a', images },
        { id: 'b', pictures: 2 },
      ],
    },
  ]);
  expect(turns).toMatchObject([
    {
      parts: [
        { id: 'a', images },
        { id: 'b', pictures: 2 },
      ],
    },
  ]);
  expect(turns[0]).not.toHaveProperty('parts.0.pictures');
});
