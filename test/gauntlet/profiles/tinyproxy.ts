import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import { throughProxy } from '../forward-proxy.ts';
import type { Profile } from '../profile.ts';
import { startProgram } from '../program.ts';

export const tinyproxy: Profile = {
  name: 'tinyproxy',
  what: 'Tinyproxy as a forward proxy with the configuration of Debian',
  programs: ['tinyproxy'],
  steady: true,
  rungs: ['ws'],
  page: false,
  async open(place) {
    const listen = await freePort();
    const file = join(place.directory, 'tinyproxy.conf');
    await writeFile(
      file,
      `Port ${listen}\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\nAllow 127.0.0.1\nViaProxyName "tinyproxy"\nLogLevel Error\n`,
    );
    await startProgram(place, { program: 'tinyproxy', args: ['-d', '-c', file], port: listen });
    return throughProxy(place.stack, `http://127.0.0.1:${place.port}`, `http://127.0.0.1:${listen}`);
  },
};
