import { describe, expect, jest, test } from '@jest/globals';
import type { ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import type { Attachment } from '../../src/session/session-handle.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { open, say, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();

/** Opens a session whose log has the two statuses of its model connection, with a provider that fills the log. */
async function scripted(options: Partial<ActiveSessionsOptions> = {}) {
  const server = closing(await startScriptedGemini());
  const session = await open(closing(sessionsOf(runnerFor(modelAt(server.url)), options)));
  const peer = await server.connection(0);
  await until(() => session.log.head === 2);
  const fill = async (entries: number) => {
    const head = session.log.head + entries;
    for (let entry = 0; entry < entries; entry += 1) peer.say('x'.repeat(1_000));
    await until(() => session.log.head === head);
  };
  return { server, session, peer, fill };
}

const cursorOf = ({ log }: LiveSession, seq: number) => formatCursor(log.epoch, seq);

async function acknowledge(session: LiveSession, client: string, seq: number): Promise<void> {
  const ack = { epoch: session.log.epoch, seq };
  const answer = await session.post({ envelope: { client, cseq: undefined, ack }, body: { requests: [] } });
  expect(answer).toMatchObject({ status: 'sent' });
}

/** Attaches a page that cannot resume, and gets the events in the place of an older one. */
async function attachPage(session: LiveSession): Promise<Attachment> {
  const page = await session.attach({ client: 'page', cursor: undefined, canResume: false });
  page.activate({ onSuperseded: () => undefined, onDrain: () => undefined });
  return page;
}

describe('release', () => {
  test('entries that the only reader has acknowledged are released, and their bytes are free', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await fill(8);
    const before = session.log.bytes;
    await acknowledge(session, 'a', 9);
    expect([session.log.oldest, session.log.head]).toEqual([10, 10]);
    expect(session.log.bytes).toBeLessThan(before / 6);
    await acknowledge(session, 'a', 10);
    expect([session.log.oldest, session.log.head, session.log.bytes]).toEqual([11, 10, 0]);
    await fill(1);
    expect(session.log.at(11)).toBeDefined();
  });

  test('entries that were written to a reader who cannot resume are released some at a time, but not the newest', async () => {
    const { session, fill } = await scripted();
    const page = await session.attach({ client: 'page', cursor: undefined, canResume: false });
    await fill(50);
    for (let seq = 1; seq <= session.log.head; seq += 1) page.recordWritten(seq);
    expect([session.log.oldest, session.log.head]).toEqual([49, 52]);
    await fill(50);
    for (let seq = 53; seq <= session.log.head; seq += 1) page.recordWritten(seq);
    expect([session.log.oldest, session.log.head]).toEqual([101, 102]);
  });

  test('entries that were written to a reader who cannot resume are kept for another reader who can', async () => {
    const { session, fill } = await scripted();
    const page = await session.attach({ client: 'page', cursor: undefined, canResume: false });
    const other = await TestReader.attach(session, undefined, 'a');
    await fill(50);
    for (let seq = 1; seq <= 52; seq += 1) page.recordWritten(seq);
    expect(session.log.oldest).toBe(1);
    expect(other.read(100)).toHaveLength(50);
    await acknowledge(session, 'a', 20);
    expect(session.log.oldest).toBe(21);
  });

  test('a reader who cannot resume continues after what was written to the one before', async () => {
    const { session, fill } = await scripted();
    const page = await session.attach({ client: 'page', cursor: undefined, canResume: false });
    await fill(50);
    for (let seq = 1; seq <= 40; seq += 1) page.recordWritten(seq);
    page.detach({ seq: 41, frames: 0 });
    const next = await session.attach({ client: 'page', cursor: undefined, canResume: false });
    expect(next.start).toEqual({ position: { seq: 41, frames: 0 } });
  });

  test('entries are kept for a page that is slower than an older one, which it has muted', async () => {
    const { session, fill } = await scripted();
    const older = await attachPage(session);
    const newer = await attachPage(session);
    await fill(50);
    for (let seq = 1; seq <= session.log.head; seq += 1) older.recordWritten(seq);
    expect(session.log.oldest).toBe(1);
    for (let seq = 3; seq <= 20; seq += 1) newer.recordWritten(seq);
    older.recordWritten(session.log.head);
    expect(session.log.oldest).toBe(17);
  });

  test('entries are kept for a page that is attached and not written to yet', async () => {
    const { session, fill } = await scripted();
    const older = await attachPage(session);
    const newer = await session.attach({ client: 'page', cursor: undefined, canResume: false });
    await fill(50);
    for (let seq = 1; seq <= session.log.head; seq += 1) older.recordWritten(seq);
    expect(session.log.oldest).toBeLessThanOrEqual(newer.start.position.seq);
  });

  test('a page continues after the newest one before, although the connection of an older one ended later', async () => {
    const { session, fill } = await scripted();
    const older = await attachPage(session);
    const newer = await attachPage(session);
    await fill(50);
    for (let seq = 3; seq <= 40; seq += 1) newer.recordWritten(seq);
    newer.detach({ seq: 41, frames: 0 });
    older.detach({ seq: 3, frames: 0 });
    const next = await attachPage(session);
    expect(next.start).toEqual({ position: { seq: 41, frames: 0 } });
  });

  test('30 s after the last page has left, its entries are kept for nobody', async () => {
    const { session, fill } = await scripted();
    const page = await attachPage(session);
    await TestReader.attach(session, undefined, 'a');
    await fill(20);
    for (let seq = 1; seq <= 15; seq += 1) page.recordWritten(seq);
    page.detach({ seq: 16, frames: 0 });
    await acknowledge(session, 'a', 20);
    expect(session.log.oldest).toBeLessThanOrEqual(16);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31_000);
    try {
      await acknowledge(session, 'a', 20);
      expect(session.log.oldest).toBe(21);
    } finally {
      now.mockRestore();
    }
  });

  test('entries are kept until the slowest client has acknowledged them', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await TestReader.attach(session, undefined, 'b');
    await fill(8);
    await acknowledge(session, 'a', 9);
    expect(session.log.oldest).toBe(1);
    await acknowledge(session, 'b', 4);
    expect(session.log.oldest).toBe(5);
    // An acknowledgement that was overtaken has no effect.
    await acknowledge(session, 'a', 2);
    await acknowledge(session, 'b', 10);
    expect(session.log.oldest).toBe(10);
  });

  test('entries are kept for 30 s for a reader that never acknowledges and has lost its connection', async () => {
    const { session, fill } = await scripted();
    const now = jest.spyOn(Date, 'now');
    try {
      await TestReader.attach(session, undefined, 'a');
      const eventSource = await TestReader.attach(session, cursorOf(session, 0));
      await fill(8);
      eventSource.read(5);
      eventSource.detach();
      await acknowledge(session, 'a', 9);
      // Entries that were written to it are kept, too: they may have been lost with the connection.
      expect(session.log.oldest).toBe(1);
      const back = await TestReader.attach(session, cursorOf(session, 2));
      expect(back.reset).toBeUndefined();
      back.detach();
      now.mockReturnValue(Date.now() + 31_000);
      await acknowledge(session, 'a', 9);
      expect(session.log.oldest).toBe(10);
    } finally {
      now.mockRestore();
    }
  });

  test.each([undefined, 'b'])(
    'entries are kept for an attached reader (%s) that never acknowledges',
    async (client) => {
      const { session, fill } = await scripted();
      await TestReader.attach(session, undefined, 'a');
      await TestReader.attach(session, undefined, client);
      await fill(8);
      await acknowledge(session, 'a', 9);
      expect(session.log.oldest).toBe(1);
    },
  );

  test('entries are kept for a client that has acknowledged and is away', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    const away = await TestReader.attach(session, undefined, 'b');
    await fill(8);
    await acknowledge(session, 'b', 4);
    away.detach();
    await acknowledge(session, 'a', 10);
    expect(session.log.oldest).toBe(5);
    const back = await TestReader.attach(session, formatCursor(session.log.epoch, 4), 'b');
    expect(back.reset).toBeUndefined();
    expect(back.read()).toHaveLength(6);
  });

  test('entries are kept for the last 16 clients that have acknowledged', async () => {
    const { session, fill } = await scripted();
    await fill(8);
    for (let client = 0; client < 16; client += 1) await acknowledge(session, `c${client}`, client === 0 ? 3 : 9);
    expect(session.log.oldest).toBe(4);
    await acknowledge(session, 'c16', 9);
    expect(session.log.oldest).toBe(10);
  });
});

