import { describe, expect, test } from '@jest/globals';
import { EventLog } from '../../src/session/event-log.ts';
import { formatCursor, parseCursor } from '../../src/wire/cursor.ts';
import type { LogMessage } from '../../src/wire/log-entry.ts';
import { audio, audioLengthOf, interrupted, message, text, turnComplete } from './log-messages.ts';

const WIDE = { bytes: 1024 * 1024, ageMs: 60_000 };

function logOf(...messages: LogMessage[]): EventLog {
  const log = new EventLog(WIDE);
  for (const each of messages) log.append(each);
  return log;
}

/** Characters of audio in each entry that is held, from the oldest on. */
function audioIn(log: EventLog): number[] {
  const lengths: number[] = [];
  for (let seq = log.oldest; seq <= log.head; seq += 1) lengths.push(audioLengthOf(log.at(seq)?.message ?? {}));
  return lengths;
}

test('EventLog names itself by a random epoch that a cursor can hold', () => {
  const { epoch } = new EventLog(WIDE);
  expect(epoch).toMatch(/^[A-Za-z0-9_-]{16,}$/);
  expect(parseCursor(formatCursor(epoch, 1))?.epoch).toBe(epoch);
  expect(new EventLog(WIDE).epoch).not.toBe(epoch);
});

test('EventLog numbers entries from 1, and holds nothing before the first and after the last', () => {
  const log = new EventLog(WIDE);
  expect([log.head, log.oldest, log.at(1)]).toEqual([0, 1, undefined]);
  log.append(text('a'));
  log.append(text('b'));
  expect([log.head, log.oldest]).toEqual([2, 1]);
  expect(log.at(2)?.seq).toBe(2);
  expect([log.at(0), log.at(3)]).toEqual([undefined, undefined]);
});

test('EventLog counts turns: the entry that completes one still belongs to it', () => {
  const log = logOf(text('a'), turnComplete(), text('b'), interrupted(), turnComplete(), text('c'));
  expect([1, 2, 3, 4, 5, 6].map((seq) => log.at(seq)?.turn)).toEqual([1, 1, 2, 2, 2, 3]);
});

test('EventLog wakes each reader after each append, the entry already there, until it unsubscribes', () => {
  const log = new EventLog(WIDE);
  const seen: (number | undefined)[] = [];
  const stop = log.subscribe(() => seen.push(log.at(log.head)?.seq));
  log.append(text('a'));
  log.append(text('b'));
  stop();
  log.append(text('c'));
  expect(seen).toEqual([1, 2]);
});

test('EventLog wakes a reader that unsubscribes while it is woken once, and the others all the same', () => {
  const log = new EventLog(WIDE);
  let once = 0;
  let always = 0;
  const stop = log.subscribe(() => {
    once += 1;
    stop();
  });
  log.subscribe(() => {
    always += 1;
  });
  log.append(text('a'));
  log.append(text('b'));
  expect([once, always]).toEqual([1, 2]);
});

