import { time } from './quantity.ts';
import type { Trouble } from './reach.ts';

/** Codes of certificates that are not trusted; https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|SSL|TLS/;

/** Why nothing could be examined, and what to do: one sentence, or two. @param proxy that was used, if one was */
export function putTroubleIntoWords(trouble: Trouble, url: string, proxy: string | undefined): string {
  const { hostname, host } = new URL(url);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  switch (trouble.kind) {
    case 'silent':
      return `${host} gave no answer in ${time(trouble.afterMs)}${through}: a firewall drops what is sent to it, or the server hangs.`;
    case 'redirected':
      return sayRedirected(trouble.to, url);
    case 'refused':
      return sayRefused(trouble);
    case 'gone':
      return `${host} answered at first and does not any more${through}: the server was stopped, or is not to be reached now. What was seen of the network says nothing then: try again when it is back.`;
    case 'foreign':
      return sayForeign(trouble, host);
    case 'failed':
      return sayFailed(trouble, { hostname, host, through, secure: url.startsWith('https:') });
  }
}

function sayRedirected(to: string, url: string): string {
  const target = URL.canParse(to, url) ? new URL(to, url) : undefined;
  const from = new URL(url);
  if (target?.hostname === from.hostname && target.protocol !== from.protocol) {
    return `The server sends requests on to ${target.protocol}//: use ${target.origin}${from.pathname.replace(/\/$/, '')}`;
  }
  return `Requests are sent on to ${to.slice(0, 200)}: a page to log in, of the server or of the network. Log in with a browser, or say who you are with --header.`;
}

function sayRefused({ status, failure }: Trouble & { kind: 'refused' }): string {
  const { code, error, hint } = failure;
  if (code === 'not_found') {
    return 'A bidi-sse server answers, but has no /poll there: the address has a path too many or too few, or the server is older than this program.';
  }
  const where =
    code === 'host_not_allowed' || code === 'origin_not_allowed' ? ', in the environment of the server' : '';
  return `The server refuses: ${error} (status ${status}, ${code}). What to do: ${hint ?? 'see its log'}${where}.`;
}

function sayForeign({ status, type }: Trouble & { kind: 'foreign' }, host: string): string {
  const what = type === '' ? 'an answer without a type' : type.replace(/;.*/, '');
  if (status === 401 || status === 403) {
    return `${host} wants to know who is there (status ${status}, ${what}): add --header 'Authorization: …' or --header 'Cookie: …' of a browser that is logged in.`;
  }
  if (status === 407)
    return 'The proxy wants a name and a password: put them into HTTP_PROXY, as http://name:password@host:port';
  if (status === 429) return `${host} has had too many requests (status 429, ${what}): try again later.`;
  if (status >= 500) {
    return `${host} answers, but nobody behind it does (status ${status}, ${what}): is the server running, and does the proxy before it know where?`;
  }
  return `What answers at ${host} is no bidi-sse server (status ${status}, ${what}): check the address, its path too; or a network that wants you to log in answers in its place.`;
}

function sayFailed(
  { code, message }: Trouble & { kind: 'failed' },
  { hostname, host, through, secure }: { hostname: string; host: string; through: string; secure: boolean },
): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return through === ''
      ? `There is no host ${hostname} (${code}): check the name, or your connection to the internet. Behind a company's proxy, set HTTPS_PROXY or HTTP_PROXY.`
      : `A name cannot be found${through} (${message}): check the name of the proxy.`;
  }
  if (code === 'ECONNREFUSED') {
    return through === ''
      ? `Nobody listens at ${host}: start the server there (bidi-sse --port …), or check the port.`
      : `${host} cannot be reached${through}: nobody listens there. Check the address of the proxy, or name ${hostname} in NO_PROXY.`;
  }
  if (/wrong version number|packet length too long/i.test(message)) {
    return `${host} does not speak TLS: use http:// in the place of https://`;
  }
  if (secure && CERTIFICATE.test(code)) {
    return `The certificate of ${host} is not trusted (${code}). If it is your own, or your company's, name the certificate that signed it in NODE_EXTRA_CA_CERTS, or run with NODE_OPTIONS=--use-system-ca`;
  }
  if (message === 'bad port') {
    return `No browser opens the port of ${host}, which belongs to another protocol: have the server listen on another (--port).`;
  }
  if (/\b407\b/.test(message)) {
    return `The proxy wants a name and a password${through}: put them into HTTPS_PROXY, as http://name:password@host:port`;
  }
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE') {
    return `${host} takes the connection and breaks it off without an answer${through}: a firewall, or not a web server${secure ? '' : ', or one that wants https://'}.`;
  }
  return `${host} could not be reached${through}: ${message || code}`;
}
