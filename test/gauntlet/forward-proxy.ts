import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { WebSocket as ProxiedWebSocket, ProxyAgent, fetch as proxiedFetch } from 'undici';
import type { Way } from './profile.ts';

/**
 * Creates the means of clients behind a forward proxy: http requests with the whole address in the request line, https and
 * WebSockets through CONNECT, as browsers do.
 * @param proxy address of the proxy
 * @param ca certificate to trust if the proxy inspects TLS
 */
export function throughProxy(stack: AsyncDisposableStack, url: string, proxy: string, ca?: Buffer): Way {
  const trust = ca ? { ca } : {};
  const dispatcher = new ProxyAgent({ uri: proxy, requestTls: trust });
  // Use a tunnel. By default the agent requests a WebSocket over http like any resource, which no proxy forwards.
  const tunnel = new ProxyAgent({ uri: proxy, requestTls: trust, proxyTunnel: true });
  for (const each of [dispatcher, tunnel]) stack.defer(() => each.destroy());
  const agent = ca
    ? new HttpsAgent({ ca, proxyEnv: { HTTPS_PROXY: proxy } })
    : new HttpAgent({ proxyEnv: { HTTP_PROXY: proxy } });
  stack.defer(() => agent.destroy());
  return {
    url,
    // Cast the type: the function belongs to another version of undici than Node's own.
    fetch: ((input: string, init: object) => proxiedFetch(input, { ...init, dispatcher })) as unknown as typeof fetch,
    WebSocket: class extends ProxiedWebSocket {
      constructor(url: string) {
        super(url, { dispatcher: tunnel });
      }
    },
    agent,
    browserArgs: [
      `--proxy-server=${proxy}`,
      // Use the proxy for loopback too, which Chromium does not by default.
      '--proxy-bypass-list=<-loopback>',
      ...(ca ? ['--ignore-certificate-errors'] : []),
    ],
  };
}
