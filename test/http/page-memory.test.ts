import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Gate, RequestLogger } from '../../src/http/gate.ts';
import { RequestPipeline } from '../../src/http/request-pipeline.ts';
import { createPage } from '../../src/http/routes/page.ts';
import { StallWatch } from '../../src/http/stall-watch.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import { afterTest, temporaryDirectory, waitFor } from './test-server.ts';

const LOGGER: RequestLogger = { debug: () => {}, error: () => {}, child: () => LOGGER };

test('a file of the page is refused with server_busy while the files that clients read use up the memory, and served after that', async () => {
  const publicDir = await temporaryDirectory();
  writeFileSync(join(publicDir, 'large.bin'), Buffer.alloc(32 * 1024 * 1024));
  writeFileSync(join(publicDir, 'small.txt'), 'small');
  // Enough for one file.
  const memory = new MemoryBudget(200_000);
  const pipeline = new RequestPipeline({ maxWaiting: 1, stalls: new StallWatch(60_000), memory });
  const gate = { authorizePage: () => {} } as unknown as Gate; // nothing else of it is used
  const page = createPage({ gate, publicDir, pipeline, memory, logger: LOGGER });
  const server = createServer((req, res) => page(req, res, () => res.writeHead(404).end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one

  const reader = connect(port, '127.0.0.1').pause();
  afterTest(() => reader.destroy());
  reader.write('GET /static/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await waitFor('the file', () => memory.used > 0);
  const refused = await fetch(`http://127.0.0.1:${port}/static/small.txt`);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('Retry-After')).toBe('5');
  expect(await refused.json()).toMatchObject({ code: 'server_busy' });

  reader.destroy();
  await waitFor('the memory', () => memory.used === 0);
  expect(await (await fetch(`http://127.0.0.1:${port}/static/small.txt`)).text()).toBe('small');
  await waitFor('the memory again', () => memory.used === 0);
});
