import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { WebSocket as ProxiedWebSocket, ProxyAgent, fetch as proxiedFetch } from 'undici';
import type { Way } from './profile.ts';

/**
 * How clients go through a forward proxy: requests for http with the whole address in their first line, https and WebSockets through CONNECT,
 * as browsers do.
 * @param proxy its address
 * @param ca what to trust, where the proxy opens TLS
 */
export function throughProxy(stack: AsyncDisposableStack, url: string, proxy: string, ca?: Buffer): Way {
  const trust = ca ? { ca } : {};
  const dispatcher = new ProxyAgent({ uri: proxy, requestTls: trust });
  // By itself it asks for a WebSocket of http as for anything else, which no proxy passes.
  const tunnel = new ProxyAgent({ uri: proxy, requestTls: trust, proxyTunnel: true });
  for (const each of [dispatcher, tunnel]) stack.defer(() => each.destroy());
  const agent = ca
    ? new HttpsAgent({ ca, proxyEnv: { HTTPS_PROXY: proxy } })
    : new HttpAgent({ proxyEnv: { HTTP_PROXY: proxy } });
  stack.defer(() => agent.destroy());
  return {
    url,
    // The same function in another version: its types differ from those of Node's own.
    fetch: ((input: string, init: object) => proxiedFetch(input, { ...init, dispatcher })) as unknown as typeof fetch,
    WebSocket: class extends ProxiedWebSocket {
      constructor(url: string) {
        super(url, { dispatcher: tunnel });
      }
    },
    agent,
    browserArgs: [
      `--proxy-server=${proxy}`,
      // It would go to loopback by itself.
      '--proxy-bypass-list=<-loopback>',
      ...(ca ? ['--ignore-certificate-errors'] : []),
    ],
  };
}
