import { describe, expect, test } from '@jest/globals';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { say } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';

const INTERNAL = { close: 1011, reason: 'Internal error encountered.' } as const;
const NORMAL = { close: 1000 } as const;
const COUNTED = 'One, two, three, four, five, six.';

const play = (scenario: Scenario) => openSession({}, { emulator: { pace: 50, strict: true, scenario } });

describe('pain 1: "connections close with 1011 at random, and the conversation ends":', () => {
  test('a connection lost during an answer is replaced, and the answer is repeated without a new question', async () => {
    const { server, stream } = await play([[{ at: { frame: 2 }, do: INTERNAL }]]);
    await say(server, 'count to six');
    expect((await stream.nextTurn()).slice(-2)).toEqual([
      { turn_complete: null, interrupted: true },
      { turn_complete: true, interrupted: null },
    ]);
    expect(await stream.nextAnswer()).toBe(COUNTED);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to six');
    expect(stream.named('failure')).toEqual([]);
  });

  test('connections lost between answers, after each of ten, are replaced unnoticed', async () => {
    const { server, stream } = await play([[{ at: { turn: 1 }, do: INTERNAL }], 'repeat']);
    for (let turn = 1; turn <= 10; turn += 1) {
      await say(server, 'count to six');
      expect(await stream.nextAnswer()).toBe(COUNTED);
    }
    expect(stream.messages.filter(({ interrupted }) => interrupted)).toEqual([]);
    expect(stream.named('failure')).toEqual([]);
    expect(server.upstream?.setups.length).toBeGreaterThanOrEqual(10);
  });

  test('a connection that is cut without a close frame is replaced in the same way', async () => {
    const { server, stream } = await play([[{ at: { frame: 2 }, do: 'drop' }], [{ at: 'upgrade', do: 'drop' }]]);
    await say(server, 'count to six');
    await stream.nextTurn();
    expect(await stream.nextAnswer()).toBe(COUNTED);
    expect(stream.named('failure')).toEqual([]);
  });
});

describe('pain 8: "a normal close, 1000, crashes the run":', () => {
  test('after a close with 1000 during an answer, the answer is repeated', async () => {
    const { server, stream } = await play([[{ at: { frame: 2 }, do: NORMAL }]]);
    await say(server, 'count to six');
    await stream.nextTurn();
    expect(await stream.nextAnswer()).toBe(COUNTED);
    expect(stream.named('failure')).toEqual([]);
  });

  test('a close with 1000 between answers is unnoticed', async () => {
    const { server, stream } = await play([[{ at: { turn: 1 }, do: NORMAL }]]);
    await say(server, 'count to six');
    expect(await stream.nextAnswer()).toBe(COUNTED);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to six');
    expect(stream.named('failure')).toEqual([]);
    expect(stream.messages.filter(({ interrupted }) => interrupted)).toEqual([]);
  });
});