describe('limits', () => {
  test('EventLog over its byte limit drops the oldest audio first and keeps every id', () => {
    const log = new EventLog({ bytes: 4_000, ageMs: 60_000 });
    log.append(text('first'));
    for (let i = 0; i < 4; i += 1) log.append(audio(1_000));
    expect(audioIn(log)).toEqual([0, 0, 1_000, 1_000, 1_000]);
    expect([1, 2, 3, 4, 5].map((seq) => log.at(seq)?.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(log.at(1)?.message.event?.content?.parts).toEqual([{ text: 'first' }]);
    expect(log.bytes).toBeLessThanOrEqual(4_000);
  });

  test('EventLog over its byte limit without audio drops the oldest entries', () => {
    const log = new EventLog({ bytes: 4_000, ageMs: 60_000 });
    for (let i = 0; i < 5; i += 1) log.append(text('x'.repeat(1_000)));
    expect([log.oldest, log.head]).toEqual([3, 5]);
    expect(log.bytes).toBeLessThanOrEqual(4_000);
  });

  test('EventLog keeps its newest entry, audio and all, even if that alone is over the limit', () => {
    const log = new EventLog({ bytes: 1_000, ageMs: 60_000 });
    log.append(text('a'));
    log.append(audio(5_000));
    expect(audioIn(log)).toEqual([5_000]);
    expect([log.oldest, log.head]).toEqual([2, 2]);
  });

  test.each<[string, LogMessage]>([
    ['transcripts', message({ outputTranscription: { text: 'x'.repeat(900), finished: true } })],
    ['input transcripts', message({ inputTranscription: { text: 'x'.repeat(900), finished: true } })],
    [
      'tool calls',
      message({ content: { parts: [{ functionCall: { id: 'c', name: 'n', args: { x: 'x'.repeat(900) } } }] } }),
    ],
    [
      'tool results',
      message({ content: { parts: [{ functionResponse: { id: 'c', name: 'n', response: { x: 'x'.repeat(900) } } }] } }),
    ],
    ['failures', { failure: { error: 'x'.repeat(900), code: 'internal', retry: true } }],
  ])('EventLog counts the bytes of %s', (_what, entry) => {
    const log = new EventLog({ bytes: 1_900, ageMs: 60_000 });
    log.append(entry);
    log.append(entry);
    expect(log.oldest).toBe(2);
  });

  test('EventLog counts something for an entry without text: many small ones are not free', () => {
    const log = new EventLog({ bytes: 10_000, ageMs: 60_000 });
    for (let i = 0; i < 1_000; i += 1) log.append(turnComplete());
    expect(log.oldest).toBeGreaterThan(900);
  });

  test.each<[string, Parameters<typeof message>[0]]>([
    ['grounding', { groundingMetadata: { searchEntryPoint: { renderedContent: 'x'.repeat(10_000) } } }],
    ['code', { content: { role: 'model', parts: [{ executableCode: { code: 'x'.repeat(10_000) } }] } }],
    ['usage', { usageMetadata: { trafficType: 'x'.repeat(10_000) } }],
    ['the ids of calls', { toolCancellation: ['x'.repeat(10_000)] }],
    ['voice activity', { voiceActivity: { audioOffset: 'x'.repeat(10_000) } }],
    ['why a turn ended', { turnComplete: true, turnCompleteReason: 'x'.repeat(10_000) }],
    ['errors', { errorCode: 'x'.repeat(5_000), errorMessage: 'x'.repeat(5_000) }],
    ['ids of the provider', { liveSessionId: 'x'.repeat(10_000) }],
    ['mime types', { content: { parts: [{ inlineData: { mimeType: 'x'.repeat(10_000), data: '' } }] } }],
    ['the outcome of code', { content: { parts: [{ codeExecutionResult: { output: 'x'.repeat(10_000) } }] } }],
  ])('EventLog counts %s', (_what, event) => {
    expect(logOf(message(event)).bytes).toBeGreaterThan(10_000);
  });

  test('EventLog lets entries go when they reach their age, by a timer too', () => {
    let now = 0;
    const log = new EventLog({ bytes: 1_000_000, ageMs: 1_000 }, () => now);
    log.append(text('a'));
    now = 600;
    log.append(text('b'));
    now = 1_000;
    log.trim();
    expect(log.oldest).toBe(1);
    now = 1_001;
    log.trim();
    expect([log.oldest, log.head]).toEqual([2, 2]);
    now = 9_000;
    log.trim();
    expect([log.oldest, log.head, log.bytes]).toEqual([3, 2, 0]);
    log.append(text('c'));
    expect([log.oldest, log.head]).toEqual([3, 3]);
  });
});

describe('an interruption', () => {
  test('EventLog after interrupted holds no audio of that turn, and all of its text', () => {
    const log = logOf(text('One'), audio(10), text(' two'), audio(20), interrupted(), turnComplete());
    expect(audioIn(log)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(log.at(1)?.message.event?.content?.parts).toEqual([{ text: 'One' }]);
    expect(log.at(3)?.message.event?.content?.parts).toEqual([{ text: ' two' }]);
  });

  test('EventLog after interrupted still holds the audio of the turns before', () => {
    const log = logOf(audio(10), turnComplete(), audio(20), interrupted(), turnComplete(), audio(30));
    expect(audioIn(log)).toEqual([10, 0, 0, 0, 0, 30]);
  });

  test('EventLog drops the audio of an event that is itself interrupted', () => {
    const inlineData = { mimeType: 'audio/pcm', data: 'AAAA' };
    const last = message({ content: { parts: [{ inlineData }] }, interrupted: true });
    expect(audioIn(logOf(audio(5), last))).toEqual([0, 0]);
  });

  test('EventLog with interrupted drops the audio of an event that holds text too, not the text nor their places', () => {
    const inlineData = { mimeType: 'audio/pcm', data: 'AAAA' };
    const log = logOf(message({ partial: true, content: { parts: [{ text: 'a' }, { inlineData }] } }), interrupted());
    expect(log.at(1)?.message.event?.content?.parts).toEqual([
      { text: 'a' },
      { inlineData: { mimeType: 'audio/pcm', data: '' } },
    ]);
  });

  test('EventLog does not change the event it was given', () => {
    const spoken = audio(10);
    logOf(spoken, interrupted());
    expect(audioLengthOf(spoken)).toBe(10);
  });
});

describe('midTurn', () => {
  const usage = message({ usageMetadata: { totalTokenCount: 1 } });
  const heard = message({ inputTranscription: { text: 'hi', finished: false } });
  const fileData = { fileUri: 'artifact://a/b/c/d#0', mimeType: 'audio/pcm' };
  const file = message({ content: { role: 'model', parts: [{ fileData }] } });
  const transcript = message({ outputTranscription: { text: 'hi', finished: false } });
  test.each<[string, boolean, LogMessage[]]>([
    ['an empty log', false, []],
    ['text', true, [text('a')]],
    ['audio', true, [audio(4)]],
    ['a transcript of speech', true, [transcript]],
    ['a turn that is complete', false, [text('a'), turnComplete()]],
    ['an interrupted turn that is not complete yet', true, [text('a'), interrupted()]],
    ['a turn after another', true, [text('a'), turnComplete(), audio(4)]],
    ['a file of what was said in a turn, after it', false, [text('a'), turnComplete(), file]],
    ['what only the user said, and usage', false, [text('a'), turnComplete(), heard, usage]],
  ])('of %s is %s', (_what, expected, messages) => {
    expect(logOf(...messages).midTurn).toBe(expected);
  });
});

describe('replySoFar', () => {
  const spoken = (piece: string, finished = false) => message({ outputTranscription: { text: piece, finished } });
  const whole = (piece: string) => message({ content: { role: 'model', parts: [{ text: piece }] } });
  const thought = message({ partial: true, content: { role: 'model', parts: [{ text: 'hm', thought: true }] } });
  const heard = message({ inputTranscription: { text: 'hi', finished: false } });
  test.each<[string, string, LogMessage[]]>([
    ['an empty log', '', []],
    ['increments of text', 'One, two', [text('One, '), text('two')]],
    ['increments of a transcript, between audio', 'One, two', [spoken('One, '), audio(4), spoken('two'), audio(4)]],
    ['text that was told whole: it is in the store', '', [text('One'), whole('One')]],
    ['a transcript that was told whole', '', [spoken('One'), spoken('One', true)]],
    ['a turn that is complete', '', [text('One'), turnComplete()]],
    ['a turn after another', 'two', [text('One'), turnComplete(), text('two')]],
    ['thoughts, and what the user says', '', [thought, heard]],
  ])('of %s is %j', (_what, expected, messages) => {
    expect(logOf(...messages).replySoFar()).toBe(expected);
  });
});

describe('locate', () => {
  const log = new EventLog({ bytes: 1_200, ageMs: 60_000 });
  for (const piece of ['a', 'b', 'c', 'd']) log.append(text(piece.repeat(300), piece));
  const at = (seq: number, frames?: number) => log.locate({ epoch: log.epoch, seq, frames });

  test('the log of these tests holds entries 3 and 4', () => {
    expect([log.oldest, log.head]).toEqual([3, 4]);
  });

  test('the cursor of a held entry leads to the one behind it', () => {
    expect(at(3)).toEqual({ found: { seq: 4, frames: 0 } });
  });

  test('the cursor of the entry before the oldest leads to the oldest', () => {
    expect(at(2)).toEqual({ found: { seq: 3, frames: 0 } });
  });

  test('the cursor of the newest entry leads to the one that is not there yet', () => {
    expect(at(4)).toEqual({ found: { seq: 5, frames: 0 } });
  });

  test('a cursor between two frames leads into its entry', () => {
    expect(at(4, 1)).toEqual({ found: { seq: 4, frames: 1 } });
  });

  test('a cursor of another log is unknown_epoch', () => {
    expect(log.locate({ epoch: 'A'.repeat(16), seq: 3, frames: undefined })).toEqual({ reset: 'unknown_epoch' });
  });

  test('a cursor that lacks more than is held is too_old', () => {
    expect(at(1)).toEqual({ reset: 'too_old' });
    expect(at(0)).toEqual({ reset: 'too_old' });
    expect(at(2, 1)).toEqual({ reset: 'too_old' });
  });

  test('a cursor beyond the head is ahead', () => {
    expect(at(5)).toEqual({ reset: 'ahead' });
    expect(at(5, 1)).toEqual({ reset: 'ahead' });
    expect(at(999_999_999_999_999)).toEqual({ reset: 'ahead' });
  });

  test('a cursor of 0 in an empty log leads to the first entry', () => {
    const empty = new EventLog(WIDE);
    expect(empty.locate({ epoch: empty.epoch, seq: 0, frames: undefined })).toEqual({ found: { seq: 1, frames: 0 } });
    expect(empty.locate({ epoch: empty.epoch, seq: 0, frames: 1 })).toEqual({ reset: 'too_old' });
  });
});
