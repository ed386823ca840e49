import { expect, test } from '@jest/globals';
import { LiveLog } from '../../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../../src/session/log/log-writer.ts';
import { formatCursor, parseCursor } from '../../../src/wire/cursor.ts';
import { createLog, text, turnComplete, WIDE_LIMITS } from './log-messages.ts';

test('createEpoch returns a different name each time, in the alphabet of cursors', () => {
  const epoch = createEpoch();
  expect(epoch).toMatch(/^[A-Za-z0-9_-]{16,}$/);
  expect(parseCursor(formatCursor(epoch, 1))?.epoch).toBe(epoch);
  expect(createEpoch()).not.toBe(epoch);
});

test('LogWriter numbers entries and turns from 1 and returns each entry as it is in the log', () => {
  const { log, writer } = createLog();
  const entries = [text('a'), turnComplete(), text('b')].map((each) => writer.append(each));
  expect(entries.map(({ seq, turn }) => [seq, turn])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
  ]);
  expect(entries.map(({ seq }) => log.at(seq)?.entry)).toEqual(entries);
});

test('LogWriter continues the numbers of a log that does not begin at 1', () => {
  const log = new LiveLog({ epoch: createEpoch(), limits: WIDE_LIMITS, firstSeq: 501 });
  expect(new LogWriter(log).append(text('a')).seq).toBe(501);
});
