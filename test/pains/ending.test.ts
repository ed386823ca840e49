import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { runnerFor, startTalk } from '../agent/talk.ts';
import { post, say } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';
import { waitFor } from '../http/test-server.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { until } from '../models/until.ts';

const closing = closesAfterEach();

describe('pain 9: "after close() the session stays open at the provider":', () => {
  test('a run whose queue is closed ends, and its connection is not reopened although there is a handle', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const talk = closing(startTalk(runnerFor(modelAt(emulator.url))));
    talk.say('thank you');
    await talk.turn(1);
    talk.queue.close();
    await talk.done;
    await until(() => emulator.connections === 0);
    // Longer than any wait before a first new try.
    await delay(200);
    expect(emulator.connections).toBe(0);
    expect(emulator.setups).toHaveLength(1);
  });

  test.each(['while a connection is lost', 'in the middle of a reply'])(
    'a run whose queue is closed %s ends as well',
    async (when) => {
      const lost = when.includes('lost');
      const emulator = closing(
        await startGeminiEmulator({
          pace: lost ? 50 : 0.05,
          scenario: lost ? [[{ at: { turn: 1 }, do: 'drop' }]] : [],
        }),
      );
      const talk = closing(startTalk(runnerFor(modelAt(emulator.url))));
      talk.say('count to thirty');
      await talk.until(({ status, content }) => (lost ? status?.upstream === 'reconnecting' : content));
      talk.queue.close();
      await talk.done;
      await until(() => emulator.connections === 0);
      await delay(200);
      expect(emulator.connections).toBe(0);
    },
  );

  test('a session that a client closes leaves no connection at the provider', async () => {
    const { server, stream } = await openSession();
    await say(server, 'thank you');
    await stream.nextTurn();
    await post(server, { close: true });
    expect(await stream.untilNamed('end')).toEqual({ reason: 'closed' });
    await waitFor('the connection to go', () => server.upstream?.connections === 0);
    await delay(200);
    expect(server.upstream?.connections).toBe(0);
    expect(server.upstream?.setups).toHaveLength(1);
  });

  test('a page that disappears without a close leaves no connection at the provider after LINGER_MS', async () => {
    const { server, stream } = await openSession({ LINGER_MS: '50' });
    await say(server, 'thank you');
    await stream.nextTurn();
    stream.close();
    await waitFor('the connection to go', () => server.upstream?.connections === 0);
  });
});
