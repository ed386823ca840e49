import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { rawConnection } from '../http/requests.ts';
import { startTestServer } from '../http/test-server.ts';

test('a client that does not complete its headers within 30 s is answered with 408, and its connection is closed', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const begun = performance.now();
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
  const dripping = setInterval(() => socket.write('X: 1\r\n'), 1_000);
  await once(socket, 'close');
  clearInterval(dripping);
  // Node's own interval of checks would allow 60 s and more.
  expect(performance.now() - begun).toBeLessThan(45_000);
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toContain('"code":"request_timeout"');
}, 70_000);
