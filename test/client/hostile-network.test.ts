import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test as testAlone } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, said, talk, witness } from './conversation.ts';
import { hostileProxy, type Treatment } from './hostile-proxy.ts';

const isStream = (url = '') => url.startsWith('/events');

describe('on a hostile network', () => {
  test('a client without any proxy uses the stream and receives every event once and in order', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const me = talk({ url: server.url, transport: 'sse' });
    void me.client.send('count to three');
    await me.turns(1);
    void me.client.send('count to two');
    await me.turns(2);
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to three', 'count to two']);
    expect(me.client.statistics).toMatchObject({ rung: 'stream', retries: 0, reconnects: 0, duplicates: 0 });
    expect(me.states).toEqual(['open']);
  });

  test('a client polls behind a proxy that buffers whole answers, and the next client remembers that', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? 'buffer' : 'pass'));
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: kept.set.bind(kept) };
    const me = talk({ url, storage });
    void me.client.send('count to three');
    await me.turns(1);
    void me.client.send('count to two');
    await me.turns(2);
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to three', 'count to two']);
    expect(me.client.statistics.rung).toBe('poll');
    const again = talk({ url, storage });
    expect(again.client.statistics.rung).toBe('poll');
  });

  test('a client uses padding behind a proxy that holds each event until the next one', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? 'lag' : 'pass'));
    const me = talk({ url, transport: 'sse' });
    await waitFor('the padding', () => me.client.statistics.rung === 'pusher');
    void me.client.send('count to three');
    await me.turns(1);
    await expectSame(me, stream);
    expect(me.client.statistics.rung).toBe('pusher');
  });

  test('a client behind such a proxy uses padding even if its first heartbeat arrived together with a reply', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? 'lag' : 'pass'));
    const me = talk({ url, transport: 'sse' });
    void me.client.send('count to three');
    // The next heartbeat comes after 10 s, which is longer than this test waits.
    await me.turns(1);
    await waitFor('the padding', () => me.client.statistics.rung === 'pusher');
    await expectSame(me, stream);
  });

  test.each(['auto', 'sse'] as const)(
    'a client whose streams are cut at random bytes loses and repeats nothing: %s',
    async (transport) => {
      const server = await startTestServer();
      const stream = await witness(server);
      let cuts = 0;
      const url = await hostileProxy(server, ({ url: path }): Treatment => {
        if (!isStream(path) || cuts >= 12) return 'pass';
        cuts += 1;
        return { cutAfter: 700 + ((cuts * 7919) % 500) };
      });
      const me = talk({ url, transport, random: () => 0.05 });
      for (let turn = 1; turn <= 5; turn += 1) {
        void me.client.send('count to twelve');
        await me.turns(turn);
      }
      await expectSame(me, stream);
      expect(cuts).toBeGreaterThan(2);
      expect(await said(server)).toEqual(Array(5).fill('count to twelve'));
      expect(me.client.statistics.reconnects).toBeGreaterThan(2);
    },
  );

  test('a client replaces connections before the age at which a proxy ends them, and loses and repeats nothing', async () => {
    const server = await startTestServer({}, { emulator: { pace: 1 } });
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? { lifetimeMs: 2_400 } : 'pass'));
    const me = talk({ url, transport: 'sse', random: () => 0.05 });
    await waitFor('the limit to be known', () => me.client.statistics.capMs !== undefined);
    void me.client.send('count to twenty');
    await waitFor('some rotations', () => me.client.statistics.rotations >= 3);
    await me.turns(1);
    await expectSame(me, stream);
    expect(me.client.statistics.rung).toBe('stream');
  });

  /** @returns whether the client has changed to the stream without chunks */
  async function talkThroughSlowChunks(): Promise<boolean> {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? { chunkMs: 207 } : 'pass'));
    const me = talk({ url, transport: 'sse', random: () => 0 });
    await waitFor('the session', () => me.sessions.length === 1);
    await me.client.send('count to two');
    await me.turns(1);
    await me.client.send('count to two');
    const deadline = Date.now() + 6_000;
    while (me.client.statistics.rung !== 'close' && Date.now() < deadline) await delay(20);
    if (me.client.statistics.rung !== 'close') return false;
    await me.client.send('count to three');
    await me.turns(3);
    await expectSame(me, stream);
    expect(me.client.statistics.rung).toBe('close');
    return true;
  }

  // Milliseconds decide: the client compares the delay of chunks with that of an empty request, which a busy machine delays, too.
  testAlone('a client uses a stream without chunks behind a proxy that delays each chunk by 200 ms', async () => {
    let attempts = 1;
    while (!(await talkThroughSlowChunks())) {
      attempts += 1;
      expect(attempts).toBeLessThanOrEqual(4);
    }
  });

  test('a client that sends audio reads slow answers to polls to their end', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) =>
      path?.startsWith('/poll') ? { bytesPerMs: 30 } : 'pass',
    );
    const me = talk({ url, transport: 'poll', isAudio: true });
    await waitFor('the session', () => me.sessions.length === 1);
    await me.client.send('count to four');
    // The answer to each POST says that no connection is attached: for the server, the poll has been answered.
    const microphone = setInterval(() => me.client.sendAudio(new Uint8Array(3_200)), 100);
    afterTest(() => clearInterval(microphone));
    await me.turns(1);
    clearInterval(microphone);
    await expectSame(me, stream);
  });

  test('a client that sends audio replaces a lost poll long before the poll would time out', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    let polls = 0;
    const url = await hostileProxy(server, ({ url: path }) => {
      if (path?.startsWith('/poll')) polls += 1;
      // The server holds a poll for 20 s, which is longer than this test waits.
      return polls === 3 && path?.startsWith('/poll') ? new Promise<Treatment>(() => undefined) : 'pass';
    });
    const me = talk({ url, transport: 'poll' });
    const microphone = setInterval(() => me.client.sendAudio(new Uint8Array(3_200)), 100);
    afterTest(() => clearInterval(microphone));
    await waitFor('the session', () => me.sessions.length === 1);
    await me.client.send('count to two');
    await waitFor('a poll after the one that gets lost', () => polls > 3);
    await me.turns(1);
    clearInterval(microphone);
    await expectSame(me, stream);
  });

  test('each text is applied once even if most answers to POSTs are lost', async () => {
    const server = await startTestServer();
    let posts = 0;
    const url = await hostileProxy(server, ({ method }) => {
      if (method !== 'POST') return 'pass';
      posts += 1;
      return posts % 3 === 0 ? 'pass' : 'swallow';
    });
    const me = talk({ url, random: () => 0.05 });
    const texts = ['one', 'two', 'three', 'four', 'five'];
    for (const [index, text] of texts.entries()) {
      void me.client.send(text);
      await me.turns(index + 1);
    }
    expect(await said(server)).toEqual(texts);
    expect(me.client.statistics.retries).toBeGreaterThan(0);
    expect(me.failures).toEqual([]);
  });

  test('four POSTs in flight are applied in their own order, even if they arrive in reverse', async () => {
    const server = await startTestServer();
    const held: { cseq: number; go: () => void }[] = [];
    const numbers: number[] = [];
    const url = await hostileProxy(server, async ({ method }, body): Promise<Treatment> => {
      if (method !== 'POST') return 'pass';
      const { cseq } = JSON.parse(body);
      // Acknowledgements have no number.
      if (cseq === undefined) return 'pass';
      await new Promise<void>((resolve) => {
        held.push({ cseq, go: resolve });
        if (held.length === 4) void release();
      });
      numbers.push(cseq);
      return 'pass';
    });
    /** Releases the POSTs in reverse, each with the time to arrive before the next. */
    const release = async () => {
      held.sort((one, other) => other.cseq - one.cseq);
      for (const { go } of held.splice(0)) {
        go();
        await delay(30);
      }
    };
    const me = talk({ url, parallelPosts: 4 });
    await waitFor('the session', () => me.sessions.length > 0);
    const texts = ['alpha', 'beta', 'gamma', 'delta'];
    for (const text of texts) {
      void me.client.send(text);
      await Promise.resolve();
    }
    await waitFor('all POSTs', () => numbers.length === 4);
    expect(numbers).toEqual([4, 3, 2, 1]);
    await me.turns(1);
    expect(await said(server)).toEqual(texts);
  });

  test('a client recovers from an outage in which a gateway answers for the server, and loses nothing', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    let refused = 0;
    let out = false;
    const url = await hostileProxy(server, ({ url: path }): Treatment => {
      if (out) refused += 1;
      if (out) return 'bad gateway';
      return isStream(path) ? { cutAfter: 1_200 } : 'pass';
    });
    const me = talk({ url, random: () => 0.05 });
    await waitFor('the session', () => me.sessions.length > 0);
    out = true;
    void me.client.send('count to twelve');
    await waitFor('some refusals', () => refused >= 8);
    out = false;
    await me.turns(1);
    void me.client.send('what did I say?');
    await me.turns(2);
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to twelve', 'what did I say?']);
  });
});
