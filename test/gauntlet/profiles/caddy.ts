import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import type { Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { recommended } from '../recommended.ts';

export const caddy: Profile = {
  name: 'caddy-recommended',
  what: 'Caddy with the configuration of docs/networks.md, which is its default',
  programs: ['caddy'],
  steady: true,
  rungs: ['ws'],
  page: false,
  async open(place) {
    const listen = await freePort();
    const file = join(place.directory, 'Caddyfile');
    const here = { 'app.example.com': `http://127.0.0.1:${listen}`, '127.0.0.1:8000': `127.0.0.1:${place.port}` };
    await writeFile(file, `{\nadmin off\ndefault_bind 127.0.0.1\n}\n${recommended('caddy', here)}`);
    await startProgram(place, {
      program: 'caddy',
      args: ['run', '--adapter', 'caddyfile', '--config', file],
      port: listen,
    });
    return { url: `http://127.0.0.1:${listen}` };
  },
};
