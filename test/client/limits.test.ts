import { describe, expect } from '@jest/globals';
import type { ClientEvents } from '../../src/client/index.ts';
import { readAnswer } from '../../src/client/post.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { said, talk } from './conversation.ts';
import { limitingProxy } from './limiting-proxy.ts';

/** Wait that a refusal asks for, in ms: less than the whole second that `Retry-After` has to name. */
const WAIT_MS = 400;
/** Time by which a timer may fire early, in ms. */
const EARLY_MS = 5;

const limited = (code: 'too_many_requests' | 'server_busy' | 'too_many_connections' = 'too_many_requests') =>
  new WireError(code, undefined, undefined, { retry_after_ms: WAIT_MS });
const isDown = (url = '') => /^\/(events|poll|ws)\//.test(url);

/** Opens a client without jitter, and records its retries. */
function talkTo(options: Parameters<typeof talk>[0]) {
  const me = talk({ random: () => 0, ...options });
  const retries: ClientEvents['retry'][] = [];
  me.client.on('retry', (retry) => retries.push(retry));
  return { ...me, retries };
}

describe.each(['auto', 'sse', 'poll', 'ws'] as const)('over %s', (transport) => {
  test.each(['too_many_requests', 'server_busy'] as const)(
    'a client whose connections are refused with %s waits as long as retry_after_ms says, and connects',
    async (code) => {
      const server = await startTestServer();
      let refusals = 0;
      const url = await limitingProxy(server, ({ url }) => {
        if (!isDown(url) || refusals >= 3) return undefined;
        refusals += 1;
        return limited(code);
      });
      const me = talkTo({ url, transport });
      expect(await me.client.send('count to two')).toEqual({ sent: true });
      await me.turns(1);
      expect(me.retries[0]).toMatchObject({ attempt: 1, delayMs: WAIT_MS, failure: { code } });
      expect(me.states).toEqual(['reconnecting', 'open'].slice(-me.states.length));
    },
  );

  test('a POST that is refused with 429 is sent again after retry_after_ms, in order and once', async () => {
    const server = await startTestServer();
    const refusedAt: number[] = [];
    const takenAt: number[] = [];
    const url = await limitingProxy(server, ({ method, url }, body) => {
      // A WebSocket carries the POSTs of its client itself.
      if (url?.startsWith('/ws/')) return undefined;
      if (method !== 'POST' || !body.includes('"cseq"')) return undefined;
      if (refusedAt.length < 2) {
        refusedAt.push(performance.now());
        return limited();
      }
      takenAt.push(performance.now());
      return undefined;
    });
    const me = talkTo({ url, transport });
    const sent = ['one', 'two', 'three'].map((text) => me.client.send(text));
    expect(await Promise.all(sent)).toEqual([{ sent: true }, { sent: true }, { sent: true }]);
    expect(await said(server)).toEqual(['one', 'two', 'three']);
    expect(me.refused).toEqual([]);
    if (transport === 'ws') return;
    // A client that has moved to a WebSocket meanwhile sends its POSTs there.
    if (transport === 'auto' && takenAt.length === 0) return;
    expect(takenAt[0]).toBeGreaterThanOrEqual((refusedAt.at(-1) ?? 0) + WAIT_MS - EARLY_MS);
  });
});

test('an acknowledgement that is refused with 429 is sent again after retry_after_ms, even if nothing more arrives', async () => {
  const server = await startTestServer();
  const acknowledgedAt: number[] = [];
  const url = await limitingProxy(server, ({ method }, body) => {
    if (method !== 'POST' || body.includes('"cseq"')) return undefined;
    acknowledgedAt.push(performance.now());
    return acknowledgedAt.length === 1 ? limited() : undefined;
  });
  const me = talkTo({ url, transport: 'sse' });
  await me.client.send('count to two');
  await me.turns(1);
  await waitFor('the second acknowledgement', () => acknowledgedAt.length > 1);
  expect((acknowledgedAt[1] ?? 0) - (acknowledgedAt[0] ?? 0)).toBeGreaterThanOrEqual(WAIT_MS - EARLY_MS);
});

test('a client whose ticket is refused with 429 waits as long as retry_after_ms says, and opens its WebSocket', async () => {
  const server = await startTestServer();
  let refusals = 0;
  const url = await limitingProxy(server, ({ url }) => {
    if (!url?.startsWith('/tickets/') || refusals >= 2) return undefined;
    refusals += 1;
    return limited();
  });
  const me = talkTo({ url, transport: 'ws', token: 'a-token' });
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
  expect(me.retries).toMatchObject(
    [1, 2].map((attempt) => ({ attempt, delayMs: WAIT_MS, status: 429, failure: { code: 'too_many_requests' } })),
  );
});

test('a WebSocket that the server refuses for a time is not remembered as one that the network blocks', async () => {
  const server = await startTestServer();
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const handshakes: string[] = [];
  const url = await limitingProxy(server, ({ url = '' }) => {
    if (url.startsWith('/ws/')) handshakes.push(url);
    return /client=[^&]*-trial/.test(url) ? limited('too_many_connections') : undefined;
  });
  const me = talkTo({ url, transport: 'auto', storage });
  await waitFor('the trial', () => handshakes.length > 0);
  await me.client.send('count to two');
  await me.turns(1);
  // A trial that shows something is only counted with the next bytes of the connection in use.
  await me.client.send('count to two');
  await me.turns(2);
  expect(me.client.statistics.rung).toBe('stream');
  expect([...kept.values()].join()).not.toContain('refused');
  // Nobody plays the speech of a trial.
  expect(handshakes).toEqual([expect.stringContaining('audio=none')]);
});

test('the wait of a refused POST is read from the body, from the header without one, and is at most 60 s', () => {
  const header = new Headers({ 'Retry-After': '2' });
  const refusal = (retry_after_ms?: number) => ({ error: 'no', code: 'server_busy', retry: true, retry_after_ms });
  const waits = [
    readAnswer(refusal(WAIT_MS)),
    readAnswer(refusal(WAIT_MS), header),
    readAnswer(refusal(), header),
    readAnswer(refusal(3_600_000)),
    readAnswer(refusal(-1), header),
  ].map((outcome) => (outcome.kind === 'refused' ? outcome.retryAfterMs : undefined));
  expect(waits).toEqual([WAIT_MS, WAIT_MS, 2_000, 60_000, 0]);
});
