import { describe, expect, test } from '@jest/globals';
import { entrySize } from '../../../src/session/log/entry-size.ts';
import { LiveLog } from '../../../src/session/log/live-log.ts';
import { MemoryBudget } from '../../../src/session/memory-budget.ts';
import { measureCpuMs } from '../../cpu-time.ts';
import {
  audio,
  audioBy,
  audioLength,
  createLog,
  interrupted,
  logOf,
  message,
  mixedBy,
  text,
  textBy,
  turnComplete,
  WIDE_LIMITS,
} from './log-messages.ts';

/** Size of an entry as the limits count it, without the text or audio in it. */
const EMPTY_AUDIO = entrySize(audio(0));

/** Characters of audio in each held entry, oldest first. */
function audioIn(log: LiveLog): number[] {
  return heldIn(log).map(({ entry }) => audioLength(entry.message));
}

/** Duration of the lost audio of each held entry in ms, oldest first. */
function lostIn(log: LiveLog): number[] {
  return heldIn(log).map(({ lostAudioMs }) => lostAudioMs);
}

function heldIn(log: LiveLog) {
  return Array.from({ length: log.head - log.oldest + 1 }, (_, index) => log.at(log.oldest + index)).flatMap(
    (held) => held ?? [],
  );
}

function partsAt(log: LiveLog, seq: number) {
  return log.at(seq)?.entry.message.event?.content?.parts;
}

test('LiveLog holds nothing before its first entry and after its last one', () => {
  const { log, writer } = createLog();
  expect([log.head, log.oldest, log.at(1)]).toEqual([0, 1, undefined]);
  writer.append(text('a'));
  writer.append(text('b'));
  expect([log.head, log.oldest]).toEqual([2, 1]);
  expect(log.at(2)?.entry.seq).toBe(2);
  expect([log.at(0), log.at(3)]).toEqual([undefined, undefined]);
});

test('LiveLog keeps only its newest 64 kB while the memory of all clients is exhausted', () => {
  const memory = new MemoryBudget(1_000_000);
  const { log, writer } = createLog({ memory });
  for (let index = 0; index < 20; index += 1) writer.append(text('a'.repeat(10_000)));
  expect(log.bytes).toBeGreaterThan(200_000);
  memory.add(1_000_000);
  writer.append(text('b'.repeat(10_000)));
  expect(log.bytes).toBeLessThan(64 * 1024);
  expect(log.at(log.head)).toBeDefined();
});

test('LiveLog counts the memory of its entries, of slabs that are half empty too, until it is closed', () => {
  const memory = new MemoryBudget(1_000_000);
  const { log, writer } = createLog({ memory });
  writer.append(text('a'.repeat(5_000)));
  expect(memory.used).toBe(log.bytes);
  writer.append(audio(1_000));
  expect(memory.used).toBe(log.bytes - 1_000 + 96 * 1024);
  writer.append(audio(200_000));
  expect(memory.used).toBeGreaterThan(log.bytes + 95 * 1024);
  log.release(3);
  expect(memory.used).toBe(0);
  writer.append(audio(1_000));
  log.close();
  log.close();
  expect(memory.used).toBe(0);
});

test('LiveLog rejects an entry that does not follow its head: one that it has, and one that leaves a hole', () => {
  const log = new LiveLog({ epoch: 'e'.repeat(16), limits: WIDE_LIMITS, firstSeq: 7 });
  for (const seq of [6, 8]) expect(() => log.append({ seq, turn: 1, message: text('a') })).toThrow(RangeError);
  log.append({ seq: 7, turn: 1, message: text('a') });
  expect(() => log.append({ seq: 7, turn: 1, message: text('a') })).toThrow(RangeError);
  expect([log.oldest, log.head]).toEqual([7, 7]);
});

test('LiveLog fed with the entries of another log is the same as that one', () => {
  const now = () => 0;
  const { log, writer } = createLog({ now });
  const mirror = new LiveLog({ epoch: log.epoch, limits: WIDE_LIMITS, now });
  const messages = [
    textBy('a', '1'),
    audioBy('a', 8),
    audioBy('b', 8),
    interrupted('a'),
    turnComplete('a'),
    audioBy('b', 4),
  ];
  for (const each of messages) mirror.append(writer.append(each));
  expect(heldIn(mirror)).toEqual(heldIn(log));
  expect(audioIn(mirror)).toEqual([0, 0, 8, 0, 0, 4]);
});

