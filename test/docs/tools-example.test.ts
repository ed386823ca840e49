import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/tools/agent.ts';
import { post, say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

test('the agent of examples/tools answers offline with two calls at once, one of which fails, with a picture, and with a call that asks', async () => {
  const server = await startTestServer({}, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'read air and read water {"unit":"fahrenheit"}');
  const both = await stream.nextAnswer();
  expect(both).toContain('fahrenheit');
  expect(both).toContain('the sensor is out of the water');
  expect(stream.named('tool_call')).toHaveLength(2);

  await say(server, 'draw readings');
  expect(await stream.nextAnswer()).toContain('6');
  const { images } = await stream.until('the picture', () => stream.named('tool_result').find((each) => each.images));
  expect(images).toEqual([{ mime_type: 'image/png', data: expect.stringMatching(/^iVBORw0KGgo/) }]);

  await say(server, 'reset readings');
  const { id } = await stream.until('the question', () => stream.named('tool_call').find(({ confirm }) => confirm));
  await post(server, { tool_confirm: { id, ok: true } });
  expect(await stream.nextAnswer()).toContain('6 readings are deleted');
  expect(server.upstream?.violations).toEqual([]);
});
