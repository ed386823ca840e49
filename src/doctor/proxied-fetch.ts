import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';

/**
 * As much of `fetch` as is needed, for `http:` through a proxy: with the whole address in the first line of the request, as browsers do it, so
 * that the proxy reads, and scans, what passes. Node's own fetch would ask for a tunnel, which shows another network, or none.
 * @param proxy its address
 */
export function proxiedFetch(proxy: string): typeof fetch {
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
        // A Response refuses a body where there cannot be one.
        const isEmpty = status === 204 || status === 304;
        if (isEmpty) incoming.resume();
        const stream = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>); // Node's type of the same
        resolve(new Response(stream, { status, statusText, headers: received }));
      });
      outgoing.end(body ?? undefined);
    });
}
