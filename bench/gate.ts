import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { SignJWT } from 'jose';
import type { Authenticator } from '../src/http/auth/authenticator.ts';
import { createAuthenticator } from '../src/http/auth/create-authenticator.ts';
import { Tickets } from '../src/http/auth/tickets.ts';
import { Gate } from '../src/http/gate.ts';
import { AddressLimits } from '../src/http/limits/address-limits.ts';
import { checkOrigin, type OriginOptions } from '../src/http/origins.ts';
import { matchRoute, type RouteMatch } from '../src/http/route-match.ts';
import { Admission } from '../src/session/admission.ts';
import { MemoryBudget } from '../src/session/memory-budget.ts';
import { inputAudioMs } from '../src/wire/audio-duration.ts';
import { toSizedRequest } from '../src/wire/byte-size.ts';
import { median, print, range, verdict } from './report.ts';
import { cpuPerRoundTrip } from './round-trips.ts';
import type { Servers } from './servers.ts';

/** Maximum share of a round trip. */
const BUDGET_PERCENT = 5;
/** Number of users whose requests are measured in turn. */
const USERS = 8;
/** Calls in one round. */
const CALLS = 200_000;
/** Limit that nothing reaches here. */
const HUGE = 1e15;
const SECRET = 'a-secret-of-more-than-32-characters-for-the-bench';
const ORIGINS: OriginOptions = { allowedOrigins: [], allowedHosts: [], hostCheck: 'always' };
const silent = { debug() {}, error() {}, child: () => silent };

/** A layer: what is done for each request of a voice. */
interface Layer {
  readonly name: string;
  readonly run: (index: number) => unknown;
}

/**
 * Measures what the gate and the limits cost for one POST of 100 ms of speech, layer by layer, as a share of the CPU of a round trip of voice. The
 * layers run in this process, without a network.
 */
export async function measureGate(servers: Servers, rounds: number, roundMs: number): Promise<void> {
  const tripUs = await cpuPerRoundTrip(servers, Math.max(3, Math.ceil(rounds / 2)), roundMs);
  print(`a voice round trip: ${tripUs.toFixed(1)} µs of CPU of the server`);
  const measure = async (layer: Layer) => {
    const us = await measureLayer(layer, rounds);
    const percent = (median(us) / tripUs) * 100;
    print(`  ${layer.name}: ${median(us).toFixed(2)} µs${range(us, 2)}, ${percent.toFixed(1)} % of a round trip`);
    return median(us);
  };
  await measure(originLayer());
  await measure(addressLayer('limits of addresses', []));
  await measure(addressLayer('limits of addresses, behind a trusted proxy', ['192.0.2.1']));
  const audioUs = await measure(audioLayer());
  for (const mode of ['none', 'token', 'jwt'] as const) {
    const authenticator = await openAuthenticator(mode);
    await measure(authLayer(mode, authenticator));
    const gateUs = await measure(gateLayer(mode, authenticator));
    const percent = ((gateUs + audioUs) / tripUs) * 100;
    const sum = `gate and limits, AUTH=${mode}: ${(gateUs + audioUs).toFixed(2)} µs, ${percent.toFixed(1)} % of a round trip`;
    print(`${sum}, ${verdict(percent, BUDGET_PERCENT)} ${BUDGET_PERCENT} %`);
  }
}

/** @returns µs a call, of each round */
async function measureLayer({ run }: Layer, rounds: number): Promise<number[]> {
  const figures: number[] = [];
  // The first round, in which code is compiled, does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < CALLS; index += 1) {
      const result = run(index % USERS);
      if (result instanceof Promise) await result;
    }
    const { user, system } = process.cpuUsage(before);
    if (round > 0) figures.push((user + system) / CALLS);
  }
  return figures;
}

function originLayer(): Layer {
  const requests = createRequests({});
  return { name: 'host and origin', run: (index) => checkOrigin(at(requests, index), ORIGINS, true) };
}

function addressLayer(name: string, trustedProxies: readonly string[]): Layer {
  const limits = openLimits(trustedProxies);
  const requests = createRequests(trustedProxies.length > 0 ? { 'x-forwarded-for': '198.51.100.7' } : {});
  return { name, run: (index) => limits.admit(at(requests, index)) };
}

