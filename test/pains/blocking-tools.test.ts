// google/adk-python#5033, PR#6522, #5239, #3934: while a tool runs nothing else is received; and with save_live_blob a call is swallowed.
import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import { post, say } from '../http/requests.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';

const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);

describe('pain 18: "tools block the loop":', () => {
  test.each(FAMILIES)(
    'a question during a call that never returns is answered by a model of the family %s, and the call is cancelled',
    async (_name, model) => {
      const signals: AbortSignal[] = [];
      const hang = tool({
        name: 'ask_oracle',
        description: 'Asks the oracle.',
        execute: (_args, { signal }) => {
          signals.push(signal);
          return new Promise(() => undefined);
        },
      });
      const agent = new Agent({ name: 'assistant', tools: [hang] });
      const server = await startTestServer({ DEMO_AGENT_MODEL: model }, { agent });
      const stream = await openStream(`${server.url}/events/me`);
      await stream.untilNamed('session');
      await say(server, 'ask the oracle');
      const { id } = await stream.untilNamed('tool_call');
      await waitFor('the call', () => signals[0]);
      await post(server, [{ interrupt: {} }, { mime_type: 'text/plain', data: 'thank you' }]);
      await stream.until('the answer', () => textOf(stream.messages).includes('You are welcome.'));
      expect(stream.named('tool_cancel')).toEqual([{ id }]);
      expect(signals[0]?.aborted).toBe(true);
      expect(stream.named('failure')).toEqual([]);
      expect(server.upstream?.violations).toEqual([]);
    },
  );

  test('calls of one answer run side by side: the result of a quick one does not wait for that of a slow one', async () => {
    const slow = Promise.withResolvers<string>();
    const agent = new Agent({
      name: 'assistant',
      tools: [
        tool({ name: 'read_slow', description: '', execute: () => slow.promise }),
        tool({ name: 'read_quick', description: '', execute: () => 'quick' }),
      ],
    });
    const server = await startTestServer({}, { agent });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    await say(server, 'read slow and read quick');
    const first = await stream.until('a result', () => stream.named('tool_result')[0]);
    expect(first).toMatchObject({ name: 'read_quick', result: { result: 'quick' } });
    slow.resolve('slow');
    await stream.until('the answer', () => /slow.*quick|quick.*slow/.test(textOf(stream.messages)));
  });

  test('a run that stores its audio calls the tool, and reports the end of the turn', async () => {
    const agent = new Agent({
      name: 'assistant',
      tools: [tool({ name: 'dice', description: 'Rolls.', execute: () => 'six' })],
      runConfig: { saveLiveBlob: true, responseModalities: ['AUDIO'] },
    });
    const server = await startTestServer({}, { agent });
    const stream = await openStream(`${server.url}/events/me?is_audio=true`);
    await stream.untilNamed('session');
    await say(server, 'roll the dice');
    const turn = await stream.nextTurn();
    expect(textOf(turn)).toBe('The tool answered: six');
    expect(turn.at(-1)).toMatchObject({ turn_complete: true });
    expect(stream.named('tool_result')).toHaveLength(1);
  });
});
