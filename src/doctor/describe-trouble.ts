import { formatDuration } from './quantity.ts';
import type { Trouble } from './reach.ts';

/** Codes of untrusted certificates. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|SSL|TLS/;

/**
 * Describes in one or two sentences why nothing could be examined, and what to do.
 * @param url address of the server
 * @param proxy address of the proxy, if one was used
 */
export function describeTrouble(trouble: Trouble, url: string, proxy: string | undefined): string {
  const { hostname, host } = new URL(url);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  switch (trouble.kind) {
    case 'silent':
      return `${host} did not respond in ${formatDuration(trouble.afterMs)}${through}. Either a firewall drops the packets or the server hangs.`;
    case 'redirected':
      return describeRedirect(trouble.to, url);
    case 'refused':
      return describeRefusal(trouble);
    case 'gone':
      return `${host} stopped responding during the examination${through}. The server was stopped or is unreachable now, so the results say nothing about the network. Try again when the server is back.`;
    case 'foreign':
      return describeForeignAnswer(trouble, host);
    case 'failed':
      return describeFailure(trouble, { hostname, host, through, secure: url.startsWith('https:') });
  }
}

function describeRedirect(to: string, url: string): string {
  const target = URL.canParse(to, url) ? new URL(to, url) : undefined;
  const from = new URL(url);
  if (target?.hostname === from.hostname && target.protocol !== from.protocol) {
    return `The server redirects requests to ${target.protocol}//. Use ${target.origin}${from.pathname.replace(/\/$/, '')}`;
  }
  return `Requests are redirected to ${to.slice(0, 200)}, probably the login page of the server or of the network. Log in with a browser, or send credentials with --header.`;
}

function describeRefusal({ status, failure }: Trouble & { kind: 'refused' }): string {
  const { code, error, hint } = failure;
  if (code === 'not_found') {
    return 'A bidi-sse server answers, but it has no /poll at this address. The path of the address is too long or too short, or the server is older than this program.';
  }
  if (code === 'unauthorized') {
    return `The server requires a token: ${error} (status ${status}, ${code}). Set BIDI_SSE_TOKEN to a valid one, or use --token.`;
  }
  const where = code === 'host_not_allowed' || code === 'origin_not_allowed' ? ' (environment of the server)' : '';
  return `The server refuses the request: ${error} (status ${status}, ${code}). What to do: ${hint ?? 'see the log of the server'}${where}.`;
}

function describeForeignAnswer({ status, type }: Trouble & { kind: 'foreign' }, host: string): string {
  const what = type === '' ? 'a response without a type' : type.replace(/;.*/, '');
  if (status === 401 || status === 403) {
    return `${host} requires authentication (status ${status}, ${what}). Add --header 'Authorization: …', or --header 'Cookie: …' from a browser that is logged in.`;
  }
  if (status === 407)
    return 'The proxy requires a user name and a password. Set HTTP_PROXY to http://name:password@host:port';
  if (status === 429) return `${host} has received too many requests (status 429, ${what}). Try again later.`;
  if (status >= 500) {
    return `${host} answers, but the server behind it does not (status ${status}, ${what}). Check that the server runs and that the proxy forwards to its address.`;
  }
  return `${host} is not a bidi-sse server (status ${status}, ${what}). Check the address and its path. A network that requires a login may also have answered in place of the server.`;
}

function describeFailure(
  { code, message }: Trouble & { kind: 'failed' },
  { hostname, host, through, secure }: { hostname: string; host: string; through: string; secure: boolean },
): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return through === ''
      ? `The host ${hostname} does not exist (${code}). Check the name and the internet connection. Behind a proxy, set HTTPS_PROXY or HTTP_PROXY.`
      : `A host name cannot be resolved${through} (${message}). Check the name of the proxy.`;
  }
  if (code === 'ECONNREFUSED') {
    return through === ''
      ? `No server listens at ${host}. Start the server (bidi-sse --port …), or check the port.`
      : `${host} cannot be reached${through}, because no server listens there. Check the address of the proxy, or add ${hostname} to NO_PROXY.`;
  }
  if (/wrong version number|packet length too long/i.test(message)) {
    return `${host} does not use TLS. Use http:// instead of https://`;
  }
  if (secure && CERTIFICATE.test(code)) {
    return `The certificate of ${host} is not trusted (${code}). If you trust its issuer, set NODE_EXTRA_CA_CERTS to the issuer's certificate, or run with NODE_OPTIONS=--use-system-ca`;
  }
  if (message === 'bad port') {
    return `Browsers refuse the port of ${host}, which is reserved for another protocol. Let the server listen on another port (--port).`;
  }
  if (/\b407\b/.test(message)) {
    return `The proxy requires a user name and a password${through}. Set HTTPS_PROXY to http://name:password@host:port`;
  }
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE') {
    return `${host} accepts the connection and closes it without a response${through}. The cause is a firewall or a server that does not speak HTTP${secure ? '' : ' or requires https://'}.`;
  }
  return `${host} cannot be reached${through}: ${message || code}`;
}
