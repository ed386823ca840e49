import * as http from 'node:http';
import type { SocketConstructor } from '../client/socket-transport.ts';
import { withoutCredentials } from './foreign.ts';
import { proxiedFetch } from './proxied-fetch.ts';
import { type ProxyChoice, proxyFor } from './proxy.ts';

/** How requests leave this machine. */
export interface Network {
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  readonly proxy: ProxyChoice | undefined;
}

type NodeWebSocket = new (
  url: string,
  options: { headers: Readonly<Record<string, string>> },
) => InstanceType<SocketConstructor>;

/**
 * As a browser would: through the proxy that the environment names, by which Node itself does not go unless it is told to.
 * @param headers of the handshake of WebSockets, too
 */
export function openNetwork(
  url: URL,
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Network | { readonly refusal: string } {
  const proxy = proxyFor(url, env);
  const Native = (globalThis as { WebSocket?: NodeWebSocket }).WebSocket;
  const WebSocket =
    Native &&
    class extends Native {
      constructor(address: string) {
        super(address, { headers });
      }
    };
  if (!proxy) return { fetch, WebSocket, proxy };
  if (!isProxyAddress(proxy.url)) {
    const shown = withoutCredentials(proxy.url);
    return {
      refusal: `${proxy.variable} is "${shown}", which is no address of an HTTP proxy: it is as http://name:password@host:port`,
    };
  }
  // Since 24.14. It has https and WebSockets go through a tunnel.
  if (!('setGlobalProxyFromEnv' in http)) {
    return { refusal: `${proxy.variable} names a proxy, which takes Node 24.14 or newer: this is ${process.version}` };
  }
  http.setGlobalProxyFromEnv({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
  return { fetch: url.protocol === 'http:' ? proxiedFetch(proxy.url) : fetch, WebSocket, proxy };
}

/** SOCKS is none that `fetch` could go through. */
function isProxyAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return protocol === 'http:' || protocol === 'https:';
}
