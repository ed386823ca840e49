import { expect, test } from '@jest/globals';
import { openBody, rawConnection, write } from './requests.ts';
import { expectAlive, expectRefusal, openSession } from './sessions.ts';
import { HEARD_UTTERANCE, speech } from './speech.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

test('a body that stalls for BODY_IDLE_MS is refused with 408, and nothing of it is used', async () => {
  const { server, stream } = await openSession({ BODY_IDLE_MS: '1000' });
  const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain' });
  await write(sending, 'count to');
  expectRefusal(await answer, { status: 408, code: 'body_timeout' });
  await expectAlive(server, stream);
});

test('an endless audio body that stalls is refused with 408, and what was heard is answered', async () => {
  const { server, stream } = await openSession({ BODY_IDLE_MS: '1000' });
  const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
  await write(sending, speech(1));
  expectRefusal(await answer, { status: 408, code: 'body_timeout' });
  expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  await expectAlive(server, stream);
});

test('a text that drips for longer than four times BODY_IDLE_MS is refused with 408; endless audio that does is taken', async () => {
  const { server, stream } = await openSession({ BODY_IDLE_MS: '1000' });
  const text = openBody(server, { 'Content-Type': 'text/plain' });
  const audio = openBody(server, { 'Content-Type': 'audio/pcm' });
  const drip = setInterval(() => {
    text.sending.write('x');
    audio.sending.write(Buffer.alloc(320));
  }, 50);
  afterTest(() => clearInterval(drip));
  expectRefusal(await text.answer, { status: 408, code: 'body_timeout' });
  clearInterval(drip);
  audio.sending.end();
  expect((await audio.answer).status).toBe(200);
  await expectAlive(server, stream);
});

test('a refused body that does not end is not waited for: the connection is cut', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write('POST /send/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n');
  await waitFor('the refusal', () => received.includes('session_not_found'));
  await waitFor('the end of the connection', () => socket.closed);
});
