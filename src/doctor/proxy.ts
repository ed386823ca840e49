/** A proxy that the environment names. */
export interface ProxyChoice {
  readonly url: string;
  /** Name of the environment variable. */
  readonly variable: string;
}

/** Chooses the proxy for an address from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl does. */
export function chooseProxy(url: URL, env: Readonly<Record<string, string | undefined>>): ProxyChoice | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const variable = names.find((name) => env[name]);
  const value = variable && env[variable];
  if (!variable || !value || isExempt(url, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined;
  return { url: value.includes('://') ? value : `http://${value}`, variable };
}

/** Checks an address against NO_PROXY: `*`, or host names with an optional port. A name includes its subdomains. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const effectivePort = port || (protocol === 'https:' ? '443' : '80');
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (only !== undefined && only !== effectivePort) return false;
      return hostname === name || hostname.endsWith(`.${name}`);
    });
}
