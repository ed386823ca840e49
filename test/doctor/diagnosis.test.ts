import { describe, expect, test } from '@jest/globals';
import { chooseAdvice } from '../../src/doctor/advice.ts';
import { diagnose } from '../../src/doctor/diagnosis.ts';
import type { Examination } from '../../src/doctor/examination.ts';
import { findProducts } from '../../src/doctor/product.ts';
import { formatDuration, formatSize, joinWords } from '../../src/doctor/quantity.ts';
import { formatDiagnosis, formatFinding } from '../../src/doctor/report.ts';

const through = { kind: 'through', ms: 4 } as const;
const lost = { kind: 'lost', ms: 5_016, status: 500 } as const;
/** Examination of a network without faults. */
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
  post: { small: through, audio: through, bodies: [{ bytes: 65_536, result: through }] },
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

const diagnoseChanged = (change: Partial<Examination>) => diagnose({ ...FINE, ...change });

test('the diagnosis of a network without faults names no problem and no setting', () => {
  expect(diagnose(FINE)).toEqual({
    findings: ['No problem was found.'],
    consequences: [
      'The SDK, which the page uses too, starts with an event stream and moves to a WebSocket, for both directions, within some seconds. A plain EventSource and curl get through as well.',
    ],
    settings: ['Nothing.'],
    hurts: false,
  });
});

