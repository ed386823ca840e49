import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../certificate.ts';
import { freePort } from '../../free-port.ts';
import type { Profile } from '../profile.ts';
import { startProgram } from '../program.ts';

const stunnel: Profile = {
  name: 'stunnel',
  what: 'a TLS tunnel with stunnel at both ends',
  programs: ['stunnel', 'openssl'],
  steady: true,
  rungs: ['ws'],
  page: false,
  async open(place) {
    const { directory, port } = place;
    makeCertificate(directory);
    const [near, far] = [await freePort(), await freePort()];
    const end = async (name: string, listen: number, service: string) => {
      const file = join(directory, `${name}.conf`);
      await writeFile(file, `foreground = yes\npid =\n[${name}]\naccept = 127.0.0.1:${listen}\n${service}\n`);
      await startProgram(place, { program: 'stunnel', args: [file], port: listen });
    };
    await end('far', far, `cert = ${directory}/cert.pem\nkey = ${directory}/key.pem\nconnect = 127.0.0.1:${port}`);
    await end('near', near, `client = yes\nconnect = 127.0.0.1:${far}`);
    return { url: `http://127.0.0.1:${near}` };
  },
};

/** Folder in which Debian's sshd drops its privileges. The service would create it. */
const PRIVILEGE_SEPARATION = '/run/sshd';

const ssh: Profile = {
  name: 'ssh',
  what: 'a port forwarded by ssh',
  programs: ['sshd', 'ssh'],
  steady: true,
  rungs: ['ws'],
  page: false,
  async open(place) {
    const { directory, port } = place;
    if (process.getuid?.() === 0) mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
    const [host, user] = [join(directory, 'host'), join(directory, 'user')];
    for (const key of [host, user]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await copyFile(`${user}.pub`, join(directory, 'authorized'));
    const [far, near] = [await freePort(), await freePort()];
    const config = join(directory, 'sshd_config');
    await writeFile(
      config,
      `ListenAddress 127.0.0.1\nPort ${far}\nHostKey ${host}\nAuthorizedKeysFile ${directory}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n`,
    );
    await startProgram(place, { program: 'sshd', args: ['-D', '-e', '-f', config], port: far });
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', `UserKnownHostsFile=${directory}/known`];
    const args = ['-F', 'none', '-N', '-i', user, '-p', String(far), ...options.flatMap((option) => ['-o', option])];
    await startProgram(place, {
      program: 'ssh',
      args: [...args, '-L', `127.0.0.1:${near}:127.0.0.1:${port}`, `${userInfo().username}@127.0.0.1`],
      port: near,
    });
    return { url: `http://127.0.0.1:${near}` };
  },
};

export const tunnelProfiles: readonly Profile[] = [stunnel, ssh];
