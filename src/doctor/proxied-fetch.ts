import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Creates the part of `fetch` that the doctor needs, for `http:` through a proxy. The request line holds the whole address, as
 * browsers send it, so that the proxy reads and scans the traffic. Node's own fetch would open a tunnel, through which the
 * network behaves differently.
 * @param proxy address of the proxy
 */
export function createProxiedFetch(proxy: string): typeof fetch {
  const agent = new Agent({ keepAlive: true, proxyEnv: { HTTP_PROXY: proxy } });
  return (input, { method = 'GET', headers, body, signal } = {}) =>
    new Promise<Response>((resolve, reject) => {
      const outgoing = request(String(input), {
        method,
        agent,
        headers: Object.fromEntries(new Headers(headers)),
        ...(signal ? { signal } : {}),
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const { statusCode: status = 502, statusMessage: statusText = '' } = incoming;
        const received = new Headers();
        for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
          for (const value of values) received.append(name, value);
        }
        // Pass null for a status without a body, because the constructor of Response refuses a body there.
        const isEmpty = status === 204 || status === 304;
        if (isEmpty) incoming.resume();
        const stream = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's own type for the same class
        resolve(new Response(stream, { status, statusText, headers: received }));
      });
      outgoing.end(body ?? undefined);
    });
}
