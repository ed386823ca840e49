import { expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { openBody, rawConnection, write } from './requests.ts';
import { expectAlive, expectRefusal, openSession } from './sessions.ts';
import { HEARD_UTTERANCE, speech } from './speech.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

test('a body that pauses for BODY_IDLE_MS is refused with 408, and no part of it is used', async () => {
  const { server, stream } = await openSession({ BODY_IDLE_MS: '1000' });
  const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain' });
  await write(sending, 'count to');
  expectRefusal(await answer, { status: 408, code: 'body_timeout' });
  await expectAlive(server, stream);
});

test('an endless audio body that pauses for BODY_IDLE_MS is refused with 408, and the audio before the pause is answered', async () => {
  const { server, stream } = await openSession({ BODY_IDLE_MS: '1000' });
  const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
  await write(sending, speech(1));
  expectRefusal(await answer, { status: 408, code: 'body_timeout' });
  expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  await expectAlive(server, stream);
});

test('a text that arrives in drips for more than four times BODY_IDLE_MS is refused with 408, and endless audio is not', async () => {
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

test('a connection is closed if the rest of a refused body does not arrive', async () => {
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
