import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import type { Place, Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { recommended } from '../recommended.ts';

const MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'deflate', 'filter', 'mime'];

/** Starts Apache on a free port. @param site for the port on which it listens */
async function startApache(place: Place, site: (listen: number) => string): Promise<string> {
  const listen = await freePort();
  const { directory } = place;
  const file = join(directory, 'apache.conf');
  const modules = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  // Set a user, because Apache does not run as root.
  const rights = process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : '';
  await writeFile(
    file,
    `ServerRoot ${directory}
DefaultRuntimeDir ${directory}
PidFile ${directory}/apache.pid
ErrorLog ${directory}/error.log
ServerName localhost
TypesConfig /etc/mime.types
Listen 127.0.0.1:${listen}
${modules.join('\n')}
${rights}
${site(listen)}`,
  );
  // -X: one process, so that none is left behind.
  await startProgram(place, { program: 'apache', args: ['-X', '-f', file], port: listen });
  return `http://127.0.0.1:${listen}`;
}

function apache(profile: Omit<Profile, 'programs' | 'open'>, site: (listen: number, port: number) => string): Profile {
  return {
    ...profile,
    programs: ['apache'],
    open: async (place) => ({ url: await startApache(place, (listen) => site(listen, place.port)) }),
  };
}

export const apacheProfiles: readonly Profile[] = [
  apache(
    {
      name: 'apache-deflate',
      what: 'Apache that forwards and compresses everything, streams included; no WebSocket',
      steady: true,
      rungs: ['stream'],
      page: false,
    },
    (_listen, port) => `SetOutputFilter DEFLATE\nProxyPass "/" "http://127.0.0.1:${port}/"\n`,
  ),
  apache(
    {
      name: 'apache-recommended',
      what: 'Apache with the configuration of docs/networks.md',
      steady: true,
      rungs: ['ws'],
      page: false,
    },
    (listen, port) => recommended('apache', { '*:80': `127.0.0.1:${listen}`, '127.0.0.1:8000': `127.0.0.1:${port}` }),
  ),
];