test('LiveLog wakes each reader after each append, with the entry already held, until it unsubscribes', () => {
  const { log, writer } = createLog();
  const seen: (number | undefined)[] = [];
  const unsubscribe = log.subscribe(() => seen.push(log.at(log.head)?.entry.seq));
  writer.append(text('a'));
  writer.append(text('b'));
  unsubscribe();
  writer.append(text('c'));
  expect(seen).toEqual([1, 2]);
});

test('LiveLog wakes a reader once that unsubscribes while it is woken, and the others all the same', () => {
  const { log, writer } = createLog();
  let once = 0;
  let always = 0;
  const unsubscribe = log.subscribe(() => {
    once += 1;
    unsubscribe();
  });
  log.subscribe(() => {
    always += 1;
  });
  writer.append(text('a'));
  writer.append(text('b'));
  expect([once, always]).toEqual([1, 2]);
});

test('LiveLog gives all readers that are woken by an append the entry itself, and later readers an equal one', () => {
  const { log, writer } = createLog();
  const woken: unknown[] = [];
  for (let reader = 0; reader < 2; reader += 1) log.subscribe(() => woken.push(log.at(1)?.entry));
  const entry = writer.append(audio(100));
  expect(woken[0]).toBe(entry);
  expect(woken[1]).toBe(entry);
  expect(log.at(1)?.entry).not.toBe(entry);
  expect(log.at(1)?.entry).toEqual(entry);
});

describe('limits', () => {
  test('LiveLog over its byte limit drops the oldest audio first, reports its duration, and keeps every entry', () => {
    const bytes = entrySize(text('first')) + 4 * EMPTY_AUDIO + 3_200;
    const { log, writer } = createLog({ limits: { bytes, ageMs: 60_000 } });
    writer.append(text('first'));
    for (let i = 0; i < 4; i += 1) writer.append(audio(1_024));
    expect(audioIn(log)).toEqual([0, 0, 1_024, 1_024, 1_024]);
    // 768 bytes of 16-bit samples at 24 kHz.
    expect(lostIn(log)).toEqual([0, 16, 0, 0, 0]);
    expect(partsAt(log, 1)).toEqual([{ text: 'first' }]);
    expect(partsAt(log, 2)).toEqual([{ droppedAudio: { mimeType: 'audio/pcm;rate=24000', ms: 16 } }]);
    expect(log.bytes).toBeLessThanOrEqual(bytes);
  });

  test('LiveLog over its byte limit without audio releases the oldest entries', () => {
    const bytes = 3 * entrySize(text('x'.repeat(1_000))) + 900;
    const { log, writer } = createLog({ limits: { bytes, ageMs: 60_000 } });
    for (let i = 0; i < 5; i += 1) writer.append(text('x'.repeat(1_000)));
    expect([log.oldest, log.head]).toEqual([3, 5]);
    expect(log.bytes).toBeLessThanOrEqual(bytes);
  });

  test('LiveLog keeps its newest entry with its audio, even if that alone is over the limit', () => {
    const { log, writer } = createLog({ limits: { bytes: 1_000, ageMs: 60_000 } });
    writer.append(text('a'));
    writer.append(audio(5_000));
    expect(audioIn(log)).toEqual([5_000]);
    expect([log.oldest, log.head]).toEqual([2, 2]);
  });

  test('LiveLog counts each entry, so that many entries without text are released too', () => {
    const { log, writer } = createLog({ limits: { bytes: 10_000, ageMs: 60_000 } });
    for (let i = 0; i < 1_000; i += 1) writer.append(turnComplete());
    expect(log.oldest).toBeGreaterThan(900);
  });

  test('LiveLog releases entries when they reach their age, also without an append', () => {
    let now = 0;
    const { log, writer } = createLog({ limits: { bytes: 1_000_000, ageMs: 1_000 }, now: () => now });
    writer.append(text('a'));
    now = 600;
    writer.append(text('b'));
    now = 1_000;
    log.trim();
    expect(log.oldest).toBe(1);
    now = 1_001;
    log.trim();
    expect([log.oldest, log.head]).toEqual([2, 2]);
    now = 9_000;
    log.trim();
    expect([log.oldest, log.head, log.bytes]).toEqual([3, 2, 0]);
    writer.append(text('c'));
    expect([log.oldest, log.head]).toEqual([3, 3]);
  });
});

