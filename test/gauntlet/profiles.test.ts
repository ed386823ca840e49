import { describe, expect, test } from '@jest/globals';
import { through } from './course.ts';
import { type ProbeOrigin, type ProbeStream, startProbeOrigin, webSocketPasses } from './probe-origin.ts';
import type { Profile, Way } from './profile.ts';
import { profiles } from './profiles/all.ts';
import { missingPrograms } from './program.ts';

/** Maximum wait for an event that must arrive, and wait for an event that must not, in ms. */
const PATIENCE_MS = 15_000;
const HELD_MS = 1_000;
const UNBUFFERED = { 'x-accel-buffering': 'no' };
const UNTRANSFORMED = { ...UNBUFFERED, 'cache-control': 'no-store, no-transform' };
const UNCHUNKED = { ...UNBUFFERED, connection: 'close' };

type Probe = (way: Way, origin: ProbeOrigin) => Promise<void>;

/** Expects that every event arrives and the stream stays open. */
async function expectPassed(stream: ProbeStream): Promise<void> {
  for (const text of ['one', 'two']) {
    stream.write(text);
    expect(await stream.arrives(text, PATIENCE_MS)).toBe(true);
  }
}

async function expectHeldToItsEnd(stream: ProbeStream): Promise<void> {
  stream.write('one');
  expect(await stream.arrives('one', HELD_MS)).toBe(false);
  stream.end();
  expect(await stream.arrives('one', PATIENCE_MS)).toBe(true);
}

/** Measures the delays of five events, in ms: a busy machine makes some of them longer, and a proxy that holds chunks may release one early. */
async function lateness(stream: ProbeStream): Promise<{ least: number; median: number }> {
  const late: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const writtenAt = performance.now();
    stream.write(`event ${index}`);
    expect(await stream.arrives(`event ${index}`, PATIENCE_MS)).toBe(true);
    late.push(performance.now() - writtenAt);
  }
  const [least = Number.NaN, , median = Number.NaN] = late.sort((one, other) => one - other);
  return { least, median };
}

const passes: Probe = async (way, origin) => expectPassed(await origin.stream(way));
const holds: Probe = async (way, origin) => expectHeldToItsEnd(await origin.stream(way, UNBUFFERED));
const cutsSilence: Probe = async (way, origin) => {
  const stream = await origin.stream(way, UNBUFFERED);
  await expectPassed(stream);
  // The server ends the stream only when the test is over.
  await stream.over;
};
const delaysChunks: Probe = async (way, origin) => {
  const chunked = await lateness(await origin.stream(way, UNTRANSFORMED));
  expect(chunked.median).toBeGreaterThan(150);
  const { least } = await lateness(await origin.stream(way, UNCHUNKED));
  expect(least).toBeLessThan(chunked.median);
};
const namesItself: Probe = async (way, origin) => {
  const stream = await origin.stream(way);
  expect(stream.requestHeaders.via).toBeDefined();
  await expectPassed(stream);
};

/** Expected effect on an event stream, by the name of the profile. A WebSocket gets through if the profile's rungs include it. */
const FACTS: Readonly<Record<string, readonly [result: string, probe: Probe]>> = {
  nginx: [
    'is held, but gets through with X-Accel-Buffering',
    async (way, origin) => {
      await expectHeldToItsEnd(await origin.stream(way));
      await expectPassed(await origin.stream(way, UNBUFFERED));
    },
  ],
  'nginx-buffering': ['is held in spite of X-Accel-Buffering', holds],
  'nginx-gzip': [
    'is compressed in spite of no-transform and gets through',
    async (way, origin) => {
      const stream = await origin.stream(way, UNTRANSFORMED);
      await expectPassed(stream);
      expect(stream.headers?.get('content-encoding')).toBe('gzip');
    },
  ],
  'nginx-twice': ['is held in spite of X-Accel-Buffering', holds],
  'nginx-3s-timeout': ['gets through and is cut in a silence', cutsSilence],
  'nginx-recommended': ['gets through', passes],
  haproxy: ['arrives with every chunk late, and less late without chunks', delaysChunks],
  'haproxy-no-websocket': ['arrives with every chunk late, and less late without chunks', delaysChunks],
  'haproxy-compression': [
    'is compressed and held, but gets through with no-transform',
    async (way, origin) => {
      const [plain, kept] = [await origin.stream(way), await origin.stream(way, UNTRANSFORMED)];
      await expectPassed(kept);
      await expectHeldToItsEnd(plain);
      expect(plain.headers?.get('content-encoding')).toBe('gzip');
      expect(kept.headers?.get('content-encoding')).toBeNull();
    },
  ],
  'haproxy-4s-timeout': ['gets through and is cut in a silence', cutsSilence],
  'haproxy-tarpit': [
    'gets through while a POST is answered with 500 and does not',
    async (way, origin) => {
      await passes(way, origin);
      expect((await fetch(way.url, { method: 'POST', body: 'Hello' })).status).toBe(500);
      expect(origin.posts).toBe(0);
    },
  ],
  'haproxy-recommended': [
    'arrives with less delay than through HAProxy with its defaults',
    async (way, origin) => {
      const { least } = await lateness(await origin.stream(way));
      const usual = real.find(({ name }) => name === 'haproxy');
      await through(usual as Profile, origin.port, async (way) => {
        const { median } = await lateness(await origin.stream(way));
        expect(least).toBeLessThan(median);
      });
    },
  ],
  squid: ['gets through a proxy that names itself', namesItself],
  'squid-scanner': ['is held', holds],
  'squid-recommended': ['gets through a proxy that names itself', namesItself],
  mitmproxy: ['is held', holds],
  tinyproxy: ['gets through a proxy that names itself', namesItself],
  'apache-deflate': [
    'is compressed and gets through',
    async (way, origin) => {
      const stream = await origin.stream(way, UNTRANSFORMED);
      await expectPassed(stream);
      expect(stream.headers?.get('content-encoding')).toBe('gzip');
    },
  ],
  'apache-recommended': ['gets through', passes],
  'caddy-recommended': ['gets through', passes],
  stunnel: ['gets through', passes],
  ssh: ['gets through', passes],
};

const real = profiles.filter(({ programs }) => programs.length > 0);
const missing = missingPrograms(real.flatMap(({ programs }) => programs));

/** Defines the test of a profile. Skips it with the reason if a program is missing; under CI the test fails then. */
function testThrough(profile: Profile, title: string, probe: Probe): void {
  const why = profile.programs.flatMap((name) => missing.get(name) ?? [])[0];
  if (why !== undefined && process.env.CI !== 'true') {
    test.skip(`${title}; skipped: ${why}`, () => undefined);
    return;
  }
  test.concurrent(title, async () => {
    await using stack = new AsyncDisposableStack();
    const origin = await startProbeOrigin(stack);
    await through(profile, origin.port, async (way) => {
      await probe(way, origin);
      expect(await webSocketPasses(way)).toBe(profile.rungs.includes('ws'));
    });
  });
}

describe('the network of a profile:', () => {
  for (const profile of real) {
    const [result, probe] = FACTS[profile.name] ?? [];
    const socket = profile.rungs.includes('ws') ? 'gets through' : 'does not get through';
    if (result && probe)
      testThrough(profile, `behind ${profile.name} a stream ${result}, and a WebSocket ${socket}`, probe);
  }

  test('every profile with programs has an expectation', () => {
    expect(Object.keys(FACTS).sort()).toEqual(real.map(({ name }) => name).sort());
  });
});
