import { describe, expect, test } from '@jest/globals';
import type { Traffic } from '../../src/client/index.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { talk } from './conversation.ts';

describe.each([
  ['sse', 'stream', 'http'],
  ['poll', 'poll', 'http'],
  ['ws', 'ws', 'ws'],
] as const)('over %s', (transport, rung, way) => {
  test('a listener receives each event, each POST with its items, and the answer to it', async () => {
    const { url } = await startTestServer();
    const { client, told, turns } = talk({ url, transport });
    const traffic: Traffic[] = [];
    const remove = client.on('traffic', (message) => traffic.push(message));
    await waitFor('the connection', () => client.state === 'open');
    // Input that is given together shares a POST.
    client.sendAudio(new Int16Array(1600));
    client.sendAudio(new Int16Array(1600));
    await client.send('count to two');
    await turns(1);

    const post = traffic.find(({ name }) => name === 'post');
    expect(post).toEqual({
      direction: 'up',
      over: way,
      name: 'post',
      id: 1,
      data: [{ audio_ms: 200 }, { mime_type: 'text/plain', data: 'count to two' }],
    });
    const answer = traffic.find(({ name }) => name === 'answer');
    expect(answer).toMatchObject({ direction: 'down', over: way, id: 1, data: { kind: 'accepted' } });
    expect(answer?.data).toHaveProperty('ms', expect.any(Number));
    expect(traffic[0]).toMatchObject({ direction: 'down', name: 'session', over: rung });
    // What the client has emitted is among what it received, in order.
    const names = new Set(told.map(([name]) => name));
    const logged = traffic.filter(({ direction, name }) => direction === 'down' && names.has(name as never));
    expect(logged.map(({ name, data }) => [name, data])).toEqual(told);

    remove();
    const count = traffic.length;
    await client.send('count to two');
    await turns(2);
    expect(traffic).toHaveLength(count);
  });
});