describe('an interruption', () => {
  test('of a turn drops all audio of the turn and keeps all of its text', () => {
    const log = logOf(text('One'), audio(8), text(' two'), audio(16), interrupted(), turnComplete());
    expect(audioIn(log)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(lostIn(log)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(partsAt(log, 1)).toEqual([{ text: 'One' }]);
    expect(partsAt(log, 3)).toEqual([{ text: ' two' }]);
  });

  test('of a turn keeps the audio of the turns before and after it', () => {
    const log = logOf(audio(8), turnComplete(), audio(16), interrupted(), turnComplete(), audio(32));
    expect(audioIn(log)).toEqual([8, 0, 0, 0, 0, 32]);
  });

  test('of one author keeps the audio of another author who speaks at the same time', () => {
    const log = logOf(
      audioBy('a', 8),
      audioBy('b', 16),
      audioBy('a', 8),
      interrupted('a'),
      audioBy('b', 16),
      turnComplete('a'),
    );
    expect(audioIn(log)).toEqual([0, 16, 0, 0, 16, 0]);
  });

  test('of an author who is silent keeps the audio of the one who speaks', () => {
    expect(audioIn(logOf(audioBy('a', 8), interrupted('b'), turnComplete('b')))).toEqual([8, 0, 0]);
  });

  test('drops the audio of the entry that reports it', () => {
    const inlineData = { mimeType: 'audio/pcm', data: 'AAAA' };
    const last = message({ content: { parts: [{ inlineData }] }, interrupted: true });
    expect(audioIn(logOf(audio(4), last))).toEqual([0, 0]);
  });

  test('drops only the audio of an entry that holds text too, and keeps the places of all parts', () => {
    const log = logOf(mixedBy('agent', 'a', 320, 'b'), interrupted());
    const droppedAudio = { mimeType: 'audio/pcm', ms: 5 };
    expect(partsAt(log, 1)).toEqual([{ text: 'a' }, { droppedAudio }, { text: 'b' }]);
  });

  test('of a turn whose audio was dropped for lack of space means that no reader lacks that audio', () => {
    const { log, writer } = createLog({ limits: { bytes: 2 * EMPTY_AUDIO + 1_600, ageMs: 60_000 } });
    for (let i = 0; i < 2; i += 1) writer.append(audio(1_024));
    expect(lostIn(log)).toEqual([16, 0]);
    writer.append(interrupted());
    expect(lostIn(log)).toEqual([0, 0, 0]);
  });

  test('does not change the event that was appended', () => {
    const spoken = audio(8);
    logOf(spoken, interrupted());
    expect(audioLength(spoken)).toBe(8);
  });
});

test('LiveLog leaves a part with empty audio as it is: no reader can lack it', () => {
  const log = logOf(audio(0), audio(4), interrupted());
  expect(partsAt(log, 1)).toEqual([{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: '' } }]);
});

describe('locate', () => {
  const { log, writer } = createLog({
    limits: { bytes: 2 * entrySize(text('a'.repeat(300), 'a')) + 300, ageMs: 60_000 },
  });
  for (const piece of ['a', 'b', 'c', 'd']) writer.append(text(piece.repeat(300), piece));
  const at = (seq: number, frames?: number) => log.locate({ epoch: log.epoch, seq, frames });

  test('is tested with a log that holds entries 3 and 4', () => {
    expect([log.oldest, log.head]).toEqual([3, 4]);
  });

  test('leads the cursor of a held entry to the entry after it', () => {
    expect(at(3)).toEqual({ found: { seq: 4, frames: 0 } });
  });

  test('leads the cursor of the entry before the oldest one to the oldest one', () => {
    expect(at(2)).toEqual({ found: { seq: 3, frames: 0 } });
  });

  test('leads the cursor of the newest entry to the one that does not exist yet', () => {
    expect(at(4)).toEqual({ found: { seq: 5, frames: 0 } });
  });

  test('leads a cursor between two frames into its entry', () => {
    expect(at(4, 1)).toEqual({ found: { seq: 4, frames: 1 } });
  });

  test('reports unknown_epoch for a cursor of another log', () => {
    expect(log.locate({ epoch: 'A'.repeat(16), seq: 3, frames: undefined })).toEqual({ reset: 'unknown_epoch' });
  });

  test('reports too_old for a cursor that lacks more than is held', () => {
    expect(at(1)).toEqual({ reset: 'too_old' });
    expect(at(0)).toEqual({ reset: 'too_old' });
    expect(at(2, 1)).toEqual({ reset: 'too_old' });
  });

  test('reports ahead for a cursor beyond the head', () => {
    expect(at(5)).toEqual({ reset: 'ahead' });
    expect(at(5, 1)).toEqual({ reset: 'ahead' });
    expect(at(999_999_999_999_999)).toEqual({ reset: 'ahead' });
  });

  test('leads a cursor of 0 in an empty log to the first entry', () => {
    const { log: empty } = createLog();
    expect(empty.locate({ epoch: empty.epoch, seq: 0, frames: undefined })).toEqual({ found: { seq: 1, frames: 0 } });
    expect(empty.locate({ epoch: empty.epoch, seq: 0, frames: 1 })).toEqual({ reset: 'too_old' });
  });

  test('reports too_old for a cursor before the first number of a log that does not begin at 1', () => {
    const late = new LiveLog({ epoch: 'e'.repeat(16), limits: WIDE_LIMITS, firstSeq: 501 });
    const { epoch } = late;
    expect(late.locate({ epoch, seq: 499, frames: undefined })).toEqual({ reset: 'too_old' });
    expect(late.locate({ epoch, seq: 500, frames: undefined })).toEqual({ found: { seq: 501, frames: 0 } });
  });
});

test('LiveLog walks each entry once when a turn is interrupted again and again, or many turns are', () => {
  // 20,000 interruptions over 100,000 entries: walking all entries each time would take a minute.
  const { log, writer } = createLog({ limits: { bytes: 1024 ** 3, ageMs: 3_600_000 } });
  const cpuMs = measureCpuMs(() => {
    for (let count = 0; count < 100_000; count += 1) writer.append(audio(4));
    for (let count = 0; count < 10_000; count += 1) writer.append(interrupted());
    for (let count = 0; count < 10_000; count += 1) {
      writer.append(interrupted());
      writer.append(turnComplete());
    }
  });
  expect(cpuMs).toBeLessThan(10_000);
  expect(audioIn(log).every((length) => length === 0)).toBe(true);
});

test('LiveLog silences audio that follows an interruption in the same turn when the turn is interrupted again', () => {
  const log = logOf(audio(8), interrupted(), audio(16), interrupted(), audio(4));
  expect(audioIn(log)).toEqual([0, 0, 0, 0, 4]);
});

describe('pictures in results of tools', () => {
  const pictured = (id: string, length: number) => {
    const inlineData = { mimeType: 'image/png', data: 'A'.repeat(length) };
    const functionResponse = { id, name: 'draw', response: {}, parts: [{ inlineData }] };
    return message({ content: { role: 'user', parts: [{ functionResponse }] } });
  };
  const responsesIn = (log: LiveLog) =>
    heldIn(log).flatMap(({ entry }) => entry.message.event?.content?.parts?.[0]?.functionResponse ?? []);

  test('are dropped after audio and before entries, the oldest first, and their number stays', () => {
    const { log, writer } = createLog({ limits: { ...WIDE_LIMITS, bytes: 100_000 } });
    writer.append(text('before'));
    writer.append(pictured('c1', 40_000));
    writer.append(audio(20_000));
    writer.append(pictured('c2', 40_000));
    expect(audioIn(log)).toEqual([0, 0, 0, 0]);
    expect(responsesIn(log).map(({ parts }) => parts?.length)).toEqual([1, 1]);
    writer.append(pictured('c3', 40_000));
    expect(responsesIn(log)).toMatchObject([{ id: 'c1', pictures: 1 }, { parts: [{}] }, { parts: [{}] }]);
    expect(responsesIn(log)[0]).not.toHaveProperty('parts');
    expect(log.oldest).toBe(1);
  });

  test('of the newest entry stay, however large they are', () => {
    const { log, writer } = createLog({ limits: { ...WIDE_LIMITS, bytes: 2_000 } });
    writer.append(text('before'));
    writer.append(pictured('c1', 40_000));
    expect(responsesIn(log)).toMatchObject([{ parts: [{}] }]);
    expect(log.oldest).toBe(log.head);
    writer.append(text('after'));
    expect(responsesIn(log)).toMatchObject([{ pictures: 1 }]);
    expect(log.bytes).toBeLessThan(2_000);
  });

  test('survive an interruption of their turn: only what is heard is cut off', () => {
    const log = logOf(pictured('c1', 100), audio(100), interrupted());
    expect(responsesIn(log)).toMatchObject([{ parts: [{}] }]);
    expect(audioIn(log)).toEqual([0, 0, 0]);
  });
});
