import { describe, expect, test } from '@jest/globals';
import { createConversationHistory } from '../../src/emulator/conversation-history.ts';
import { createResumptionHandles } from '../../src/emulator/resumption-handles.ts';

const history = [{ role: 'user', text: 'hello' }] as const;
const conversation = {};

describe('resumption handles', () => {
  test('a handle gives the history as it was when the handle was issued, and can be used again', () => {
    const handles = createResumptionHandles();
    const turns = [...history];
    const handle = handles.issue(turns, conversation);
    turns.length = 0;
    expect(handles.redeem(handle)?.history).toEqual(history);
    expect(handles.redeem(handle)?.conversation).toBe(conversation);
    expect(handles.issue(turns, conversation)).not.toBe(handle);
  });

  test('an unknown handle gives nothing', () => {
    expect(createResumptionHandles().redeem('x')).toBeUndefined();
  });

  test('a handle expires after two hours', () => {
    let now = 0;
    const handles = createResumptionHandles(() => now);
    const handle = handles.issue(history, conversation);
    now = 2 * 60 * 60 * 1000 - 1;
    expect(handles.redeem(handle)?.history).toEqual(history);
    now += 1;
    expect(handles.redeem(handle)).toBeUndefined();
  });

  test('beyond the limit the least recently used is forgotten', () => {
    const handles = createResumptionHandles(Date.now, 2);
    const first = handles.issue(history, conversation);
    const second = handles.issue(history, conversation);
    handles.redeem(first);
    handles.issue(history, conversation);
    expect(handles.redeem(first)?.history).toEqual(history);
    expect(handles.redeem(second)).toBeUndefined();
  });
});

describe('a conversation history', () => {
  test('keeps the latest 100 turns', () => {
    const { turns, add } = createConversationHistory();
    for (let index = 0; index < 150; index++) add({ role: 'user', text: String(index) });
    expect(turns).toHaveLength(100);
    expect(turns[0]?.text).toBe('50');
  });

  test('keeps 8,192 characters of a turn and 32,768 in all', () => {
    const { turns, add } = createConversationHistory();
    for (let index = 0; index < 9; index++) add({ role: 'user', text: `${index}${'x'.repeat(20_000)}` });
    expect(turns.map(({ text }) => [text[0], text.length])).toEqual([
      ['5', 8_192],
      ['6', 8_192],
      ['7', 8_192],
      ['8', 8_192],
    ]);
  });

  test("takes the last turn away if it is the user's", () => {
    const history = createConversationHistory([{ role: 'user', text: 'a' }]);
    expect(history.takeUnanswered()?.text).toBe('a');
    expect(history.takeUnanswered()).toBeUndefined();
    history.add({ role: 'model', text: 'b' });
    expect(history.takeUnanswered()).toBeUndefined();
    expect(history.turns).toHaveLength(1);
  });
});
