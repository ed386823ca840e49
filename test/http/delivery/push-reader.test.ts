import { beforeEach, expect, test } from '@jest/globals';
import { PushReader, type Sink } from '../../../src/http/delivery/push-reader.ts';
import { LiveLog } from '../../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../../src/session/log/log-writer.ts';
import type { Attachment, ConnectionListener, Start } from '../../../src/session/session-handle.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import type { ConnectionEvents } from '../../../src/wire/named-events.ts';
import { until } from '../../models/until.ts';

const SESSION_EVENT: ConnectionEvents['session'] = {
  epoch: 'A'.repeat(16),
  user_id: 'ann',
  session_id: 'default',
  client: 'a',
  next: 1,
  head: 0,
  agent: 'agent',
  model: 'model',
  modality: 'TEXT',
  manual_activity: false,
  input_rate: 16_000,
  output_rate: 24_000,
  limits: { body_bytes: 1, window: 1, linger_ms: 1, heartbeat_ms: 1 },
  server: 'test',
};

let log: LiveLog;
let writer: LogWriter;
let written: string[];

beforeEach(() => {
  log = new LiveLog({ epoch: createEpoch(), limits: { bytes: 100_000, ageMs: 60_000 } });
  writer = new LogWriter(log);
  written = [];
});

/** Creates a sink that records what happens to it. A write after the end throws, as it would destroy a response. */
function recordingSink(): Sink {
  let ended = false;
  const record = (what: string) => {
    if (ended) throw new Error(`${what} after the end`);
    written.push(what);
  };
  return {
    isBlocked: false,
    heardAt: undefined,
    onDrain: () => {},
    write: (frames) => {
      for (const { event = 'message' } of frames) record(event);
    },
    writeControl: ({ name }) => record(name),
    end: () => {
      record('end');
      ended = true;
    },
    destroy: () => written.push('destroy'),
  };
}

function startReader(attachment: Partial<Attachment> & { start: Start }): void {
  const whole: Attachment = {
    next: 1,
    acked: undefined,
    heardAt: undefined,
    postedAt: 0,
    activate: () => {},
    recordWritten: () => {},
    restart: async () => attachment.start,
    detach: () => {},
    ...attachment,
  };
  new PushReader(recordingSink(), log, whole, {
    dialect: plainDialect,
    client: 'a',
    heartbeatMs: 60_000,
    stallMs: 1_000,
    renewMs: 60_000,
    reconnects: true,
    sessionEvent: SESSION_EVENT,
  }).start();
}

const position = { seq: 1, frames: 0 };

test('a reader whose session is drained during its activation ends without a further event', () => {
  const activate = (listener: ConnectionListener) => listener.onDrain(100);
  startReader({ start: { position, reset: { reason: 'too_old', turns: [], truncated: false } }, activate });
  writer.append({ end: { reason: 'closed' } });
  expect(written).toEqual(['session', 'drain', 'end']);
});

test('a reader that the log has overtaken and that gets no new start is destroyed, so that its client reconnects', async () => {
  for (let entry = 0; entry < 3; entry += 1) writer.append({ end: { reason: 'closed' } });
  log.release(2);
  startReader({ start: { position }, restart: () => Promise.reject(new Error('no conversation')) });
  await until(() => written.includes('destroy'));
  expect(written).toEqual(['session', 'destroy']);
});
