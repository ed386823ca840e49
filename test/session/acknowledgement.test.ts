import { describe, expect, jest, test } from '@jest/globals';
import type { ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { open, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();

/** A session that has logged its two messages of being connected, and a provider to fill it. */
async function scripted(options: Partial<ActiveSessionsOptions> = {}) {
  const server = closing(await startScriptedGemini());
  const session = open(closing(sessionsOf(runnerFor(modelAt(server.url)), options)));
  const peer = await server.connection(0);
  await until(() => session.log.head === 2);
  const fill = async (entries: number) => {
    const head = session.log.head + entries;
    for (let entry = 0; entry < entries; entry += 1) peer.say('x'.repeat(1_000));
    await until(() => session.log.head === head);
  };
  return { server, session, peer, fill };
}

const none = () => [];
const cursorOf = ({ log }: LiveSession, seq: number) => formatCursor(log.epoch, seq);

function acknowledge(session: LiveSession, client: string, seq: number): void {
  session.post({ client, cseq: undefined, ack: { epoch: session.log.epoch, seq } }, none);
}

describe('entries of the log', () => {
  test('that the only reader has acknowledged are let go of, with their bytes', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await fill(8);
    const before = session.log.bytes;
    acknowledge(session, 'a', 9);
    expect([session.log.oldest, session.log.head]).toEqual([10, 10]);
    expect(session.log.bytes).toBeLessThan(before / 6);
    acknowledge(session, 'a', 10);
    expect([session.log.oldest, session.log.head, session.log.bytes]).toEqual([11, 10, 0]);
    await fill(1);
    expect(session.log.at(11)).toBeDefined();
  });

  test('are kept until the slowest of the clients has acknowledged them', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await TestReader.attach(session, undefined, 'b');
    await fill(8);
    acknowledge(session, 'a', 9);
    expect(session.log.oldest).toBe(1);
    acknowledge(session, 'b', 4);
    expect(session.log.oldest).toBe(5);
    // An ack that was overtaken takes nothing back.
    acknowledge(session, 'a', 2);
    acknowledge(session, 'b', 10);
    expect(session.log.oldest).toBe(10);
  });

  test('are kept for a reader without acknowledgements that has lost its connection, for as long as it takes to come back', async () => {
    const { session, fill } = await scripted();
    const now = jest.spyOn(Date, 'now');
    try {
      await TestReader.attach(session, undefined, 'a');
      const eventSource = await TestReader.attach(session, cursorOf(session, 0));
      await fill(8);
      eventSource.read(5);
      eventSource.detach();
      acknowledge(session, 'a', 9);
      // Not only what was not written to it: the rest may have been lost with the connection.
      expect(session.log.oldest).toBe(1);
      const back = await TestReader.attach(session, cursorOf(session, 2));
      expect(back.reset).toBeUndefined();
      back.detach();
      now.mockReturnValue(Date.now() + 31_000);
      acknowledge(session, 'a', 9);
      expect(session.log.oldest).toBe(10);
    } finally {
      now.mockRestore();
    }
  });

  test.each([undefined, 'b'])('are kept for an attached reader (%s) that acknowledges nothing', async (client) => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await TestReader.attach(session, undefined, client);
    await fill(8);
    acknowledge(session, 'a', 9);
    expect(session.log.oldest).toBe(1);
  });

  test('are kept for a client that is away', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    const away = await TestReader.attach(session, undefined, 'b');
    await fill(8);
    acknowledge(session, 'b', 4);
    away.detach();
    acknowledge(session, 'a', 10);
    expect(session.log.oldest).toBe(5);
    const back = await TestReader.attach(session, formatCursor(session.log.epoch, 4), 'b');
    expect(back.reset).toBeUndefined();
    expect(back.read()).toHaveLength(6);
  });

  test('are kept for 16 clients that have acknowledged, not for more', async () => {
    const { session, fill } = await scripted();
    await fill(8);
    for (let client = 0; client < 16; client += 1) acknowledge(session, `c${client}`, client === 0 ? 3 : 9);
    expect(session.log.oldest).toBe(4);
    acknowledge(session, 'c16', 9);
    expect(session.log.oldest).toBe(10);
  });
});

describe('a reply of which a client has acknowledged all there is', () => {
  test('still ends in interrupted and turn_complete if its run fails', async () => {
    const { session, peer } = await scripted();
    const reader = await TestReader.attach(session, undefined, 'a');
    peer.say('I was about to');
    await until(() => session.log.head === 3);
    reader.read();
    acknowledge(session, 'a', 3);
    expect(session.log.oldest).toBe(4);
    expect(session.log.midTurn).toBe(true);
    session.change({ modality: 'AUDIO' });
    await reader.until(({ event }) => event?.turnComplete);
    expect(reader.outline).toContain('interrupted');
    expect(session.log.midTurn).toBe(false);
  });

  test('is told whole to a reader whose cursor leads nowhere', async () => {
    const { session, peer } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    peer.say('once upon ');
    await until(() => session.log.head === 3);
    acknowledge(session, 'a', 3);
    peer.say('a time');
    await until(() => session.log.head === 4);
    const late = await TestReader.attach(session, formatCursor(session.log.epoch, 1));
    expect(late.reset).toEqual({
      reason: 'too_old',
      turns: [{ role: 'model', text: 'once upon a time' }],
      truncated: false,
    });
  });
});

describe('an acknowledgement', () => {
  test('of what was never logged is one of all there is', async () => {
    const { session, fill } = await scripted();
    await TestReader.attach(session, undefined, 'a');
    await fill(2);
    acknowledge(session, 'a', 4_000);
    expect(session.acked('a')).toBe(4);
    await fill(1);
    expect(session.log.at(5)).toBeDefined();
  });

  test('of another epoch is refused with this one and the next number, and nothing of it is used', async () => {
    const { session } = await scripted();
    session.post({ client: 'a', cseq: 1, ack: undefined }, none);
    const decode = () => {
      throw new Error('decoded');
    };
    const ack = { epoch: 'AAAAAAAAAAAAAAAA', seq: 1 };
    expect(() => session.post({ client: 'a', cseq: 2, ack }, decode)).toThrow(
      expect.objectContaining({ code: 'epoch_changed', details: { epoch: session.log.epoch, next: 2 } }),
    );
    expect(session.acked('a')).toBeUndefined();
    expect(session.next('a')).toBe(2);
  });
});
