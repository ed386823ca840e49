import { AddressLimits } from '../../src/http/limits/address-limits.ts';
import { Admission } from '../../src/session/admission.ts';
import type { QuotaLimits } from '../../src/session/quota-table.ts';

/** Limits that no test reaches. */
export const NO_LIMITS: QuotaLimits = {
  sessions: 1_000_000,
  readers: 1_000_000,
  modelConnectionsPerMinute: 1_000_000,
  audioSPerMinute: 1_000_000_000,
  heldBytes: Number.POSITIVE_INFINITY,
};

export function unlimitedAdmission(): Admission {
  return new Admission({ user: NO_LIMITS, address: NO_LIMITS, maxSessions: 1_000_000 });
}

export function unlimitedAddresses(): AddressLimits {
  return new AddressLimits({
    trustedProxies: [],
    maxConnections: 1_000_000,
    maxAddressConnections: 1_000_000,
    requestsPerMinute: 1_000_000_000,
    onUntrustedProxy: () => {},
  });
}
