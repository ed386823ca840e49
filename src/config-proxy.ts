import * as http from 'node:http';
import type { ProxyVariables } from './models/provider-agent.ts';

export interface ProxyReading {
  /** In the form that Node's agents read; empty without a proxy. */
  readonly variables: ProxyVariables;
  /** Faults, each as `NAME: what is wrong`. No line repeats an address, which may contain a password. */
  readonly faults: readonly string[];
  /** Texts that must not appear in a log. */
  readonly secrets: readonly string[];
}

/** Minimum length of a text that is removed from the log, in characters. A shorter one occurs by chance. */
const MIN_SECRET_LENGTH = 8;
/** Hosts that a proxy cannot reach: they are this machine. */
const LOOPBACK = ['localhost', '.localhost', '127.0.0.1-127.255.255.255', '::1', '[::1]'];

/**
 * Reads the variables of an HTTP proxy, which many programs share: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, of which the names in lower case win.
 * An address without a scheme is one of http. A name in NO_PROXY includes its subdomains. Addresses of this machine are never reached through a
 * proxy.
 */
export function readProxy(environment: Readonly<Record<string, string | undefined>>): ProxyReading {
  const variables: { HTTPS_PROXY?: string; HTTP_PROXY?: string } = {};
  const faults: string[] = [];
  const secrets: string[] = [];
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY'] as const) {
    const value = readVariable(environment, name);
    if (value === '') continue;
    const address = value.includes('://') ? value : `http://${value}`;
    const credentials = readCredentials(address);
    if (credentials === undefined) {
      faults.push(`${name}: is not the address of an HTTP proxy, such as http://name:password@proxy.example.com:3128`);
      continue;
    }
    secrets.push(...credentials);
    variables[name] = address;
  }
  if (variables.HTTPS_PROXY === undefined && variables.HTTP_PROXY === undefined)
    return { variables: {}, faults, secrets };
  if (!('setGlobalProxyFromEnv' in http)) {
    faults.push(`HTTPS_PROXY: a proxy needs Node 24.14 or newer; this is ${process.version}`);
  }
  const exempt = readVariable(environment, 'NO_PROXY')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .flatMap(includeSubdomains);
  return { variables: { ...variables, NO_PROXY: [...exempt, ...LOOPBACK].join(',') }, faults, secrets };
}

function readVariable(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  return (environment[name.toLowerCase()] || environment[name] || '').trim();
}

/** @returns user name and password, in each form that a log could contain; `undefined` if the address is not that of an HTTP proxy */
function readCredentials(address: string): string[] | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  try {
    const [name, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
    if (secret === '') return [];
    return [password, secret, Buffer.from(`${name}:${secret}`).toString('base64')].filter(
      (text) => text.length >= MIN_SECRET_LENGTH,
    );
  } catch {
    return undefined;
  }
}

/** A name stands for its subdomains too, as in curl. Node needs a dot before the name for that. */
function includeSubdomains(entry: string): readonly string[] {
  return /^[a-z][a-z0-9.-]*(?::\d+)?$/i.test(entry) ? [entry, `.${entry}`] : [entry];
}