describe('the diagnosis', () => {
  test.each<[string, Partial<Examination>, string, boolean]>([
    [
      'an event that arrives with the next',
      { stream: held, framing: { framing: 'pusher', helps: true, sessionMs: 20 } },
      'An event arrives only with the next event (measured: the first two together after 252 ms).',
      false,
    ],
    [
      'a held event that neither padding nor WebSocket solves',
      {
        stream: { ...held, beatMs: undefined },
        framing: { framing: 'pusher', helps: false, sessionMs: undefined },
        socket: refused,
      },
      'An event arrives only with the next event (measured: the first after 252 ms; the second, due at 250 ms, did not arrive before the third).',
      true,
    ],
    [
      'a buffered stream',
      { stream: buffered, socket: refused },
      'Event streams are buffered (nothing arrived in 2 s; a poll was answered in 3 ms).',
      true,
    ],
    [
      'a stream that does not open',
      { stream: { kind: 'unopened', status: 502, encoding: undefined, changed: [] } },
      'Event streams do not get through (status 502).',
      false,
    ],
    [
      'chunks that are late',
      { stream: late, socket: refused },
      'Each piece of a stream is delayed by about 207 ms.',
      true,
    ],
    [
      'a compressed stream',
      { stream: { ...FINE.stream, encoding: 'gzip' } },
      'Event streams are compressed (gzip).',
      false,
    ],
    [
      'changed headers',
      { stream: { ...FINE.stream, changed: ['Cache-Control'] } },
      'Headers of the stream are changed (Cache-Control).',
      false,
    ],
    [
      'a removed header',
      { reached: { ...FINE.reached, lastEventId: false } },
      'The Last-Event-ID header is removed from requests.',
      false,
    ],
    [
      'a replaced Host header',
      { reached: { ...FINE.reached, host: false } },
      'The Host header of requests is replaced.',
      true,
    ],
    [
      'an age at which connections end, above the heartbeats',
      { lifetimes: [lifetime('stream', undefined, life(30_010)), lifetime('ws', undefined, life(30_020))] },
      'Streams and WebSockets are ended after 30 s (seen 2 times). The limit is their age, because heartbeats kept them busy.',
      true,
    ],
    [
      'an age below the heartbeats',
      { lifetimes: [lifetime('stream', 4_010, life(2_000), life(4_010), life(4_020))] },
      'Streams are ended after 4 s (seen 3 times). The limit is their age or their silence. The two cannot be distinguished below the 10 s between heartbeats.',
      true,
    ],
    [
      'connections that end at random',
      { lifetimes: [lifetime('ws', undefined, life(1_900), life(3_100))] },
      'WebSockets are ended (some after 1.9 s and 3.1 s).',
      true,
    ],
    [
      'connections that fall silent',
      { lifetimes: [lifetime('stream', undefined, life(4_000, true))], hold: { kind: 'unanswered', afterMs: 30_000 } },
      'Connections are lost without notice (1 connection fell silent and a poll was never answered).',
      true,
    ],
    [
      'a waiting request that is ended',
      { hold: { kind: 'cut', heldMs: 5_000, status: 504 } },
      'A request that waits for its response is ended after 5 s (status 504).',
      false,
    ],
    [
      'POSTs that are answered on the way',
      { post: { small: lost, audio: undefined, bodies: [] }, order: undefined, socket: refused },
      'POSTs do not reach the server: something on the way answers them after 5 s (status 500).',
      true,
    ],
    [
      'POSTs that are refused',
      { post: { small: { kind: 'barred', status: 403 }, audio: undefined, bodies: [] } },
      'POSTs are refused (status 403).',
      false,
    ],
    [
      'POSTs without a response',
      { post: { small: { kind: 'lost', ms: 8_003, status: undefined }, audio: undefined, bodies: [] } },
      'POSTs get no response (given up after 8 s).',
      false,
    ],
    [
      'POSTs that break connections',
      { post: { small: { kind: 'lost', ms: 9, status: undefined }, audio: undefined, bodies: [] } },
      'Connections break when POSTs are sent.',
      false,
    ],
    [
      'POSTs of audio that are refused',
      { post: { ...FINE.post, audio: { kind: 'barred', status: 415 } }, socket: refused },
      'POSTs of audio are refused (status 415).',
      true,
    ],
    [
      'large bodies that are refused',
      {
        post: {
          ...FINE.post,
          bodies: [...FINE.post.bodies, { bytes: 2_097_152, result: { kind: 'barred', status: 413 } }],
        },
      },
      'POST bodies of 2 MB are refused (status 413). Bodies of 64 kB get through.',
      true,
    ],
    [
      'several servers',
      { post: { small: { kind: 'astray' }, audio: undefined, bodies: [] } },
      'Requests are spread over several servers, which do not share sessions.',
      true,
    ],
    [
      'a narrow uplink',
      { post: { ...FINE.post, bodies: [{ bytes: 65_536, result: { kind: 'through', ms: 8_400 } }] } },
      'The uplink carries 62 kbit/s.',
      true,
    ],
    [
      'POSTs that overtake each other',
      { order: { rounds: 5, overtaken: 3, lost: false } },
      'POSTs that are sent at the same time overtake each other (in 3 of 5 rounds of 4).',
      false,
    ],
    ['a refused WebSocket', { socket: refused }, 'WebSocket connections are refused.', false],
    [
      'a mute WebSocket',
      { socket: { kind: 'mute', afterMs: 5_000 } },
      'WebSocket connections deliver nothing (no data in 5 s).',
      false,
    ],
    [
      'a WebSocket that holds',
      { socket: { kind: 'held' } },
      'A message on a WebSocket arrives only with the next message.',
      false,
    ],
    [
      'a deaf WebSocket',
      { socket: { kind: 'deaf', afterMs: 8_000 } },
      'A WebSocket opens, but messages from the client do not get through.',
      false,
    ],
  ])('describes %s in a sentence', (_what, change, sentence, hurts) => {
    const diagnosis = diagnoseChanged(change);
    expect(diagnosis.findings).toContain(sentence);
    expect(diagnosis.hurts).toBe(hurts);
    // Every finding has a consequence. The last consequence is about the SDK.
    expect(diagnosis.consequences.length).toBe(diagnosis.findings.length + 1);
  });
  test.each<[string, Partial<Examination>, RegExp]>([
    ['without WebSocket', { socket: refused }, /receives by an event stream and sends by POSTs\.$/],
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
    ['where streams are buffered', { stream: buffered, socket: refused }, /long polls/],
    [
      'where chunks are late',
      { stream: late, framing: { framing: 'close', helps: true, sessionMs: 5 }, socket: refused },
      /without chunks/,
    ],
    [
      'where chunks are late, whatever the framing',
      { stream: late, framing: { framing: 'close', helps: false, sessionMs: 210 }, socket: refused },
      /receives by an event stream and/,
    ],
    [
      'where connections end at an age',
      { socket: refused, lifetimes: [lifetime('stream', 10_000, life(10_000), life(10_010))] },
      /opens a new connection every 8 s/,
    ],
    [
      'where no POST gets through, nor a WebSocket',
      { socket: refused, post: { small: lost, audio: undefined, bodies: [] } },
      /here they are never answered\.$/,
    ],
  ])('names the transport of the SDK %s', (_what, change, pattern) => {
    expect(diagnoseChanged(change).consequences.at(-1)).toMatch(pattern);
  });

  test('names settings of the products that the response names', () => {
    const headers = new Headers({ Server: 'nginx/1.22.1', Via: '1.1 proxy (squid/5.7)' });
    const { settings } = diagnoseChanged({ stream: buffered, socket: refused, reached: { ...FINE.reached, headers } });
    expect(settings.filter((line) => line.startsWith('nginx: '))).toHaveLength(2);
    expect(settings.filter((line) => line.startsWith('Squid: '))).toHaveLength(2);
  });

  test('gives general advice if the response names no product', () => {
    const { settings } = diagnoseChanged({ stream: buffered, socket: refused });
    expect(settings[0]).toMatch(/^Switch off response buffering for \/events/);
  });

  test('starts the settings of harmless problems with the fact that no change is required', () => {
    const { settings } = diagnoseChanged({ socket: refused });
    expect(settings[0]).toMatch(/^No change is required/);
    expect(settings).toHaveLength(2);
  });

  test('gives general advice for a product without a setting for the topic', () => {
    expect(chooseAdvice('width', ['nginx'])).toEqual(chooseAdvice('width', []));
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
])('a response with %j names the products %j', (headers, products) => {
  expect(findProducts(new Headers(headers as Record<string, string>))).toEqual(products);
});

test('the report is at most 110 characters wide, and names docs/networks.md if it names a setting', () => {
  const report = formatDiagnosis(diagnoseChanged({ stream: buffered, socket: refused }));
  for (const line of report.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  expect(report).toMatch(/^What this network does\n {2}Event streams are buffered/);
  expect(report).toMatch(/docs\/networks\.md$/);
  expect(formatDiagnosis(diagnose(FINE))).toMatch(/What to set\n {2}Nothing\.$/);
});

test('every probe has a line with its measurements', () => {
  const lines = (Object.keys(FINE) as (keyof Examination)[]).map((probe) => formatFinding(probe, FINE[probe]));
  expect(lines.filter((line) => line !== undefined).join('\n')).toBe(
    [
      '  server     bidi-sse/0.1.0, response in 4 ms',
      '  stream     first event after 5 ms; the next, written 250 ms later, after 256 ms',
      '  POST       100 bytes in 4 ms, audio in 4 ms and 64 kB in 4 ms',
      '             four at once arrive in order',
      '  WebSocket  first event after 8 ms; response in 2 ms',
      '  lifetime   stream still open after 35 s',
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
])('a duration of %d ms is formatted as "%s"', (ms, text) => expect(formatDuration(ms)).toBe(text));

test('sizes are formatted in kB and MB, and words are joined with commas and "and"', () => {
  expect([65_536, 2_097_152, 1_572_864].map(formatSize)).toEqual(['64 kB', '2 MB', '1.5 MB']);
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinWords)).toEqual(['', 'a', 'a and b', 'a, b and c']);
});
