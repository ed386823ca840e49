import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { freePort } from '../free-port.ts';
import { openStream } from '../http/sse-client.ts';
import { temporaryDirectory } from '../http/test-server.ts';
import { copyProject } from '../library/project-copy.ts';
import { addressOf, runProgram } from './command.ts';

test.each([
  ['npm receives SIGTERM', (npm: number) => process.kill(npm, 'SIGTERM')],
  ['Ctrl+C sends SIGINT to npm and to all that it has started', (npm: number) => process.kill(-npm, 'SIGINT')],
])('a server that npm start has started drains, ends and frees its port when %s', async (_what, signal) => {
  const cwd = join(await temporaryDirectory(), 'project');
  await copyProject(cwd);
  const options = { cwd, detached: true };
  const command = await runProgram('npm', ['start', '--', '--port', `${await freePort()}`], options);
  const url = await addressOf(command);
  const stream = await openStream(`${url}/events/me`);
  await stream.untilNamed('session');

  signal(command.pid);
  await stream.untilEnded();
  expect(stream.named('drain')).toHaveLength(1);
  // The output is closed when the last process that has inherited it ends.
  await command.exitCode();
  await expectRefused(Number(new URL(url).port));
});

async function expectRefused(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  socket.destroy();
  expect(outcome).toBe('ECONNREFUSED');
}