describe('replies', () => {
  test('a reply whose entries are released ends with interrupted and turn_complete if its run is replaced', async () => {
    const { session, peer } = await scripted();
    const reader = await TestReader.attach(session, undefined, 'a');
    peer.say('I was about to');
    await until(() => session.log.head === 3);
    reader.read();
    await acknowledge(session, 'a', 3);
    expect(session.log.oldest).toBe(4);
    expect(session.midTurn).toBe(true);
    session.reconfigure({ responseModalities: ['AUDIO'] });
    await reader.until(({ event }) => event?.turnComplete);
    expect(reader.outline).toContain('interrupted');
    expect(session.midTurn).toBe(false);
  });

  test('a reset contains the whole reply so far, also if its entries are released', async () => {
    const { session, peer } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    peer.say('once upon ');
    await until(() => session.log.head === 3);
    await acknowledge(session, 'a', 3);
    peer.say('a time');
    await until(() => session.log.head === 4);
    const late = await TestReader.attach(session, formatCursor(session.log.epoch, 1));
    expect(late.reset).toEqual({
      reason: 'too_old',
      turns: [{ role: 'model', text: 'once upon a time', partial: true }],
      truncated: false,
    });
  });
});

describe('acknowledgements', () => {
  test('an acknowledgement of an entry that does not exist counts for the newest entry', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await fill(2);
    await acknowledge(session, 'a', 4_000);
    expect(session.connections.findAcked('a')).toBe(4);
    await fill(1);
    expect(session.log.at(5)).toBeDefined();
  });

  test('an acknowledgement of another epoch is refused with the current epoch and the next number, and has no effect', async () => {
    const { session } = await scripted();
    await session.post({ envelope: { client: 'a', cseq: 1, ack: undefined }, body: { requests: [] } });
    const ack = { epoch: 'AAAAAAAAAAAAAAAA', seq: 1 };
    const body = { requests: [toSizedRequest(say('hello'))] };
    expect(await session.post({ envelope: { client: 'a', cseq: 2, ack }, body })).toEqual({
      refusal: expect.objectContaining({ code: 'epoch_changed', epoch: session.log.epoch, next: 2 }),
    });
    expect(session.connections.findAcked('a')).toBeUndefined();
    expect(session.connections.findNextPost('a')).toBe(2);
  });
});
