import { request } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../certificate.ts';
import { afterTest, temporaryDirectory } from '../http/test-server.ts';

export interface Http2Proxy {
  /** https. */
  readonly url: string;
  /** Keeps the POSTs that come from now on, until `releasePosts()`. */
  holdPosts(): void;
  releasePosts(): void;
  readonly heldPosts: number;
}

/** A reverse proxy that speaks HTTP/2 to the browser, with a certificate that nobody has signed. */
export async function startHttp2Proxy(target: string): Promise<Http2Proxy> {
  const { key, cert } = makeCertificate(await temporaryDirectory());
  let holding = false;
  const held: (() => void)[] = [];
  const server = createSecureServer({ key, cert });
  server.on('request', async (incoming, outgoing) => {
    if (holding && incoming.method === 'POST') {
      await new Promise<void>((resolve) => {
        held.push(resolve);
      });
    }
    passOn(target, incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  afterTest(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `https://127.0.0.1:${port}`,
    holdPosts() {
      holding = true;
    },
    releasePosts() {
      holding = false;
      for (const go of held.splice(0)) go();
    },
    get heldPosts() {
      return held.length;
    },
  };
}

function passOn(target: string, incoming: Http2ServerRequest, outgoing: Http2ServerResponse): void {
  const named = Object.entries(incoming.headers).filter(([name]) => !name.startsWith(':'));
  const headers = { ...Object.fromEntries(named), host: incoming.authority };
  const onward = request(new URL(incoming.url, target), { method: incoming.method, headers }, (answer) => {
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, kept);
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.stream.destroy());
  });
  onward.on('error', () => outgoing.stream?.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
