import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { exchange, post } from '../http/requests.ts';
import { expectLimit } from '../http/sessions.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, type TestServer, waitFor } from '../http/test-server.ts';
import { addressOf, CLI, runProgram } from './command.ts';

test('a process that may open few files refuses connections before the system does, and accepted conversations continue', async () => {
  const script = `ulimit -n 128 && exec ${process.execPath} ${CLI} --port 0`;
  const command = await runProgram('sh', ['-c', script], { env: { LOG_FORMAT: 'json' } });
  const url = await addressOf(command);
  expect(command.stdout + command.stderr).toContain('clients get 64 connections, not MAX_CONNECTIONS');
  const server = { url, port: Number(new URL(url).port) } as TestServer; // what the requests use of it

  const stream = await openStream(`${url}/events/me?is_audio=false`);
  await stream.untilNamed('session');
  const sockets = Array.from({ length: 300 }, (_, index) => openIdle(server.port, `127.0.0.${2 + (index % 2)}`));
  await waitFor('the excess to be closed', () => sockets.filter(({ closed }) => closed).length > 230);
  expectLimit(await exchange(server, '/poll/you?wait=0'), 503, 'server_busy');
  // The POST needs a connection: wait until one of the attacker's is gone.
  sockets.find(({ closed }) => !closed)?.destroy();
  await waitForAnswer(server);
  expect(await stream.nextAnswer()).toContain('One, two.');
});

function openIdle(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  socket.resume();
  afterTest(() => socket.destroy());
  return socket;
}

async function waitForAnswer(server: TestServer): Promise<void> {
  let status = 0;
  const ask = async () => {
    status = (await post(server, { mime_type: 'text/plain', data: 'count to two' }).catch(() => ({ status: 0 })))
      .status;
    if (status !== 200) setTimeout(ask, 50);
  };
  await ask();
  await waitFor('the POST', () => status === 200);
}
