/** The proxy that the environment names for an address, as curl and browsers of a company read it. */
export interface ProxyChoice {
  readonly url: string;
  /** The variable that names it. */
  readonly variable: string;
}

export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): ProxyChoice | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const variable = names.find((name) => env[name]);
  const value = variable && env[variable];
  if (!variable || !value || isExempt(url, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined;
  return { url: value.includes('://') ? value : `http://${value}`, variable };
}

/** `NO_PROXY`: names, with all that end in them, perhaps with a port; or `*`. */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const effectivePort = port || (protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (only !== undefined && only !== effectivePort) return false;
      return hostname === name || hostname.endsWith(`.${name}`);
    });
}
