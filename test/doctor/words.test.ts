import { describe, expect, test } from '@jest/globals';
import { adviceOn } from '../../src/doctor/advice.ts';
import type { Examination } from '../../src/doctor/examination.ts';
import { productsIn } from '../../src/doctor/product.ts';
import { list, size, time } from '../../src/doctor/quantity.ts';
import { conclusion, findingLine } from '../../src/doctor/report.ts';
import { putIntoWords } from '../../src/doctor/words.ts';

const through = { kind: 'through', ms: 4 } as const;
const lost = { kind: 'lost', ms: 5_016, status: 500 } as const;
/** Of a network that does nothing. */
const FINE: Examination = {
  reached: {
    server: 'bidi-sse/0.1.0',
    cursor: 'epoch.2',
    roundTripMs: 4,
    heartbeatMs: 10_000,
    bodyBytes: 4_194_304,
    model: 'ready',
    headers: new Headers(),
    lastEventId: true,
    host: true,
  },
  stream: { kind: 'good', sessionMs: 5, beatMs: 256, encoding: undefined, changed: [] },
  framing: undefined,
  post: { small: through, audio: through, bodies: [{ bytes: 65_536, carried: through }] },
  order: { rounds: 5, overtaken: 0, lost: false },
  socket: { kind: 'good', sessionMs: 8, postMs: 2 },
  lifetimes: [{ rung: 'stream', watchedMs: 35_000, lives: [], capMs: undefined, drained: false }],
  hold: { kind: 'held', heldMs: 20_000 },
};
const refused = { kind: 'refused', afterMs: 3 } as const;
const held = { kind: 'held', sessionMs: 252, beatMs: 253, encoding: undefined, changed: [] } as const;
const buffered = {
  kind: 'buffered',
  waitedMs: 2_004,
  pollMs: 3,
  headMs: undefined,
  encoding: undefined,
  changed: [],
} as const;
const late = { kind: 'late', extraMs: 207, encoding: undefined, changed: [] } as const;
const life = (ms: number, silent = false) => ({ ms, silent });
const lifetime = (rung: 'stream' | 'ws', capMs: number | undefined, ...lives: ReturnType<typeof life>[]) => ({
  rung,
  watchedMs: 35_000,
  lives,
  capMs,
  drained: false,
});

const said = (change: Partial<Examination>) => putIntoWords({ ...FINE, ...change });

test('a network that does nothing: says so, and that nothing is to be set', () => {
  expect(putIntoWords(FINE)).toEqual({
    does: ['Nothing that a conversation would notice.'],
    means: [
      'The SDK (the page has it, too) begins with a stream and moves to a WebSocket, for both directions, within some seconds. A plain EventSource and curl get through as well.',
    ],
    set: ['Nothing.'],
    hurts: false,
  });
});

