import { seededRandom } from '../../seeded-random.ts';
import { type Chaos, startChaosProxy } from '../chaos-proxy.ts';
import type { Profile } from '../profile.ts';

/** Seed that makes two runs see the same network. */
const SEED = 20_261;

function chaos(chaos: Chaos, profile: Omit<Profile, 'programs' | 'open'>): Profile {
  return {
    ...profile,
    programs: [],
    open: async (place) => ({ url: await startChaosProxy(place, chaos, seededRandom(SEED)) }),
  };
}

/** Networks that know next to nothing of HTTP. */
export const chaosProfiles: readonly Profile[] = [
  chaos(
    { delayMs: 60, jitterMs: 80 },
    {
      name: 'delay',
      what: '60 ms of delay each way, and up to 80 ms of jitter',
      steady: true,
      rungs: ['ws'],
      page: true,
    },
  ),
  chaos(
    { cutAboutMs: 3_000 },
    {
      name: 'random-cuts',
      what: 'every connection is cut after 1.5 to 4.5 s',
      steady: true,
      rungs: ['ws', 'stream', 'poll'],
      page: true,
    },
  ),
  chaos(
    { lifetimeMs: 4_000 },
    {
      name: 'lifetime-cap',
      what: 'every connection is ended after 4 s',
      steady: true,
      rungs: ['ws', 'stream', 'poll'],
      page: false,
    },
  ),
  chaos(
    { stallAboutMs: 4_000 },
    {
      name: 'stall',
      what: 'after 2 to 6 s every connection stalls without notice',
      steady: false,
      rungs: ['ws', 'stream', 'pusher', 'poll'],
      page: false,
    },
  ),
  chaos(
    { halfOpenAboutMs: 4_000 },
    {
      name: 'half-open',
      what: 'after 2 to 6 s the server, but not the client, loses the connection',
      steady: false,
      rungs: ['ws', 'stream', 'pusher', 'poll'],
      page: false,
    },
  ),
  chaos(
    { jitterMs: 250, upOnly: true, refusesWebSocket: true },
    {
      name: 'reordered-posts',
      what: 'POSTs are delayed by up to 250 ms each and overtake each other; no WebSocket',
      steady: true,
      rungs: ['stream'],
      parallelPosts: 4,
      page: false,
    },
  ),
  chaos(
    { holdsOneEvent: true, refusesWebSocket: true },
    {
      name: 'one-event-lag',
      what: 'each piece of a stream arrives with the next one; no WebSocket',
      steady: false,
      rungs: ['pusher', 'poll'],
      page: true,
    },
  ),
  chaos(
    { refusesWebSocket: true },
    { name: 'no-websocket', what: 'WebSocket is refused', steady: true, rungs: ['stream'], page: true },
  ),
  chaos(
    { bytesPerSecond: 8_000, delayMs: 30 },
    {
      name: '64-kbit',
      what: '64 kbit/s each way: too narrow for speech (PCM needs 512 down), so one block every 2 s',
      steady: false,
      blockEveryMs: 2_000,
      rungs: ['ws', 'stream'],
      page: false,
    },
  ),
];