/** What the session does with the audio of a POST. */
function audioLayer(): Layer {
  const quota = {
    sessions: HUGE,
    readers: HUGE,
    modelConnectionsPerMinute: HUGE,
    audioSPerMinute: HUGE,
    heldBytes: HUGE,
  };
  const admission = new Admission({ user: quota, address: quota, maxSessions: HUGE });
  const memory = new MemoryBudget(HUGE);
  const accounts = Array.from({ length: USERS }, (_, index) =>
    admission.openSession(`talker-${index}`, '192.0.2.1', memory),
  );
  const data = Buffer.alloc(3_200).toString('base64');
  const requests = [toSizedRequest({ blob: { mime_type: 'audio/pcm;rate=16000', data } })];
  const run = (index: number) => {
    const account = at(accounts, index);
    if (inputAudioMs(requests) > 0 && account.isAudioExhausted) throw new Error('the limit was reached');
    account.chargeAudio(inputAudioMs(requests));
  };
  return { name: 'limits of audio, of the user and the address', run };
}

function authLayer(mode: string, { authenticator, requests, routes }: Opened): Layer {
  const run = (index: number) => authenticator.authenticate(at(requests, index), 'send', at(routes, index));
  return { name: `authentication, AUTH=${mode}`, run };
}

/** The whole gate, with everything that it calls. */
function gateLayer(mode: string, { authenticator, requests, matches }: Opened): Layer {
  const gate = new Gate({ origins: ORIGINS, authenticator, limits: openLimits([]), logger: silent });
  return {
    name: `the whole gate, AUTH=${mode}`,
    run: (index) => gate.authorize(at(requests, index), at(matches, index)),
  };
}

interface Opened {
  readonly authenticator: Authenticator;
  readonly requests: readonly IncomingMessage[];
  readonly matches: readonly RouteMatch[];
  readonly routes: readonly { readonly userId: string; readonly sessionId: string }[];
}

async function openAuthenticator(mode: 'none' | 'token' | 'jwt'): Promise<Opened> {
  const users = Array.from({ length: USERS }, (_, index) => `talker-${index}`);
  const tokens = await Promise.all(
    users.map((user) => (mode === 'jwt' ? signToken(user) : `token-of-${user}-0123456789`)),
  );
  const staticTokens = users.map((userId, index) => ({ userId, token: at(tokens, index) }));
  const options = {
    none: { mode: 'none' },
    token: { mode: 'token', tokens: staticTokens },
    jwt: { mode: 'jwt', key: SECRET, issuer: undefined, audience: undefined },
  } as const;
  const tickets = new Tickets({ secret: undefined, isLive: async () => false });
  const authenticator = createAuthenticator(options[mode], tickets, () => {});
  const requests = users.map((user, index) =>
    createRequest(user, mode === 'none' ? {} : { authorization: `Bearer ${at(tokens, index)}` }),
  );
  const matches = requests.map(({ url }) => matchRoute(url) as RouteMatch); // the URLs are ours
  const routes = users.map((userId) => ({ userId, sessionId: 'default' }));
  return { authenticator, requests, matches, routes };
}

function signToken(user: string): Promise<string> {
  const token = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(user).setExpirationTime('1h');
  return token.sign(new TextEncoder().encode(SECRET));
}

function openLimits(trustedProxies: readonly string[]): AddressLimits {
  return new AddressLimits({
    trustedProxies,
    maxConnections: HUGE,
    maxAddressConnections: HUGE,
    requestsPerMinute: HUGE,
    onUntrustedProxy: () => {},
  });
}

function createRequests(headers: Record<string, string>): IncomingMessage[] {
  return Array.from({ length: USERS }, (_, index) => createRequest(`talker-${index}`, headers));
}

function createRequest(user: string, headers: Record<string, string>): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '192.0.2.1' });
  const req = new IncomingMessage(socket);
  req.method = 'POST';
  req.url = `/send/${user}`;
  Object.assign(req.headers, { host: '127.0.0.1:8000', 'content-type': 'application/json', ...headers });
  return req;
}

/** @returns the item at an index below the length */
function at<Item>(items: readonly Item[], index: number): Item {
  return items[index] as Item; // every list here has USERS items
}