describe('What a network does, in a sentence', () => {
  test.each<[string, Partial<Examination>, string, boolean]>([
    [
      'an event that comes with the next',
      { stream: held, framing: { framing: 'pusher', helps: true, sessionMs: 20 } },
      'It holds an event back until the next one comes (seen: the first after 252 ms, together with the one after it).',
      false,
    ],
    [
      'the same, where neither padding nor WebSocket helps',
      {
        stream: { ...held, beatMs: undefined },
        framing: { framing: 'pusher', helps: false, sessionMs: undefined },
        socket: refused,
      },
      'It holds an event back until the next one comes (seen: the first after 252 ms, the second, due at 250 ms, not at all until the third).',
      true,
    ],
    [
      'a stream of which nothing comes',
      { stream: buffered, socket: refused },
      'It keeps the answer of a stream to itself (nothing of it in 2 s; a poll was answered in 3 ms).',
      true,
    ],
    [
      'a stream that does not open',
      { stream: { kind: 'unopened', status: 502, encoding: undefined, changed: [] } },
      'It does not let the stream through (status 502).',
      false,
    ],
    [
      'chunks that are late',
      { stream: late, socket: refused },
      'It adds about 207 ms to each piece of a stream.',
      true,
    ],
    [
      'a compressed stream',
      { stream: { ...FINE.stream, encoding: 'gzip' } },
      'It compresses the event stream (gzip).',
      false,
    ],
    [
      'changed headers',
      { stream: { ...FINE.stream, changed: ['Cache-Control'] } },
      'It changes headers of the stream (Cache-Control).',
      false,
    ],
    [
      'a lost header',
      { reached: { ...FINE.reached, lastEventId: false } },
      'It takes the Last-Event-ID header out of requests.',
      false,
    ],
    [
      'another Host',
      { reached: { ...FINE.reached, host: false } },
      'It puts another name into the Host header of requests.',
      true,
    ],
    [
      'an age at which connections end, above the heartbeats',
      { lifetimes: [lifetime('stream', undefined, life(30_010)), lifetime('ws', undefined, life(30_020))] },
      'It ends streams and WebSockets after 30 s (seen 2 times): their age, since heartbeats had kept them busy.',
      true,
    ],
    [
      'an age below the heartbeats',
      { lifetimes: [lifetime('stream', 4_010, life(2_000), life(4_010), life(4_020))] },
      'It ends streams after 4 s (seen 3 times); their age or their silence, which cannot be told apart below the 10 s between heartbeats.',
      true,
    ],
    [
      'connections that end at random',
      { lifetimes: [lifetime('ws', undefined, life(1_900), life(3_100))] },
      'It ends WebSockets (some after 1.9 s and 3.1 s).',
      true,
    ],
    [
      'connections that fall silent',
      { lifetimes: [lifetime('stream', undefined, life(4_000, true))], hold: { kind: 'unanswered', afterMs: 30_000 } },
      'It loses connections without telling anybody (1 of them fell silent and a poll was never answered).',
      true,
    ],
    [
      'a request that waits and is given up',
      { hold: { kind: 'cut', heldMs: 5_000, status: 504 } },
      'It gives up a request that waits for its answer, after 5 s (status 504).',
      false,
    ],
    [
      'POSTs that are answered on the way',
      { post: { small: lost, audio: undefined, bodies: [] }, order: undefined, socket: refused },
      'It answers POSTs itself, after 5 s (status 500).',
      true,
    ],
    [
      'POSTs that are refused',
      { post: { small: { kind: 'barred', status: 403 }, audio: undefined, bodies: [] } },
      'It refuses POSTs (status 403).',
      false,
    ],
    [
      'POSTs without an answer',
      { post: { small: { kind: 'lost', ms: 8_003, status: undefined }, audio: undefined, bodies: [] } },
      'It lets POSTs wait without an answer (given up after 8 s).',
      false,
    ],
    [
      'POSTs that break connections',
      { post: { small: { kind: 'lost', ms: 9, status: undefined }, audio: undefined, bodies: [] } },
      'It breaks connections off at POSTs.',
      false,
    ],
    [
      'POSTs of audio that are refused',
      { post: { ...FINE.post, audio: { kind: 'barred', status: 415 } }, socket: refused },
      'It refuses POSTs of audio (status 415).',
      true,
    ],
    [
      'large bodies that are refused',
      {
        post: {
          ...FINE.post,
          bodies: [...FINE.post.bodies, { bytes: 2_097_152, carried: { kind: 'barred', status: 413 } }],
        },
      },
      'It refuses POST bodies of 2 MB (status 413); 64 kB pass.',
      true,
    ],
    [
      'several servers',
      { post: { small: { kind: 'astray' }, audio: undefined, bodies: [] } },
      'It spreads requests over several servers, which do not know each other’s sessions.',
      true,
    ],
    [
      'a narrow line',
      { post: { ...FINE.post, bodies: [{ bytes: 65_536, carried: { kind: 'through', ms: 8_400 } }] } },
      'It carries 62 kbit/s up.',
      true,
    ],
    [
      'POSTs that overtake each other',
      { order: { rounds: 5, overtaken: 3, lost: false } },
      'It lets POSTs that are sent at once overtake each other (in 3 of 5 rounds of 4).',
      false,
    ],
    ['no WebSocket', { socket: refused }, 'It does not let WebSocket through.', false],
    [
      'a mute WebSocket',
      { socket: { kind: 'mute', afterMs: 5_000 } },
      'It lets WebSockets hang (nothing came in 5 s).',
      false,
    ],
    [
      'a WebSocket that holds',
      { socket: { kind: 'held' } },
      'It holds back what comes down a WebSocket until more comes.',
      false,
    ],
    [
      'a deaf WebSocket',
      { socket: { kind: 'deaf', afterMs: 8_000 } },
      'It lets nothing up a WebSocket, though it opens.',
      false,
    ],
  ])('%s', (_what, change, sentence, hurts) => {
    const words = said(change);
    expect(words.does).toContain(sentence);
    expect(words.hurts).toBe(hurts);
    // Each has a meaning, and the last sentence is about the SDK.
    expect(words.means.length).toBe(words.does.length + 1);
  });
});

