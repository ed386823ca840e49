import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6, type Socket } from 'node:net';
import { BoundedMap } from '../../wire/bounded-map.ts';
import { nameSubnet, normalizeAddress } from './subnet.ts';

/** Number of addresses that are remembered as known: parsing an address costs more than the rest of all limits. */
const MAX_REMEMBERED = 10_000;
/** Maximum number of proxies between a client and this server. Hops before them are not read. */
const MAX_HOPS = 10;
/** Name of all clients whose address is not known, such as those of a Unix domain socket. */
const UNKNOWN = 'unknown';

/** The two ends of a connection, as `Socket` names them. */
export type ConnectionAddresses = Pick<Socket, 'remoteAddress' | 'localAddress'>;

interface KnownAddress {
  /** Name under which the address is counted. */
  readonly name: string;
  /** Whether the address is that of a trusted proxy. */
  readonly isProxy: boolean;
}

/**
 * Finds the network address of the client of a request. Behind trusted proxies that is the right-most hop of `X-Forwarded-For` that is not a
 * trusted proxy itself: everything to the left of it was written by the client. From any other peer the header is ignored.
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
 */
export class ClientAddresses {
  readonly #proxies: BlockList | undefined;
  readonly #known = new BoundedMap<string, KnownAddress>(MAX_REMEMBERED);

  /** @param trustedProxies addresses and networks in CIDR notation, such as `10.0.0.0/8`. Each must be valid */
  constructor(trustedProxies: readonly string[]) {
    if (trustedProxies.length === 0) return;
    this.#proxies = new BlockList();
    for (const network of trustedProxies) {
      const [address = '', prefix] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(prefix), family);
    }
  }

  /**
   * Returns the name of the address of a connection, and whether the address is that of a trusted proxy.
   * @param connection if it has no address at all: a Unix domain socket, which only a proxy on this machine uses
   */
  identifyPeer({ remoteAddress, localAddress }: ConnectionAddresses): KnownAddress {
    if (remoteAddress !== undefined) return this.#identify(remoteAddress);
    // A TCP connection keeps its own address when its client has reset it, and what the client has sent before can still be read.
    return { name: UNKNOWN, isProxy: this.#proxies !== undefined && localAddress === undefined };
  }

  /**
   * Returns the name of the address of a client behind a trusted proxy.
   * @param peer name of the proxy's own address, which is the answer if the proxy names no other
   */
  identifyForwarded({ headers }: IncomingMessage, peer: string): string {
    const forwarded = headers['x-forwarded-for'];
    // Node joins headers of the same name with commas.
    if (typeof forwarded !== 'string') return peer;
    let name = peer;
    let end = forwarded.length;
    for (let hop = 0; hop < MAX_HOPS && end > 0; hop += 1) {
      const comma = forwarded.lastIndexOf(',', end - 1);
      const known = this.#identify(readAddress(forwarded.slice(comma + 1, end)));
      // Whatever a hop before this one says, no proxy that is known has written it.
      if (known.name === UNKNOWN) return name;
      name = known.name;
      if (!known.isProxy) return name;
      end = comma;
    }
    return name;
  }

  #identify(address: string): KnownAddress {
    const known = this.#known.get(address);
    if (known) return known;
    // A part of a header keeps the whole header in memory; a copy does not.
    const copy = Buffer.from(address).toString();
    const normal = normalizeAddress(copy);
    const version = isIP(normal);
    const isProxy = version !== 0 && this.#proxies?.check(normal, version === 6 ? 'ipv6' : 'ipv4') === true;
    const identified = { name: version === 0 ? UNKNOWN : nameSubnet(normal), isProxy };
    this.#known.set(copy, identified);
    return identified;
  }
}

/** Reads the address of a hop, which may have a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function readAddress(hop: string): string {
  const text = hop.trim();
  if (isIP(text) !== 0) return text;
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? '';
}
