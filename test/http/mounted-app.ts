import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/config.ts';
import { createRouter, type MountableRouter } from '../../src/router.ts';
import type { ServiceOptions } from '../../src/service-options.ts';
import { afterTest } from './test-server.ts';

export const PARTS = {
  agent: new Agent({ name: 'mounted' }),
  config: readConfig({ DATABASE_URL: 'memory:', SHUTDOWN_GRACE_MS: '0' }),
  logger: pino({ level: 'silent' }),
};

/** Creates a router, which is closed after the test. */
export function createTestRouter(parts: ServiceOptions = PARTS, page = false): MountableRouter {
  const router = createRouter(parts, { page });
  afterTest(() => router.service.close());
  return router;
}

/** Listens until the test is over. @returns the address */
export async function listen(listener: RequestListener, server = createServer(listener)): Promise<string> {
  server.listen(0, '127.0.0.1');
  afterTest(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
}

/** Result of a WebSocket handshake: its first frame, or the status of the refusal. `closed`: the connection was closed without an answer. */
export async function openSocket(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  afterTest(() => socket.terminate());
  return new Promise<{ status: number | 'closed'; frame?: unknown; body?: string; socket: WebSocket }>((resolve) => {
    socket.on('message', (data) => resolve({ status: 101, frame: JSON.parse(String(data)), socket }));
    socket.on('unexpected-response', (_req, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('close', () => resolve({ status: response.statusCode ?? 0, body, socket }));
    });
    socket.on('error', () => resolve({ status: 'closed', socket }));
  });
}

/** Sends a request with headers that `fetch` does not send. */
export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const sending = request(url, { method, headers, agent: false }).end();
  const [response] = await once(sending, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}
