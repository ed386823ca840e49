import { expect, test } from '@jest/globals';
import { exchange, post } from './requests.ts';
import { audioOf, loggedOf, openScripted, speech } from './scripted-session.ts';
import { openStream } from './sse-client.ts';
import { startTestServer } from './test-server.ts';
import { openSocket } from './ws-client.ts';

test('a stream with audio=none gets the transcript and everything else of a reply that is spoken, with the same ids, and no speech', async () => {
  const { server, provider, witness } = await openScripted();
  const silent = await openStream(`${server.url}/events/me?audio=none&client=terminal`);
  await silent.untilNamed('session');
  provider.send({ serverContent: { outputTranscription: { text: 'Good day.' } } });
  for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
  provider.completeTurn();
  await witness.nextTurn();
  await silent.nextTurn();
  expect(audioOf(witness)).toHaveLength(6);
  expect(audioOf(silent)).toEqual([]);
  const withoutSpeech = loggedOf(witness).filter((event) => !audioOf(witness).includes(event));
  const from = loggedOf(silent)[0]?.id;
  const start = withoutSpeech.findIndex(({ id }) => id === from);
  expect(loggedOf(silent)).toEqual(withoutSpeech.slice(start));
  expect(silent.named('gap')).toEqual([]);
});

test('a client with audio=none that acknowledges is never held back for speech that it does not get', async () => {
  const { server, provider, witness, epoch } = await openScripted();
  const silent = await openStream(`${server.url}/events/me?audio=none&client=terminal&since=${epoch}.0`);
  await post(server, { client: 'terminal', ack: `${epoch}.0` });
  for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
  provider.completeTurn();
  await witness.nextTurn();
  await silent.nextTurn();
  expect(audioOf(silent)).toEqual([]);
});

test('a poll and a WebSocket leave speech out with audio=none, and another value is refused', async () => {
  const { server, provider, witness, epoch } = await openScripted();
  const socket = await openSocket(server, `/ws/me?client=a&audio=none&since=${epoch}.0`);
  provider.send({ serverContent: { outputTranscription: { text: 'Good day.' } } });
  provider.send(speech(1_000, 1));
  provider.completeTurn();
  await witness.nextTurn();
  const poll = await exchange(server, `/poll/me?audio=none&wait=0&since=${epoch}.0`);
  expect(poll.text).toContain('Good day.');
  expect(poll.text).not.toContain('audio/pcm');
  await socket.until('the end of the turn', () => JSON.stringify(socket.events).includes('turn_complete":true'));
  expect(JSON.stringify(socket.events)).not.toContain('audio/pcm');
  const plain = await startTestServer();
  expect((await exchange(plain, '/events/me?audio=off')).status).toBe(400);
});
