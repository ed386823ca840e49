import { describe, expect, test } from '@jest/globals';
import { through } from './course.ts';
import { type ProbeOrigin, type ProbeStream, startProbeOrigin, webSocketPasses } from './probe-origin.ts';
import type { Profile, Way } from './profile.ts';
import { profiles } from './profiles/all.ts';
import { missingPrograms } from './program.ts';

/** How long something is waited for that must come, ms; and for something that must not. */
const PATIENCE_MS = 15_000;
const HELD_MS = 1_000;
const UNBUFFERED = { 'x-accel-buffering': 'no' };
const UNTRANSFORMED = { ...UNBUFFERED, 'cache-control': 'no-store, no-transform' };
const UNCHUNKED = { ...UNBUFFERED, connection: 'close' };

type Probe = (way: Way, origin: ProbeOrigin) => Promise<void>;

/** Whatever is written to it arrives, and it goes on. */
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

/** How late what is written to it arrives: the middle one of five, ms. */
async function lateness(stream: ProbeStream): Promise<number> {
  const late: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const writtenAt = performance.now();
    stream.write(`event ${index}`);
    expect(await stream.arrives(`event ${index}`, PATIENCE_MS)).toBe(true);
    late.push(performance.now() - writtenAt);
  }
  return late.sort((one, other) => one - other)[2] ?? Number.NaN;
}

const passes: Probe = async (way, origin) => expectPassed(await origin.stream(way));
const holds: Probe = async (way, origin) => expectHeldToItsEnd(await origin.stream(way, UNBUFFERED));
const cutsSilence: Probe = async (way, origin) => {
  const stream = await origin.stream(way, UNBUFFERED);
  await expectPassed(stream);
  // The server ends it only when the test is over.
  await stream.over;
};
const delaysChunks: Probe = async (way, origin) => {
  const chunked = await lateness(await origin.stream(way, UNTRANSFORMED));
  expect(chunked).toBeGreaterThan(150);
  expect(await lateness(await origin.stream(way, UNCHUNKED))).toBeLessThan(chunked);
};
const namesItself: Probe = async (way, origin) => {
  const stream = await origin.stream(way);
  expect(stream.requestHeaders.via).toBeDefined();
  await expectPassed(stream);
};

/** What is true of a network, by the name of its profile; beside that, a WebSocket passes where its rungs say so. */
const FACTS: Readonly<Record<string, readonly [result: string, probe: Probe]>> = {
  nginx: [
    'it is held, and passes with X-Accel-Buffering',
    async (way, origin) => {
      await expectHeldToItsEnd(await origin.stream(way));
      await expectPassed(await origin.stream(way, UNBUFFERED));
    },
  ],
  'nginx-buffering': ['it is held in spite of X-Accel-Buffering', holds],
  'nginx-gzip': [
    'it is compressed in spite of no-transform, and passes',
    async (way, origin) => {
      const stream = await origin.stream(way, UNTRANSFORMED);
      await expectPassed(stream);
      expect(stream.headers?.get('content-encoding')).toBe('gzip');
    },
  ],
  'nginx-twice': ['it is held in spite of X-Accel-Buffering', holds],
  'nginx-3s-timeout': ['it passes, and is cut in a silence', cutsSilence],
  'nginx-recommended': ['it passes', passes],
  haproxy: ['each chunk of it is late, and it is less so without chunks', delaysChunks],
  'haproxy-no-websocket': ['each chunk of it is late, and it is less so without chunks', delaysChunks],
  'haproxy-compression': [
    'it is compressed and held, but passes with no-transform',
    async (way, origin) => {
      const [plain, kept] = [await origin.stream(way), await origin.stream(way, UNTRANSFORMED)];
      await expectPassed(kept);
      await expectHeldToItsEnd(plain);
      expect(plain.headers?.get('content-encoding')).toBe('gzip');
      expect(kept.headers?.get('content-encoding')).toBeNull();
    },
  ],
  'haproxy-4s-timeout': ['it passes, and is cut in a silence', cutsSilence],
  'haproxy-tarpit': [
    'it passes, and a POST is answered 500 without having got through',
    async (way, origin) => {
      await passes(way, origin);
      expect((await fetch(way.url, { method: 'POST', body: 'Hello' })).status).toBe(500);
      expect(origin.posts).toBe(0);
    },
  ],
  'haproxy-recommended': [
    'its chunks are not as late as through HAProxy as it comes',
    async (way, origin) => {
      const late = await lateness(await origin.stream(way));
      const usual = real.find(({ name }) => name === 'haproxy');
      await through(usual as Profile, origin.port, async (way) => {
        expect(late).toBeLessThan(await lateness(await origin.stream(way)));
      });
    },
  ],
  squid: ['it passes, through a proxy that names itself', namesItself],
  'squid-scanner': ['it is held', holds],
  'squid-recommended': ['it passes, through a proxy that names itself', namesItself],
  mitmproxy: ['it is held', holds],
  tinyproxy: ['it passes, through a proxy that names itself', namesItself],
  'apache-deflate': [
    'it is compressed, and passes',
    async (way, origin) => {
      const stream = await origin.stream(way, UNTRANSFORMED);
      await expectPassed(stream);
      expect(stream.headers?.get('content-encoding')).toBe('gzip');
    },
  ],
  'apache-recommended': ['it passes', passes],
  'caddy-recommended': ['it passes', passes],
  stunnel: ['it passes', passes],
  ssh: ['it passes', passes],
};

const real = profiles.filter(({ programs }) => programs.length > 0);
const missing = missingPrograms(real.flatMap(({ programs }) => programs));

/** Runs a test, or says why not: a program is missing. Under CI it fails then. */
function testThrough(profile: Profile, title: string, probe: Probe): void {
  const why = profile.programs.flatMap((name) => missing.get(name) ?? [])[0];
  if (why !== undefined && process.env.CI !== 'true') {
    test.skip(`${title} (skipped: ${why})`, () => undefined);
    return;
  }
  test.concurrent(title, async () => {
    await using stack = new AsyncDisposableStack();
    const origin = await startProbeOrigin(stack);
    await through(profile, origin.port, async (way) => {
      await probe(way, origin);
      expect(await webSocketPasses(way)).toBe(profile.rungs.includes('ws'));
    });
  }, 60_000);
}

describe('What stands in the way', () => {
  for (const profile of real) {
    const [result, probe] = FACTS[profile.name] ?? [];
    const socket = profile.rungs.includes('ws') ? 'passes' : 'does not';
    if (result && probe) testThrough(profile, `${profile.name}, a stream: ${result}; a WebSocket ${socket}`, probe);
  }

  test('a profile with programs: what it does to a stream stands above', () => {
    expect(Object.keys(FACTS).sort()).toEqual(real.map(({ name }) => name).sort());
  });
});
