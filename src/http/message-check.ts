import { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import { hasBody } from './request-body.ts';

/** Maximum number of headers. Each costs 120 bytes for as long as the request is being answered, however short it is. */
const MAX_HEADERS = 200;
/** Headers that a request has once. Their lengths are 4, 12 and 13. */
const SINGLE: readonly string[] = ['host', 'content-type', 'authorization'];

/**
 * Checks what Node's parser accepts and this server does not: a request that two programs on the way could read in two ways. Each would
 * otherwise let a client pass a proxy's checks with one reading and this server's with the other.
 * @throws {WireError} headers_too_large, malformed_request, unsupported_transfer_coding, expectation_failed
 * @see RFC 9112, sections 2.3, 3.2 and 6.1
 */
export function checkMessage(req: IncomingMessage): void {
  // HTTP/2, which an app may serve through Node's compatibility API, is framed in one way only.
  if (!(req instanceof IncomingMessage)) return;
  const { headers, httpVersionMajor, httpVersionMinor, rawHeaders, url = '' } = req;
  if (httpVersionMajor > 1) throw new WireError('malformed_request', 'This server speaks HTTP/1.1 and HTTP/1.0');
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    throw new WireError('headers_too_large', `The request has more than ${MAX_HEADERS} headers`);
  }
  const repeated = findRepeated(rawHeaders);
  if (repeated) throw new WireError('malformed_request', `The request has more than one ${repeated} header`);
  if (headers.host === undefined && httpVersionMinor > 0) {
    throw new WireError('malformed_request', 'The request has no Host header');
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new WireError('unsupported_transfer_coding');
  if (coding !== undefined && httpVersionMinor === 0) {
    throw new WireError('malformed_request', 'HTTP/1.0 has no Transfer-Encoding');
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new WireError('expectation_failed');
  }
  if (!url.startsWith('/')) checkAbsoluteTarget(url, headers.host);
}

/**
 * Checks that a handshake has no body: its bytes would be taken for frames.
 * @throws {WireError} malformed_request
 */
export function checkUpgradeHasNoBody(req: IncomingMessage): void {
  if (!hasBody(req)) return;
  throw new WireError('malformed_request', 'A WebSocket handshake has no body');
}

/**
 * Finds a header that is there twice although it decides who may do what, or how the body is read. Node keeps the first of them and drops the
 * others, so that only the raw headers show them.
 */
function findRepeated(rawHeaders: readonly string[]): string | undefined {
  // A bit for each of `SINGLE`: no set is made for each request.
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length !== 4 && name.length !== 12 && name.length !== 13) continue;
    const place = SINGLE.indexOf(name.toLowerCase());
    if (place < 0) continue;
    const bit = 1 << place;
    if ((seen & bit) !== 0) return name;
    seen |= bit;
  }
  return undefined;
}

/** The host of an absolute request target takes precedence over `Host`. The gate checks `Host` alone, so the two must be the same. */
function checkAbsoluteTarget(target: string, host: string | undefined): void {
  // `OPTIONS *` asks about the server as a whole.
  if (target === '*') return;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new WireError('malformed_request', 'The request target is neither a path nor a URL of http or https');
  }
  if (host !== undefined && URL.canParse(`${url.protocol}//${host}`)) {
    if (new URL(`${url.protocol}//${host}`).host === url.host) return;
  }
  throw new WireError('malformed_request', 'The host of the request target is not that of the Host header');
}
