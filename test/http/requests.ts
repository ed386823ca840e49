import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from '@jest/globals';
import { afterTest, PATIENCE_MS, type TestServer } from './test-server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** Loopback address that the request comes from. Default: 127.0.0.1. */
  readonly from?: string;
}

/** One request, its path as it stands: `fetch` and supertest would tidy it up. */
export function exchange(
  { port }: TestServer,
  path: string,
  { method = 'GET', headers = {}, body, from = '127.0.0.1' }: RequestOptions = {},
): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false, localAddress: from });
  request.end(body);
  return readAnswer(request);
}

/** Says something to the agent, as text. */
export async function say(server: TestServer, text: string, user = 'me'): Promise<void> {
  const headers = { 'Content-Type': 'text/plain' };
  const { status, text: answer } = await exchange(server, `/send/${user}`, { method: 'POST', headers, body: text });
  expect({ status, answer }).toEqual({ status: 200, answer: '{"status":"sent"}' });
}

/** Sends a JSON body. */
export function post(server: TestServer, body: unknown, path = '/send/me'): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json' };
  return exchange(server, path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** A POST whose body is still to be written: chunked, unless the headers say how long it is. */
export function openBody(
  { url }: TestServer,
  headers: Record<string, string>,
  method = 'POST',
): { sending: ClientRequest; answer: Promise<Answer> } {
  const framing = headers['Content-Length'] === undefined ? { 'Transfer-Encoding': 'chunked' } : {};
  const sending = httpRequest(`${url}/send/me`, { method, headers: { ...framing, ...headers }, agent: false });
  afterTest(() => sending.destroy());
  const answer = readAnswer(sending);
  // A test that fails before it looks at the answer must fail for its own reason.
  answer.catch(() => {});
  return { sending, answer };
}

/** Writes one piece of a body, and waits until it is on its way. */
export function write(sending: ClientRequest, piece: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => sending.write(piece, (error) => (error ? reject(error) : resolve())));
}

function readAnswer(request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer to ${request.method} ${request.path}`)));
  });
}

/** A connection of its own, for requests that no client library would make. It is cut after the test. */
export async function rawConnection({ port }: TestServer, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  // What matters is what arrives; a connection that is cut says so by its end.
  socket.on('error', () => {});
  afterTest(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** The base URL of a provider that takes connections and never says a word. */
export async function silentProvider(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
}
