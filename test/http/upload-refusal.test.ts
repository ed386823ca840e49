import { expect, test } from '@jest/globals';
import { openBody, post, write } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer } from './test-server.ts';

test('an upload whose last samples are refused is refused, although all of its body was received', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
  await write(sending, Buffer.alloc(640));
  expect((await post(server, { close: true })).status).toBe(200);
  // Too few to be sent before the end of the body, which arrives with them.
  sending.end(Buffer.alloc(100));
  const { status, text } = await answer;
  expect({ status, code: JSON.parse(text).code }).toEqual({ status: 410, code: 'session_ended' });
});
