import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, said, talk, witness } from './conversation.ts';
import { hostileProxy, type Treatment } from './hostile-proxy.ts';

const isStream = (url = '') => url.startsWith('/events');

describe('a client', () => {
  test('on a good line talks over the stream: every event once and in order', async () => {
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

  test('behind a proxy that keeps whole answers polls, and remembers it', async () => {
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

  test('behind a proxy that holds each event until the next has them pushed', async () => {
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

  test('behind the same proxy, whose first heartbeat comes with the answer to what was said at once, misses the end of it, and has events pushed', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? 'lag' : 'pass'));
    const me = talk({ url, transport: 'sse' });
    void me.client.send('count to three');
    // Heartbeats come each 10 s: later than this waits.
    await me.turns(1);
    await waitFor('the padding', () => me.client.statistics.rung === 'pusher');
    await expectSame(me, stream);
  });

  test.each(['auto', 'sse'] as const)(
    'whose streams are cut at random bytes loses and doubles nothing: %s',
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

  test('whose connections are ended at a certain age replaces them before, and loses and doubles nothing', async () => {
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

  test('behind a proxy that holds each chunk for 200 ms has the stream end with its connection instead', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) => (isStream(path) ? { chunkMs: 207 } : 'pass'));
    const me = talk({ url, transport: 'sse', random: () => 0 });
    await waitFor('the session', () => me.sessions.length === 1);
    await me.client.send('count to two');
    await me.turns(1);
    await me.client.send('count to two');
    await waitFor('another framing', () => me.client.statistics.rung === 'close');
    await me.client.send('count to three');
    await me.turns(3);
    await expectSame(me, stream);
    expect(me.client.statistics.rung).toBe('close');
  });

  test('whose polls come slowly, while it speaks, reads each to its end', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    const url = await hostileProxy(server, ({ url: path }) =>
      path?.startsWith('/poll') ? { bytesPerMs: 30 } : 'pass',
    );
    const me = talk({ url, transport: 'poll', isAudio: true });
    await waitFor('the session', () => me.sessions.length === 1);
    await me.client.send('count to nine');
    // Each is answered that nothing is attached: the poll has been answered, as far as the server knows.
    const microphone = setInterval(() => me.client.sendAudio(new Uint8Array(3_200)), 100);
    afterTest(() => clearInterval(microphone));
    await me.turns(1);
    clearInterval(microphone);
    await expectSame(me, stream);
  });

  test('whose poll gets lost, while it speaks, asks again long before it would have been answered', async () => {
    const server = await startTestServer();
    const stream = await witness(server);
    let polls = 0;
    const url = await hostileProxy(server, ({ url: path }) => {
      if (path?.startsWith('/poll')) polls += 1;
      // Held for 20 s, and then waited for some more: longer than this test waits.
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

  test('whose answers to POSTs are swallowed is asked once for each', async () => {
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

  test('with four POSTs at once, which come in any order, is understood in its own', async () => {
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
    /** The last first, each with the time to arrive before the next. */
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

  test('goes on after an outage in which a gateway answers for the server', async () => {
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
