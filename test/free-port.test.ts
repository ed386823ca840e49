import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { freePort, HIGHEST, LOWEST } from './free-port.ts';

const KERNEL_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

/** Reserves ports, from the same first one, in a process of its own, which ends when its input ends. */
function reserveElsewhere(first: number, count: number) {
  const script = `
    const { freePort } = await import('./free-port.ts');
    const ports = [];
    while (ports.length < ${count}) ports.push(await freePort(${first}));
    console.log(JSON.stringify(ports));
    process.stdin.resume();`;
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  const { child } = running;
  const ports = once(child.stdout ?? child, 'data').then(([line]) => JSON.parse(line) as number[]);
  const end = () => {
    child.stdin?.end();
    return running;
  };
  return { ports, end };
}

test('processes that ask for ports at the same time all get different ones', async () => {
  const processes = [1, 2, 3].map(() => reserveElsewhere(LOWEST, 20));
  const ports = (await Promise.all(processes.map((each) => each.ports))).flat();
  expect(new Set(ports).size).toBe(60);
  await Promise.all(processes.map(({ end }) => end()));
});

test('a port that is reserved is not given again, and is after the process that reserved it has ended', async () => {
  const { ports, end } = reserveElsewhere(HIGHEST, 1);
  const [port = Number.NaN] = await ports;
  expect(await freePort(port)).not.toBe(port);
  await end();
  expect(await freePort(port)).toBe(port);
});

test('a port on which a server listens is not given', async () => {
  const { ports, end } = reserveElsewhere(LOWEST, 1);
  const [port = Number.NaN] = await ports;
  await end();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await freePort(port)).not.toBe(port);
  server.close();
});

const onLinux = existsSync(KERNEL_RANGE) ? test : test.skip;

onLinux('no port of the range is one that the kernel gives to sockets of other programs', async () => {
  const [lowest = 0] = readFileSync(KERNEL_RANGE, 'utf8').split(/\s+/).map(Number);
  expect(lowest).toBeGreaterThan(HIGHEST);
});
