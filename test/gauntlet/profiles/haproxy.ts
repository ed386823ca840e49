import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import type { Place, Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { recommended } from '../recommended.ts';

/** Starts HAProxy on a free port. @param config for the port on which it listens */
async function startHaproxy(place: Place, config: (listen: number) => string): Promise<string> {
  const listen = await freePort();
  const file = join(place.directory, 'haproxy.cfg');
  await writeFile(file, `${config(listen)}\n`);
  await startProgram(place, { program: 'haproxy', args: ['-db', '-f', file], port: listen });
  return `http://127.0.0.1:${listen}`;
}

/**
 * Configures HAProxy with Debian's defaults and these settings. HAProxy holds some chunks for 200 ms, which is more jitter than
 * a steady network has.
 */
function plain(...settings: readonly string[]): (listen: number, port: number) => string {
  return (listen, port) => `defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
listen gauntlet
  bind 127.0.0.1:${listen}
  ${settings.join('\n  ')}
  server ours 127.0.0.1:${port}`;
}

function haproxy(
  profile: Omit<Profile, 'programs' | 'open'>,
  config: (listen: number, port: number) => string,
): Profile {
  return {
    ...profile,
    programs: ['haproxy'],
    open: async (place) => ({ url: await startHaproxy(place, (listen) => config(listen, place.port)) }),
  };
}

const NO_WEBSOCKET = 'http-request deny if { req.hdr(Upgrade) -m found }';

export const haproxyProfiles: readonly Profile[] = [
  haproxy(
    {
      name: 'haproxy',
      what: 'HAProxy with its defaults: each chunk is held for 200 ms; WebSocket gets through',
      steady: false,
      rungs: ['ws'],
      page: true,
    },
    plain(),
  ),
  haproxy(
    {
      name: 'haproxy-no-websocket',
      what: 'HAProxy with its defaults, but WebSocket is refused',
      steady: false,
      rungs: ['close', 'stream'],
      page: false,
    },
    plain(NO_WEBSOCKET),
  ),
  haproxy(
    {
      name: 'haproxy-compression',
      what: 'HAProxy that compresses event streams but obeys no-transform; no WebSocket',
      steady: false,
      rungs: ['close', 'stream'],
      page: false,
    },
    plain(NO_WEBSOCKET, 'compression algo gzip', 'compression type text/event-stream application/json text/plain'),
  ),
  haproxy(
    {
      name: 'haproxy-4s-timeout',
      what: 'HAProxy that ends connections after 4 s of silence of the server',
      steady: false,
      rungs: ['ws', 'stream', 'close', 'poll'],
      page: false,
    },
    plain('timeout server 4s'),
  ),
  haproxy(
    {
      name: 'haproxy-tarpit',
      what: 'HAProxy that holds each POST for 5 s and answers with 500; WebSocket gets through',
      steady: true,
      rungs: ['ws'],
      page: true,
    },
    plain('timeout tarpit 5s', 'http-request tarpit if METH_POST'),
  ),
  haproxy(
    {
      name: 'haproxy-recommended',
      what: 'HAProxy with the configuration of docs/networks.md',
      steady: true,
      rungs: ['ws'],
      page: false,
    },
    (listen, port) =>
      recommended('haproxy', { 'bind :80': `bind 127.0.0.1:${listen}`, '127.0.0.1:8000': `127.0.0.1:${port}` }),
  ),
];
