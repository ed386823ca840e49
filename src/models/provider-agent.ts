import { Agent } from 'node:https';

/** Variables of an HTTP proxy, as Node's agents read them. */
export type ProxyVariables = Readonly<Partial<Record<'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY', string>>>;

/** Maximum time in which a proxy opens a tunnel, in ms. */
const TUNNEL_MS = 30_000;

/**
 * Creates the agent that connects a WebSocket to a provider through a CONNECT tunnel of the proxy. `ws` connects directly without an agent.
 * @returns `undefined` without a proxy, and for an address without TLS: a proxy would read such a handshake as a plain request
 */
export function createProviderAgent(url: string, proxy: ProxyVariables): Agent | undefined {
  if (proxy.HTTPS_PROXY === undefined || !url.startsWith('wss:')) return undefined;
  return new Agent({ proxyEnv: proxy, timeout: TUNNEL_MS });
}
