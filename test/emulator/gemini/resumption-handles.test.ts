import { describe, expect, test } from '@jest/globals';
import { ConversationHistory } from '../../../src/emulator/conversation-history.ts';
import { createResumptionHandles } from '../../../src/emulator/gemini/resumption-handles.ts';

const history = [{ role: 'user', text: 'hello' }] as const;
const conversation = {};

describe('resumption handles:', () => {
  test('a handle returns the history as it was when the handle was issued, repeatedly', () => {
    const handles = createResumptionHandles();
    const turns = [...history];
    const handle = handles.issue(turns, conversation, false);
    turns.length = 0;
    expect(handles.redeem(handle)?.history).toEqual(history);
    expect(handles.redeem(handle)?.conversation).toBe(conversation);
    expect(handles.issue(turns, conversation, false)).not.toBe(handle);
  });

  test('an unknown handle returns undefined', () => {
    expect(createResumptionHandles().redeem('x')).toBeUndefined();
  });

  test('a handle expires after two hours', () => {
    let now = 0;
    const handles = createResumptionHandles(() => now);
    const handle = handles.issue(history, conversation, false);
    now = 2 * 60 * 60 * 1000 - 1;
    expect(handles.redeem(handle)?.history).toEqual(history);
    now += 1;
    expect(handles.redeem(handle)).toBeUndefined();
  });

  test('at the limit the least recently used handle is evicted', () => {
    const handles = createResumptionHandles(Date.now, 2);
    const first = handles.issue(history, conversation, false);
    const second = handles.issue(history, conversation, false);
    handles.redeem(first);
    handles.issue(history, conversation, false);
    expect(handles.redeem(first)?.history).toEqual(history);
    expect(handles.redeem(second)).toBeUndefined();
  });
});

describe('a conversation history', () => {
  test('keeps the latest 100 turns', () => {
    const history = new ConversationHistory();
    for (let index = 0; index < 150; index++) history.add({ role: 'user', text: String(index) });
    expect(history.turns).toHaveLength(100);
    expect(history.turns[0]?.text).toBe('50');
  });

  test('keeps 8,192 characters of a turn and 32,768 in all', () => {
    const history = new ConversationHistory();
    for (let index = 0; index < 9; index++) history.add({ role: 'user', text: `${index}${'x'.repeat(20_000)}` });
    expect(history.turns.map(({ text }) => [text[0], text.length])).toEqual([
      ['5', 8_192],
      ['6', 8_192],
      ['7', 8_192],
      ['8', 8_192],
    ]);
  });

  test('removes and returns the last turn only if the user wrote it', () => {
    const history = new ConversationHistory([{ role: 'user', text: 'a' }]);
    expect(history.takeUnanswered()?.text).toBe('a');
    expect(history.takeUnanswered()).toBeUndefined();
    history.add({ role: 'model', text: 'b' });
    expect(history.takeUnanswered()).toBeUndefined();
    expect(history.turns).toHaveLength(1);
  });
});
