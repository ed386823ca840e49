import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { BoundedMap } from '../../wire/bounded-map.ts';
import { type Allowance, TokenBucket } from '../../wire/token-bucket.ts';
import { WireError } from '../../wire/wire-error.ts';
import { ClientAddresses } from './client-addresses.ts';

export interface AddressLimitsOptions {
  /** Addresses and networks in CIDR notation whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Maximum number of open connections of this process. */
  readonly maxConnections: number;
  /** Maximum number of open connections of one address. Those of trusted proxies are not counted. */
  readonly maxAddressConnections: number;
  /** Maximum number of requests of one address in a minute. A sixth of them may come at once. */
  readonly requestsPerMinute: number;
  /** Called once, with the first address that sends `X-Forwarded-For` and is not trusted. */
  readonly onUntrustedProxy: (address: string) => void;
  /** Clock in ms, which never goes back. Default: that of the process. */
  readonly now?: () => number;
}

/** Counts frames of one WebSocket, each as a request of its address. */
export interface FrameMeter {
  /** Counts a frame. */
  charge(): void;
  /** Whether the address has sent more than it may. The frames of its WebSockets should wait. */
  readonly isExhausted: boolean;
}

/** What one address uses now. */
interface AddressUse {
  /** Name of the address. */
  readonly name: string;
  readonly requests: TokenBucket;
  connections: number;
}

/** An open connection. */
interface Peer {
  readonly use: AddressUse;
  readonly isProxy: boolean;
  /** Why each request of this connection is refused; `undefined` unless the connection is one too many. */
  readonly refusal: Refusal | undefined;
}

type Refusal = 'too_many_connections' | 'server_busy';

/** Descriptions of the refusals of a connection. */
const REFUSALS: Readonly<Record<Refusal, string>> = {
  too_many_connections: 'This network address has too many open connections',
  server_busy: 'The server has too many open connections',
};
/** Part of the requests of a minute that may come at once. */
const BURST_SHARE = 1 / 6;
/** Share of all connections that one address never gets, so that there is room for others. */
const RESERVED_SHARE = 0.1;
/** Number of connections above the limits that are kept open to be told why they are refused. Further ones are closed at once. */
const MAX_EXCESS = 100;
/** Time in which a connection above the limits has to send a request, in ms. */
const EXCESS_MS = 2_000;
/** Wait that such a client is told, in ms. Nobody knows when another connection closes. */
const RETRY_AFTER_MS = 2_000;
/** Number of addresses without a connection whose budget is remembered. The oldest is forgotten: its budget is full again. */
const MAX_IDLE = 10_000;

/**
 * Limits what one network address costs, before anything else is known about a request: open connections, and requests in a minute. Sessions and
 * audio of an address are limited where sessions are opened.
 *
 * A package such as express-rate-limit does not fit here: its middleware needs Express, which the routes of the API do without, it awaits a store
 * with each request, and the store in its memory has no limit.
 */
export class AddressLimits {
  readonly #options: AddressLimitsOptions;
  readonly #addresses: ClientAddresses;
  readonly #requests: Allowance;
  readonly #maxAddressConnections: number;
  readonly #now: () => number;
  readonly #peers = new WeakMap<Socket, Peer>();
  /** Addresses with a connection. */
  readonly #connected = new Map<string, AddressUse>();
  readonly #idle = new BoundedMap<string, AddressUse>(MAX_IDLE);
  #connections = 0;
  #excess = 0;
  #hasSeenProxy = false;

  constructor(options: AddressLimitsOptions) {
    const { trustedProxies, maxConnections, maxAddressConnections, requestsPerMinute, now } = options;
    this.#options = options;
    this.#addresses = new ClientAddresses(trustedProxies);
    this.#requests = { perMinute: requestsPerMinute, burst: Math.ceil(requestsPerMinute * BURST_SHARE) };
    const most = maxConnections - Math.floor(maxConnections * RESERVED_SHARE);
    this.#maxAddressConnections = Math.min(maxAddressConnections, most);
    this.#now = now ?? (() => performance.now());
  }

  /** Number of addresses in memory. */
  get size(): number {
    return this.#connected.size + this.#idle.size;
  }

  /**
   * Counts a connection until it closes. A server calls this for each connection that it accepts; in a server that does not, the first request
   * of a connection counts it. Above the limits, the connection is told with its first request why it is refused, or is closed at once.
   * @param carrier the connection, already counted, in which this one is encrypted
   */
  track(socket: Socket, carrier?: Socket): void {
    const counted = carrier && this.#peers.get(carrier);
    if (counted) this.#peers.set(socket, counted);
    else this.#findPeer(socket);
  }