describe('What the SDK does about it', () => {
  test.each<[string, Partial<Examination>, RegExp]>([
    ['without WebSocket', { socket: refused }, /reads an event stream, and sends POSTs\.$/],
    [
      'where padding helps',
      { stream: held, framing: { framing: 'pusher', helps: true, sessionMs: 20 }, socket: refused },
      /with padding/,
    ],
    [
      'where padding does not help',
      { stream: held, framing: { framing: 'pusher', helps: false, sessionMs: 900 }, socket: refused },
      /long polls/,
    ],
    ['where nothing of a stream comes', { stream: buffered, socket: refused }, /long polls/],
    [
      'where chunks are late',
      { stream: late, framing: { framing: 'close', helps: true, sessionMs: 5 }, socket: refused },
      /without chunks/,
    ],
    [
      'where chunks are late, whatever the framing',
      { stream: late, framing: { framing: 'close', helps: false, sessionMs: 210 }, socket: refused },
      /reads an event stream, and/,
    ],
    [
      'where connections end at an age',
      { socket: refused, lifetimes: [lifetime('stream', 10_000, life(10_000), life(10_010))] },
      /opens the next one every 8 s/,
    ],
    [
      'where no POST gets through, nor a WebSocket',
      { socket: refused, post: { small: lost, audio: undefined, bodies: [] } },
      /which here is never\.$/,
    ],
  ])('%s', (_what, change, pattern) => {
    expect(said(change).means.at(-1)).toMatch(pattern);
  });
});

describe('What to set', () => {
  test('a product that has named itself: in the words of its configuration', () => {
    const headers = new Headers({ Server: 'nginx/1.22.1', Via: '1.1 proxy (squid/5.7)' });
    const { set } = said({ stream: buffered, socket: refused, reached: { ...FINE.reached, headers } });
    expect(set.filter((line) => line.startsWith('nginx: '))).toHaveLength(2);
    expect(set.filter((line) => line.startsWith('Squid: '))).toHaveLength(2);
  });

  test('nobody has named himself: for whoever it is', () => {
    expect(said({ stream: buffered, socket: refused }).set[0]).toMatch(/^Switch off response buffering for \/events/);
  });

  test('what does not hurt: says first that nothing has to be set', () => {
    expect(said({ socket: refused }).set[0]).toMatch(/^Nothing has to be set/);
    expect(said({ socket: refused }).set).toHaveLength(2);
  });

  test('a product without a setting for it: the general one', () => {
    expect(adviceOn('width', ['nginx'])).toEqual(adviceOn('width', []));
  });
});

test.each([
  [{ Server: 'nginx' }, ['nginx']],
  [{ Server: 'openresty/1.21' }, ['nginx']],
  [{ Server: 'Apache/2.4.66 (Debian)' }, ['Apache']],
  [{ Via: '1.1 Caddy' }, ['Caddy']],
  [{ Server: 'cloudflare', 'CF-Ray': '8a-FRA' }, ['Cloudflare']],
  [{ 'Set-Cookie': 'AWSALB=x; Path=/' }, ['AWS load balancer']],
  [{ Server: 'Google Frontend' }, ['Google Cloud']],
  [{ Via: '1.1 google' }, ['Google Cloud']],
  [{ Server: 'envoy' }, ['Envoy']],
  [{ Via: '1.1 varnish (Varnish/7.1)' }, ['Varnish']],
  [{ Via: '1.1 host (squid/5.7)' }, ['Squid']],
  [{ Server: 'something' }, []],
])('an answer with %j: %j is on the way', (headers, products) => {
  expect(productsIn(new Headers(headers as Record<string, string>))).toEqual(products);
});

test('the report is as wide as a page, and names the page with more unless nothing is to be set', () => {
  const report = conclusion(said({ stream: buffered, socket: refused }));
  for (const line of report.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  expect(report).toMatch(/^What this network does\n {2}It keeps/);
  expect(report).toMatch(/docs\/networks\.md$/);
  expect(conclusion(putIntoWords(FINE))).toMatch(/What to set\n {2}Nothing\.$/);
});

test('each probe has a line with its figures', () => {
  const lines = (Object.keys(FINE) as (keyof Examination)[]).map((probe) => findingLine(probe, FINE[probe]));
  expect(lines.filter((line) => line !== undefined).join('\n')).toBe(
    [
      '  server     bidi-sse/0.1.0, answers in 4 ms',
      '  stream     first event after 5 ms, the next, written 250 ms later, after 256 ms',
      '  POST       100 bytes in 4 ms, audio in 4 ms and 64 kB in 4 ms',
      '             four at once come in order',
      '  WebSocket  first event after 8 ms, answers in 2 ms',
      '  lifetime   stream alive after 35 s',
      '  long poll  held for 20 s, then answered',
    ].join('\n'),
  );
});

test.each([
  [0.2, '1 ms'],
  [252.4, '252 ms'],
  [999.6, '1 s'],
  [2_140, '2.1 s'],
  [35_010, '35 s'],
])('a time of %d ms is "%s"', (ms, text) => expect(time(ms)).toBe(text));

test('sizes and lists read as one would say them', () => {
  expect([size(65_536), size(2_097_152), size(1_572_864)]).toEqual(['64 kB', '2 MB', '1.5 MB']);
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a and b', 'a, b and c']);
});
