import type { Config } from './config.ts';
import { AddressLimits } from './http/limits/address-limits.ts';
import { readOpenFilesLimit } from './open-files.ts';
import { Admission } from './session/admission.ts';
import type { SessionLogger } from './session/session-logger.ts';

/**
 * Shares of the memory that sessions of one user, and of one address, may hold. Both are below the share above which the server opens no sessions,
 * so that nobody keeps others from opening one.
 */
const USER_MEMORY_SHARE = 0.25;
const ADDRESS_MEMORY_SHARE = 0.7;
/** Share of the open files of the process that connections of clients may be. The others are for connections to the model, and for files. */
const CONNECTIONS_SHARE = 0.5;

const UNTRUSTED_PROXY =
  'X-Forwarded-For is ignored: if this address is that of your proxy, add it to TRUSTED_PROXIES; until then all its clients share the limits of one address';

/** Creates the limits of sessions, for each user and each network address. */
export function createAdmission({ userLimits, addressLimits, maxSessions, maxHeldBytes }: Config): Admission {
  // The connections of clients that a proxy hides are counted here.
  const address = {
    ...addressLimits,
    readers: addressLimits.connections,
    heldBytes: maxHeldBytes * ADDRESS_MEMORY_SHARE,
  };
  const user = { ...userLimits, heldBytes: maxHeldBytes * USER_MEMORY_SHARE };
  return new Admission({ user, address, maxSessions });
}

/** Creates the limits of connections and requests, for each network address. */
export function createAddressLimits(config: Config, logger: SessionLogger): AddressLimits {
  const { trustedProxies, addressLimits } = config;
  const { connections, requestsPerMinute } = addressLimits;
  return new AddressLimits({
    trustedProxies,
    maxConnections: limitByOpenFiles(config.maxConnections, logger),
    maxAddressConnections: connections,
    requestsPerMinute,
    onUntrustedProxy: (address) => logger.warn({ address }, UNTRUSTED_PROXY),
  });
}

/**
 * Lowers the maximum number of connections to what the system allows. At its limit, the system would refuse connections to the model, and break
 * conversations that were accepted.
 */
function limitByOpenFiles(maxConnections: number, logger: SessionLogger): number {
  const openFiles = readOpenFilesLimit() ?? Number.POSITIVE_INFINITY;
  const possible = Math.floor(openFiles * CONNECTIONS_SHARE);
  if (possible >= maxConnections) return maxConnections;
  logger.warn(
    { maxConnections, openFiles },
    `the system lets this process open ${openFiles} files: clients get ${possible} connections, not MAX_CONNECTIONS; raise the limit with ulimit -n`,
  );
  return possible;
}
