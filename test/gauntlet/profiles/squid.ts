import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import { throughProxy } from '../forward-proxy.ts';
import { startIcapScanner } from '../icap-scanner.ts';
import type { Place, Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { recommended } from '../recommended.ts';

/** Starts squid on a free port. @param config for the port on which it listens */
async function startSquid(place: Place, config: (listen: number) => string): Promise<string> {
  const listen = await freePort();
  const file = join(place.directory, 'squid.conf');
  // Disable the cache, logs, files and helpers.
  await writeFile(
    file,
    `pid_filename none
cache_log /dev/null
access_log none
pinger_enable off
cache deny all
shutdown_lifetime 0 seconds
visible_hostname gauntlet
${config(listen)}
`,
  );
  // Names of shared memory come from the service's name.
  const args = ['-N', '-n', `gauntlet${listen}`, '-d', '1', '-f', file];
  await startProgram(place, { program: 'squid', args, port: listen });
  return `http://127.0.0.1:${listen}`;
}

/** Rules of Debian's configuration: a tunnel may lead to port 443 only. */
const DEBIAN = `acl SSL_ports port 443
http_access deny CONNECT !SSL_ports
http_access allow localhost
http_access deny all`;

/** Squid 5.7 gives a scanner that waits for the end the first 64 KiB of a body and no more, for ever: the page's script is larger. */
const NO_SCRIPTS = `acl script urlpath_regex \\.js$
adaptation_access scanner deny script`;

async function squid(place: Place, settings = ''): Promise<ReturnType<typeof throughProxy>> {
  const proxy = await startSquid(place, (listen) => `http_port 127.0.0.1:${listen}\n${settings}\n${DEBIAN}`);
  return throughProxy(place.stack, `http://127.0.0.1:${place.port}`, proxy);
}

export const squidProfiles: readonly Profile[] = [
  {
    name: 'squid',
    what: 'Squid as a forward proxy with the configuration of Debian: tunnels to port 443 only, so no WebSocket here',
    programs: ['squid'],
    steady: true,
    rungs: ['stream'],
    page: false,
    open: (place) => squid(place),
  },
  {
    name: 'squid-scanner',
    what: 'Squid with a virus scanner that reads each response to its end, so that no stream arrives',
    programs: ['squid'],
    steady: true,
    rungs: ['poll'],
    page: true,
    async open(place) {
      const scanner = await startIcapScanner(place.stack);
      return await squid(
        place,
        `icap_enable on
icap_service scanner respmod_precache ${scanner} bypass=off
${NO_SCRIPTS}
adaptation_access scanner allow all`,
      );
    },
  },
  {
    name: 'squid-recommended',
    what: 'Squid with a virus scanner and the configuration of docs/networks.md, which exempts the server',
    programs: ['squid'],
    steady: true,
    rungs: ['ws'],
    page: false,
    async open(place) {
      const scanner = await startIcapScanner(place.stack);
      const proxy = await startSquid(place, (listen) =>
        recommended('squid', {
          'app.example.com': '127.0.0.1',
          'port 8000': `port ${place.port}`,
          'http_port 3128': `http_port 127.0.0.1:${listen}`,
          'icap://127.0.0.1:1344/scan': scanner,
        }),
      );
      return throughProxy(place.stack, `http://127.0.0.1:${place.port}`, proxy);
    },
  },
];
