import { BlockList, isIP, type Socket } from 'node:net';

const ADDRESSES = new BlockList();
ADDRESSES.addSubnet('127.0.0.0', 8, 'ipv4');
ADDRESSES.addAddress('::1', 'ipv6');
/** Names that browsers and systems resolve to this machine without asking a name server. @see RFC 6761, section 6.3 */
const NAME = /^(?:[a-z0-9-]+\.)*localhost\.?$/;
/** Hosts of this machine as browsers write them in `Host`. */
const HOST = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** Loopback addresses as sockets write them. */
const SOCKET_ADDRESS = /^(?:::1$|(?:::ffff:)?127\.)/;

/**
 * Tells whether a host can be reached from this machine only.
 * @param host an address in any notation, with or without brackets, or a name
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const version = isIP(name);
  if (version === 0) return NAME.test(name);
  // An IPv6 address that contains an IPv4 address counts as that address.
  return ADDRESSES.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

/** Tells whether a `Host` header, in lower case and without its port, names this machine. */
export function isLoopbackHost(name: string): boolean {
  return HOST.test(name);
}

/**
 * Tells whether the other end of a connection is on this machine. A Unix domain socket has no addresses, and only this machine connects to it. A
 * connection whose client has reset it has no remote address any more; once closed, it has none at all, and the answer is no.
 */
export function isOwnMachine({ remoteAddress, localAddress, destroyed }: Socket): boolean {
  const address = remoteAddress ?? localAddress;
  return address === undefined ? !destroyed : isLoopbackSocket(address);
}

/** Tells whether the address of a socket is a loopback address. */
export function isLoopbackSocket(address: string): boolean {
  return SOCKET_ADDRESS.test(address);
}
