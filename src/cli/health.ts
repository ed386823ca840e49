import { once } from 'node:events';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIPv6 } from 'node:net';
import { parseArgs } from 'node:util';
import { loadEnvironment, readConfig } from '../config.ts';
import { describeError } from '../wire/error-text.ts';

const USAGE = `bidi-sse health: asks the server that listens on HOST and PORT whether it is alive

Usage: npx bidi-sse health     (HOST and PORT from the environment or .env, as the server reads them)

Exit status: 0 the server is alive, 1 it is not.`;

/** Maximum wait for the answer, in ms. */
const TIMEOUT_MS = 2_000;
/** Addresses that a server on all addresses is reached at from its own machine. */
const OWN_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export const OPTIONS = { help: { type: 'boolean' } } as const;

/** Asks the server of this environment whether it is alive; for the health check of a container. @returns the exit status */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { host, port, tls } = readConfig(loadEnvironment());
  const url = `${tls ? 'https' : 'http'}://${formatHost(OWN_ADDRESS[host] ?? host)}:${port}/healthz`;
  try {
    const status = await requestStatus(url);
    if (status === 200) return 0;
    console.error(`bidi-sse: ${url} answered ${status}`);
  } catch (error) {
    console.error(`bidi-sse: ${url} does not answer: ${describeError(error)}`);
  }
  return 1;
}

/**
 * Requests an address of this machine, never through a proxy. The name in the certificate is not that of the address, and the certificate of this
 * server proves nothing to the server itself.
 */
async function requestStatus(url: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const request = url.startsWith('https:')
    ? requestTls(url, { agent: false, rejectUnauthorized: false, signal })
    : requestPlain(url, { agent: false, signal });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

function formatHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
