// google/adk-python#3955, #960, #1862, #619: the streaming tools of the documentation fail, because an async generator can be neither declared nor
// serialized, and a tool that was started cannot be stopped.
import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import { post, say } from '../http/requests.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { picture } from '../picture.ts';

const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);
const JPEG = { mime_type: 'image/jpeg', data: picture('image/jpeg') };

/** The tools of ADK's page on streaming tools: one watches a price, the other one a video. */
function createAgent() {
  const signals: AbortSignal[] = [];
  const prices: (() => void)[] = [];
  const monitorPrice = tool({
    name: 'monitor_stock',
    description: 'Monitors the price.',
    async *execute(_args, { signal }) {
      signals.push(signal);
      for (let price = 300; !signal.aborted; price += 100) {
        yield `the price is ${price}`;
        await new Promise<void>((resolve) => {
          prices.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
  });
  const monitorVideo = tool({
    name: 'monitor_video',
    description: 'Monitors the video.',
    inputStream: true,
    async *execute(_args, { input }) {
      let frames = 0;
      for await (const { blob } of input) {
        if (!blob?.mime_type.startsWith('image/')) continue;
        frames += 1;
        yield `${frames} people are in the picture`;
      }
    },
  });
  return { signals, prices, agent: new Agent({ name: 'assistant', tools: [monitorPrice, monitorVideo] }) };
}

describe('pain 20: "the streaming tools of the documentation do not work":', () => {
  test.each(FAMILIES)(
    'a tool that monitors a price tells a model of the family %s each change, and is stopped by it',
    async (_name, model) => {
      const { agent, signals, prices } = createAgent();
      const server = await startTestServer({ DEMO_AGENT_MODEL: model }, { agent });
      const stream = await openStream(`${server.url}/events/me`);
      await stream.untilNamed('session');
      await say(server, 'monitor stock');
      await stream.until('the first price', () => textOf(stream.messages).includes('the price is 300'));
      await waitFor('the wait', () => prices.length > 0);
      prices.shift()?.();
      await stream.until('the second price', () => textOf(stream.messages).includes('the price is 400'));
      await say(server, 'stop streaming {"function_name":"monitor_stock"}');
      await stream.until('the end', () => textOf(stream.messages).includes('Successfully stopped'));
      expect(signals[0]?.aborted).toBe(true);
      expect(stream.named('tool_result').map(({ will_continue: continues }) => continues === true)).toEqual([
        true,
        true,
        true,
        false,
      ]);
      expect(stream.named('failure')).toEqual([]);
      expect(server.upstream?.violations).toEqual([]);
    },
  );

  test.each(FAMILIES)(
    'a tool that monitors a video sees the frames that the user sends to a model of the family %s',
    async (_name, model) => {
      const { agent } = createAgent();
      const server = await startTestServer({ DEMO_AGENT_MODEL: model }, { agent });
      const stream = await openStream(`${server.url}/events/me`);
      await stream.untilNamed('session');
      await say(server, 'monitor video');
      await stream.untilNamed('tool_result');
      expect(await post(server, JPEG)).toMatchObject({ status: 200 });
      await stream.until('the count', () => textOf(stream.messages).includes('1 people are in the picture'));
      expect(stream.named('failure')).toEqual([]);
      expect(server.upstream?.violations).toEqual([]);
    },
  );
});
