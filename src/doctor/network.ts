import * as http from 'node:http';
import type { SocketConstructor } from '../client/socket-transport.ts';
import { createProxiedFetch } from './proxied-fetch.ts';
import { chooseProxy, type ProxyChoice } from './proxy.ts';
import { removeCredentials } from './untrusted-text.ts';

/** Functions through which requests leave this machine. */
export interface Network {
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  readonly proxy: ProxyChoice | undefined;
}

interface NodeWebSocketOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Dispatcher of undici, the library behind Node's fetch and WebSocket. */
  readonly dispatcher?: object;
}

type NodeWebSocket = new (url: string, options: NodeWebSocketOptions) => InstanceType<SocketConstructor>;
type ProxyAgentConstructor = new (options: {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly proxyTunnel: boolean;
}) => object;

/**
 * Opens the network as a browser does: through the proxy that the environment names. Node itself ignores these variables by
 * default.
 * @param headers additional headers of WebSocket handshakes
 */
export function openNetwork(
  url: URL,
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Network | { readonly refusal: string } {
  const proxy = chooseProxy(url, env);
  if (!proxy) return { fetch, WebSocket: createSocketConstructor({ headers }), proxy };
  if (!isProxyAddress(proxy.url)) {
    const shown = removeCredentials(proxy.url);
    return {
      refusal: `${proxy.variable} is "${shown}", which is not the address of an HTTP proxy. Use the form http://name:password@host:port.`,
    };
  }
  // Require Node 24.14, whose setGlobalProxyFromEnv sends https and WebSockets through a tunnel.
  if (!('setGlobalProxyFromEnv' in http)) {
    return {
      refusal: `${proxy.variable} names a proxy. Proxies need Node 24.14 or newer; this is ${process.version}.`,
    };
  }
  http.setGlobalProxyFromEnv({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
  return {
    fetch: url.protocol === 'http:' ? createProxiedFetch(proxy.url) : fetch,
    WebSocket: createSocketConstructor({ headers, ...createTunnel(proxy.url) }),
    proxy,
  };
}

function createSocketConstructor(options: NodeWebSocketOptions): SocketConstructor | undefined {
  const Native = (globalThis as { WebSocket?: NodeWebSocket }).WebSocket;
  if (!Native) return undefined;
  return class extends Native {
    constructor(address: string) {
      super(address, options);
    }
  };
}

/**
 * Creates a dispatcher that opens ws: addresses through a CONNECT tunnel, as browsers do. Node 26 sends such a handshake to the
 * proxy like a plain request. The class of the dispatcher is that of the global one, which setGlobalProxyFromEnv has set.
 */
function createTunnel(proxy: string): { readonly dispatcher?: object } {
  const dispatchers = globalThis as { readonly [key: symbol]: object | undefined };
  const agent =
    dispatchers[Symbol.for('undici.globalDispatcher.2')] ?? dispatchers[Symbol.for('undici.globalDispatcher.1')];
  if (agent?.constructor.name !== 'EnvHttpProxyAgent') return {};
  const ProxyAgent = agent.constructor as ProxyAgentConstructor; // checked by its name
  return { dispatcher: new ProxyAgent({ httpProxy: proxy, httpsProxy: proxy, proxyTunnel: true }) };
}

/** Checks for the address of an HTTP proxy. `fetch` does not support SOCKS. */
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
