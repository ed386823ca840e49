import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterTest } from '../http/test-server.ts';

/** The proxy answers with a page of status 502 or another, and does not ask the server. */
type Page = 'bad gateway' | { readonly status: number };

/** How the proxy treats one request. */
export type Treatment =
  | Page
  | 'pass'
  /** The proxy keeps the answer with its head until it is complete. An endless answer never arrives. */
  | 'buffer'
  /** The proxy holds each chunk of the answer until the next one. */
  | 'lag'
  /** The answer stops after 500 ms without an end. */
  | 'stall'
  /** As `stall`, and the server sees the connection end. */
  | 'orphan'
  /** The server answers, but the client only sees the connection break. */
  | 'swallow'
  /** The answer is cut after this many bytes of its body. */
  | { readonly cutAfter: number }
  /** The answer is cut at this age, in ms. */
  | { readonly lifetimeMs: number }
  /** Each chunk of a chunked answer is delayed by this many ms. An answer that ends with its connection is not delayed. */
  | { readonly chunkMs: number }
  /** Bandwidth of the answer, in bytes per ms. */
  | { readonly bytesPerMs: number };

/**
 * Starts a proxy in front of a server.
 * @param treat decides how a request is treated, at once or later; `body`: the body of the request
 * @returns the address of the proxy
 */
export async function hostileProxy(
  { port }: { readonly port: number },
  treat: (request: IncomingMessage, body: string) => Treatment | Promise<Treatment>,
): Promise<string> {
  const proxy = createServer((request, response) => {
    void handle(request, response);
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('error', () => response.destroy());
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const treatment = await treat(request, body.toString());
    if (isPage(treatment)) {
      const status = treatment === 'bad gateway' ? 502 : treatment.status;
      response.writeHead(status, { 'Content-Type': 'text/html' }).end(`<h1>${status}</h1>`);
      return;
    }
    const { method, url: path, headers } = request;
    const onward = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
    response.on('close', () => onward.destroy());
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => passOn(answer, response, treatment));
    onward.end(body);
  };
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  afterTest(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`; // a TCP server that listens has one
}

function isPage(treatment: Treatment): treatment is Page {
  return treatment === 'bad gateway' || (typeof treatment === 'object' && 'status' in treatment);
}

function passOn(answer: IncomingMessage, response: ServerResponse, treatment: Exclude<Treatment, Page>): void {
  const kept: Buffer[] = [];
  let passed = 0;
  const startedAt = performance.now();
  const head = () => response.writeHead(answer.statusCode ?? 500, answer.headers);
  if (treatment !== 'buffer' && treatment !== 'swallow') head().flushHeaders();
  answer.on('error', () => treatment === 'orphan' || response.destroy());
  if (typeof treatment === 'object' && 'bytesPerMs' in treatment) {
    void trickle(answer, response, treatment.bytesPerMs);
    return;
  }
  if (treatment === 'orphan') {
    const orphan = setTimeout(() => answer.destroy(), 500);
    response.on('close', () => clearTimeout(orphan));
  }
  if (typeof treatment === 'object' && 'lifetimeMs' in treatment) {
    const end = setTimeout(() => response.destroy(), treatment.lifetimeMs);
    response.on('close', () => clearTimeout(end));
  }
  answer.on('data', (chunk: Buffer) => {
    if (typeof treatment === 'object' && 'chunkMs' in treatment) {
      if (answer.headers['transfer-encoding'] !== 'chunked') response.write(chunk);
      else setTimeout(() => response.write(chunk), treatment.chunkMs);
    } else if (typeof treatment === 'object' && 'lifetimeMs' in treatment) response.write(chunk);
    else if (typeof treatment === 'object') {
      const rest = chunk.subarray(0, treatment.cutAfter - passed);
      passed += rest.length;
      response.write(rest, () => {
        if (passed >= treatment.cutAfter) response.destroy();
      });
    } else if (treatment === 'pass' || (isSilenced(treatment) && performance.now() - startedAt < 500))
      response.write(chunk);
    else {
      kept.push(chunk);
      if (treatment === 'lag' && kept.length > 1) response.write(kept.shift());
    }
  });
  answer.on('end', () => {
    if (treatment === 'swallow') response.destroy();
    else {
      if (treatment === 'buffer') head();
      response.end(Buffer.concat(kept));
    }
  });
}

function isSilenced(treatment: Treatment): boolean {
  return treatment === 'stall' || treatment === 'orphan';
}

async function trickle(answer: IncomingMessage, response: ServerResponse, bytesPerMs: number): Promise<void> {
  const pieceMs = 50;
  for await (const chunk of answer) {
    for (let at = 0; at < chunk.length && !response.destroyed; at += pieceMs * bytesPerMs) {
      response.write(chunk.subarray(at, at + pieceMs * bytesPerMs));
      await delay(pieceMs);
    }
  }
  response.end();
}