  /**
   * Counts a request.
   * @returns the address of the client, under which all of its network is counted
   * @throws {WireError} too_many_connections, server_busy: the connection is one too many and should be closed; too_many_requests
   */
  admit(req: IncomingMessage): string {
    const peer = this.#findPeer(req.socket);
    if (peer.refusal) {
      throw new WireError(peer.refusal, REFUSALS[peer.refusal], undefined, { retry_after_ms: RETRY_AFTER_MS });
    }
    const use = this.#findClient(req, peer);
    if (!this.#hasSeenProxy && !peer.isProxy && req.headers['x-forwarded-for'] !== undefined) {
      this.#hasSeenProxy = true;
      this.#options.onUntrustedProxy(use.name);
    }
    const now = this.#now();
    if (use.requests.tryCharge(1, now)) return use.name;
    throw new WireError('too_many_requests', undefined, undefined, { retry_after_ms: use.requests.waitMs(now) });
  }

  /** Counts a request that was admitted as several more. */
  charge(req: IncomingMessage, requests: number): void {
    this.#findClient(req, this.#findPeer(req.socket)).requests.charge(requests, this.#now());
  }

  /** Returns the meter of a WebSocket whose handshake was admitted. */
  meterFrames(req: IncomingMessage): FrameMeter {
    const { requests } = this.#findClient(req, this.#findPeer(req.socket));
    const now = this.#now;
    return {
      charge: () => requests.charge(1, now()),
      get isExhausted() {
        return !requests.hasToken(now());
      },
    };
  }

  #findClient(req: IncomingMessage, { use, isProxy }: Peer): AddressUse {
    return isProxy ? this.#findForwarded(req, use.name) : use;
  }

  #findPeer(socket: Socket): Peer {
    return this.#peers.get(socket) ?? this.#addPeer(socket);
  }

  #addPeer(socket: Socket): Peer {
    const { name, isProxy } = this.#addresses.identifyPeer(socket);
    const use = this.#findUse(name);
    // Who resets a connection in time has no address to be counted under. Nobody reads the refusal.
    const refusal = isReset(socket) ? 'server_busy' : this.#findRefusal(use, isProxy);
    if (isReset(socket)) socket.destroy();
    const peer: Peer = { use, isProxy, refusal };
    this.#peers.set(socket, peer);
    if (refusal) this.#holdExcess(socket);
    else this.#countConnection(socket, use);
    return peer;
  }

  #findRefusal({ connections }: AddressUse, isProxy: boolean): Refusal | undefined {
    if (!isProxy && connections >= this.#maxAddressConnections) return 'too_many_connections';
    return this.#connections < this.#options.maxConnections ? undefined : 'server_busy';
  }

  #countConnection(socket: Socket, use: AddressUse): void {
    this.#connections += 1;
    use.connections += 1;
    this.#idle.delete(use.name);
    this.#connected.set(use.name, use);
    socket.once('close', () => {
      this.#connections -= 1;
      use.connections -= 1;
      if (use.connections > 0) return;
      this.#connected.delete(use.name);
      if (!use.requests.isFull(this.#now())) this.#idle.set(use.name, use);
    });
  }

  /** Keeps a connection above the limits for the time of one request. */
  #holdExcess(socket: Socket): void {
    if (this.#excess >= MAX_EXCESS) {
      socket.destroy();
      return;
    }
    this.#excess += 1;
    const timer = setTimeout(() => socket.destroy(), EXCESS_MS).unref();
    socket.once('close', () => {
      clearTimeout(timer);
      this.#excess -= 1;
    });
  }

  #findForwarded(req: IncomingMessage, proxy: string): AddressUse {
    const name = this.#addresses.identifyForwarded(req, proxy);
    const use = this.#findUse(name);
    if (use.connections === 0 && !this.#idle.has(name)) this.#idle.set(name, use);
    return use;
  }

  #findUse(name: string): AddressUse {
    const known = this.#connected.get(name) ?? this.#idle.get(name);
    return known ?? { name, requests: new TokenBucket(this.#requests, this.#now()), connections: 0 };
  }
}

/** Whether the client of a TCP connection has reset it: the connection has lost the address of the client. */
function isReset({ remoteAddress, localAddress }: Socket): boolean {
  return remoteAddress === undefined && localAddress !== undefined;
}
