import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { concurrentTest as test } from '../concurrent-test.ts';
import { cuttableLine } from '../http/cuttable-line.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, said, talk, witness } from './conversation.ts';
import { type SocketFate, socketLine } from './socket-line.ts';

const keep = () => {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
};

describe('with transport ws', () => {
  test('a client sends and receives over the WebSocket, once and in order, and reports refusals', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const me = talk({ url: server.url, transport: 'ws' });
    expect(await me.client.send('count to three')).toEqual({ sent: true });
    await me.turns(1);
    expect(await me.client.send({ mime_type: 'video/mp4', data: 'AAAA' })).toMatchObject({
      sent: false,
      refusal: { code: 'unsupported_mime_type' },
    });
    for (const text of ['one', 'two', 'three']) void me.client.send(text);
    await me.client.send('what did I say?');
    await me.turns(2);
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to three', 'one', 'two', 'three', 'what did I say?']);
    expect(me.client.statistics).toMatchObject({ rung: 'ws', retries: 0, reconnects: 0 });
    await me.client.send({ close: true });
    await waitFor('the end', () => me.client.state === 'ended');
  });

  test('a client sends audio over the WebSocket and receives audio', async () => {
    const server = await startTestServer();
    const me = talk({ url: server.url, transport: 'ws', isAudio: true });
    me.client.sendAudio(new Uint8Array(3_200));
    await me.client.send('count to three');
    await me.turns(1);
    expect(
      me.told.filter(([, data]) => (data as { mime_type?: string }).mime_type === 'audio/pcm').length,
    ).toBeGreaterThan(0);
    expect(me.refused).toEqual([]);
  });

  test('a client whose WebSocket is cut repeatedly loses and repeats nothing, down or up', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    let cuts = 0;
    const url = await socketLine(server, (): SocketFate => {
      if (cuts >= 12) return 'pass';
      cuts += 1;
      return { cutAfter: 900 + ((cuts * 7919) % 700) };
    });
    const me = talk({ url, transport: 'ws', random: () => 0.05 });
    for (let turn = 1; turn <= 5; turn += 1) {
      expect(await me.client.send('count to twelve')).toEqual({ sent: true });
      await me.turns(turn);
    }
    await expectSame(me, stream);
    expect(cuts).toBeGreaterThan(2);
    expect(await said(server)).toEqual(Array(5).fill('count to twelve'));
  });
});

test.each([
  '{"event":"session","data":{}}',
  '{"event":"session","data":null}',
  '{"event":"hb","data":null}',
  'no JSON',
  '[]',
])('a client that receives %s over its WebSocket opens another and throws nothing', async (frame) => {
  const fake = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  let sockets = 0;
  fake.on('connection', (socket) => {
    sockets += 1;
    socket.send(frame);
    if (sockets > 1) return;
    setTimeout(() => socket.close(), 50);
  });
  await once(fake, 'listening');
  afterTest(() => {
    for (const socket of fake.clients) socket.terminate();
    fake.close();
  });
  const { port } = fake.address() as AddressInfo; // a TCP server that listens has one
  const me = talk({ url: `http://127.0.0.1:${port}`, transport: 'ws', random: () => 0.05 });
  await waitFor('another', () => sockets > 1);
  me.client.close();
});

describe('with transport auto', () => {
  test('a client begins with a stream, moves to a WebSocket without loss, and the next client remembers that', async () => {
    const server = await startTestServer({}, { emulator: { pace: 2 } });
    const stream = await witness(server);
    const storage = keep();
    const me = talk({ url: server.url, storage });
    expect(me.client.statistics.rung).toBe('stream');
    void me.client.send('count to twenty');
    await waitFor('the WebSocket', () => me.client.statistics.rung === 'ws' && me.client.statistics.rotations > 0);
    await me.turns(1);
    void me.client.send('count to two');
    await me.turns(2);
    await expectSame(me, stream);
    expect(me.states).toEqual(['open']);
    const again = talk({ url: server.url, storage });
    void again.client.send('count to two');
    await again.turns(1);
    expect(again.client.statistics.rung).toBe('ws');
  });

  test.each(['refuse', 'mute'] as const)(
    'a client keeps its stream where WebSockets do not work (%s), and tries no second one',
    async (fate) => {
      const server = await startTestServer({}, { emulator: { pace: 2 } });
      const stream = await witness(server);
      let asked = 0;
      const url = await socketLine(server, () => {
        asked += 1;
        return fate;
      });
      const storage = keep();
      const me = talk({ url, storage });
      void me.client.send('count to twenty');
      await waitFor('the trial', () => asked > 0);
      await me.turns(1);
      await expectSame(me, stream);
      expect([me.states, me.client.statistics.rung, me.client.statistics.reconnects]).toEqual([['open'], 'stream', 0]);
      await waitFor('the refusal to be remembered', () =>
        storage.getItem(`bidi-sse:network:${url}`)?.includes('refused'),
      );
      talk({ url, storage });
      me.client.reconnect();
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(asked).toBe(1);
    },
  );

  test('a client that remembers a WebSocket uses a stream when WebSockets no longer work', async () => {
    const server = await startTestServer();
    const storage = keep();
    const url = await socketLine(server, () => 'mute');
    storage.setItem(
      `bidi-sse:network:${url}`,
      JSON.stringify({ rung: 'ws', socket: 'untried', until: Date.now() + 60_000 }),
    );
    const me = talk({ url, storage });
    void me.client.send('count to two');
    await me.turns(1);
    await waitFor('the stream', () => me.client.statistics.rung === 'stream');
    expect(await said(server)).toEqual(['count to two']);
  });

  test('a client with headers opens no WebSocket, which could not send them', async () => {
    const server = await startTestServer();
    let asked = 0;
    const url = await socketLine(server, () => {
      asked += 1;
      return 'pass';
    });
    const me = talk({ url, headers: { Authorization: 'Bearer x' } });
    await waitFor('the session', () => me.client.state === 'open');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect([asked, me.client.statistics.rung]).toEqual([0, 'stream']);
  });
});

/** The POST of the outage hangs, so that the client tries other ways, none of which works. */
test.each(['away', 'silent'] as const)(
  'a client that sends during an outage (%s) uses a WebSocket afterwards and remembers no refusal',
  async (outage) => {
    const server = await startTestServer();
    const stream = await witness(server);
    const line = await cuttableLine(server);
    const storage = keep();
    const me = talk({ url: line.url, random: () => 0.05, storage });
    await waitFor('the stream', () => me.sessions.length > 0);
    if (outage === 'away') {
      await waitFor('the WebSocket', () => me.client.statistics.rung === 'ws');
      line.cut();
    }
    line[outage] = true;
    void me.client.send('count to two');
    // The outage lasts longer than a trial.
    await delay(outage === 'away' ? 4_000 : 7_000);
    line[outage] = false;
    await me.turns(1);
    await waitFor('the WebSocket again', () => me.client.statistics.rung === 'ws');
    expect(storage.getItem(`bidi-sse:network:${line.url}`)).not.toContain('refused');
    await expectSame(me, stream);
  },
);
