import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import { throughProxy } from '../forward-proxy.ts';
import type { Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { startTlsTerminator } from '../tls-terminator.ts';

export const mitmproxy: Profile = {
  name: 'mitmproxy',
  what: 'mitmproxy, which inspects TLS with its own certificates and reads each response to its end; WebSocket gets through',
  programs: ['mitmdump', 'openssl'],
  steady: true,
  rungs: ['ws', 'poll'],
  page: true,
  async open(place) {
    const url = await startTlsTerminator(place);
    const listen = await freePort();
    const args = ['--quiet', '--listen-host', '127.0.0.1', '--listen-port', String(listen), '--ssl-insecure'];
    await startProgram(place, {
      program: 'mitmdump',
      args: [...args, '--set', `confdir=${place.directory}`],
      port: listen,
    });
    const ca = await readFile(join(place.directory, 'mitmproxy-ca-cert.pem'));
    return throughProxy(place.stack, url, `http://127.0.0.1:${listen}`, ca);
  },
};
