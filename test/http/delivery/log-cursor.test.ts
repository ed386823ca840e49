import { describe, expect, test } from '@jest/globals';
import type { IdentifiedFrame } from '../../../src/http/delivery/frame-encoder.ts';
import { LogCursor } from '../../../src/http/delivery/log-cursor.ts';
import { entrySize } from '../../../src/session/log/entry-size.ts';
import type { LiveLog } from '../../../src/session/log/live-log.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import {
  audio,
  audioBy,
  audioLength,
  createLog,
  interrupted,
  logOf,
  mixedBy,
  text,
} from '../../session/log/log-messages.ts';

/** Characters of base64 in 1 ms of 24 kHz speech. */
const MS_LENGTH = 64;

function cursorAt(log: LiveLog, seq: number, frames = 0): LogCursor {
  return new LogCursor(log, plainDialect, { seq, frames });
}

/** Takes everything up to the head of the log. */
function takeAll(cursor: LogCursor): IdentifiedFrame[] {
  const frames: IdentifiedFrame[] = [];
  for (let held = cursor.peek(); held; held = cursor.peek()) frames.push(...cursor.take(held));
  return frames;
}

/** Frames as `<entry>-<frame> <what>`. */
function outline(frames: readonly IdentifiedFrame[]): string[] {
  return frames.map(({ id, event, data }) => {
    const { data: piece, audio_ms } = JSON.parse(data);
    return `${id.slice(id.indexOf('.') + 1)} ${event === 'gap' ? `gap ${audio_ms}` : (event ?? piece?.slice(0, 6))}`;
  });
}

/** A log that holds these messages and one that pushed all their audio out. */
function logWithoutAudio(...messages: LogMessage[]): LiveLog {
  const all = [...messages, text('x'.repeat(5_000))];
  const size = (each: LogMessage) => entrySize(each) - audioLength(each);
  const { log, writer } = createLog({
    limits: { bytes: all.reduce((sum, each) => sum + size(each), 0), ageMs: 60_000 },
  });
  for (const each of all) writer.append(each);
  return log;
}

describe('frames', () => {
  test('of an entry carry its id on the last frame, and the number of each frame before it', () => {
    const log = logOf(text('a'), text('b', 'c', 'd'));
    expect(outline(takeAll(cursorAt(log, 1)))).toEqual(['1 a', '2-1 b', '2-2 c', '2 d']);
  });

  test('that the reader has already are left out', () => {
    const log = logOf(text('b', 'c', 'd'), text('e'));
    expect(outline(takeAll(cursorAt(log, 1, 2)))).toEqual(['1 d', '2 e']);
  });

  test('of the newest entry are the same array for each reader that is up to date, so that sinks can share it', () => {
    const { log, writer } = createLog();
    const taken: unknown[] = [];
    for (const cursor of [cursorAt(log, 1), cursorAt(log, 1)]) {
      log.subscribe(() => {
        const held = cursor.peek();
        if (held) taken.push(cursor.take(held));
      });
    }
    writer.append(audio(8));
    expect(taken).toHaveLength(2);
    expect(taken[1]).toBe(taken[0]);
  });

  test('of two logs that hold the same entry carry the epoch of their own log', () => {
    const [one, other] = [createLog(), createLog()];
    const entry = one.writer.append(text('a'));
    other.log.append(entry);
    for (const { log } of [one, other])
      expect(takeAll(cursorAt(log, 1)).map(({ id }) => id)).toEqual([`${log.epoch}.1`]);
  });
});

describe('the end of the log', () => {
  test('is an entry that is not there, and not one that was released', () => {
    const log = logOf(text('a'));
    const cursor = cursorAt(log, 2);
    expect([cursor.peek(), cursor.isOvertaken]).toEqual([undefined, false]);
  });

  test('leaves the cursor at the id of the last frame', () => {
    const log = logOf(text('a', 'b'));
    const cursor = cursorAt(log, 1);
    expect(cursor.id).toBe(`${log.epoch}.0`);
    expect(takeAll(cursor).at(-1)?.id).toBe(cursor.id);
  });
});

test('LogCursor whose entry was released is overtaken, and continues where it is moved to', () => {
  const log = logOf(text('a'), text('b'), text('c'));
  log.release(2);
  const cursor = cursorAt(log, 1);
  expect([cursor.peek(), cursor.isOvertaken]).toEqual([undefined, true]);
  cursor.moveTo({ seq: 3, frames: 0 });
  expect(outline(takeAll(cursor))).toEqual(['3 c']);
});

describe('dropped audio', () => {
  test('of several entries is reported by one gap, with an id behind the audio and before the next frame', () => {
    const log = logWithoutAudio(
      text('a'),
      audioBy('agent', 16 * MS_LENGTH),
      audioBy('agent', 2 * MS_LENGTH, 4 * MS_LENGTH),
    );
    expect(outline(takeAll(cursorAt(log, 1))).slice(0, 3)).toEqual(['1 a', '3 gap 22', '4 xxxxxx']);
  });

  test('within an entry is reported where the audio was', () => {
    const log = logWithoutAudio(mixedBy('agent', 'before', 16 * MS_LENGTH, 'after'));
    expect(outline(takeAll(cursorAt(log, 1))).slice(0, 3)).toEqual(['1-1 before', '1-2 gap 16', '1 after']);
  });

  test('is reported again to a reader that resumes before the gap, and not to one that resumes at it', () => {
    const log = logWithoutAudio(mixedBy('agent', 'before', 16 * MS_LENGTH, 'after'));
    expect(outline(takeAll(cursorAt(log, 1, 1))).slice(0, 2)).toEqual(['1-2 gap 16', '1 after']);
    expect(outline(takeAll(cursorAt(log, 1, 2))).slice(0, 1)).toEqual(['1 after']);
  });

  test('of which the reader has heard a part is reported without that part', () => {
    const log = logWithoutAudio(audioBy('agent', 2 * MS_LENGTH, 4 * MS_LENGTH), text('b'));
    expect(outline(takeAll(cursorAt(log, 1, 1))).slice(0, 2)).toEqual(['1 gap 4', '2 b']);
  });

  test('that is passed at the end of the log is reported by takeGap, once', () => {
    const log = logWithoutAudio(audioBy('agent', 16 * MS_LENGTH));
    const cursor = cursorAt(log, 1);
    const held = cursor.peek();
    expect(held && cursor.take(held)).toEqual([]);
    const gap = cursor.takeGap();
    expect(gap && outline([gap])).toEqual(['1 gap 16']);
    expect(cursor.takeGap()).toBeUndefined();
    expect(outline(takeAll(cursor))[0]).toBe('2 xxxxxx');
  });

  test('that was passed before a reset is not reported after it', () => {
    const log = logWithoutAudio(audioBy('agent', 16 * MS_LENGTH));
    const cursor = cursorAt(log, 1);
    const held = cursor.peek();
    if (held) cursor.take(held);
    cursor.moveTo({ seq: 2, frames: 0 });
    expect(cursor.takeGap()).toBeUndefined();
  });

  test('of an interrupted turn is not reported, and its ids are skipped', () => {
    const log = logOf(mixedBy('agent', 'before', 16 * MS_LENGTH, 'after'), audio(MS_LENGTH), interrupted(), text('b'));
    const cursor = cursorAt(log, 1);
    expect(outline(takeAll(cursor))).toEqual(['1-1 before', '1 after', '3 undefined', '4 b']);
    expect(cursor.takeGap()).toBeUndefined();
  });
});
