import type * as z from 'zod';
import { integer, networks } from './config-fields.ts';

/** Variables that limit what one network address, one user, and all connections together use. */
export const limitFields = {
  TRUSTED_PROXIES: networks,
  MAX_CONNECTIONS: integer(10_000, 1, 1_000_000),
  MAX_ADDRESS_CONNECTIONS: integer(2_000, 1, 1_000_000),
  MAX_ADDRESS_REQUESTS_PER_MINUTE: integer(120_000, 1, 1_000_000_000),
  MAX_ADDRESS_SESSIONS: integer(500, 1, 1_000_000),
  MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE: integer(600, 1, 1_000_000),
  MAX_ADDRESS_AUDIO_S_PER_MINUTE: integer(12_000, 1, 1_000_000_000),
  MAX_USER_SESSIONS: integer(20, 1, 1_000_000),
  MAX_USER_READERS: integer(100, 1, 1_000_000),
  MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: integer(60, 1, 1_000_000),
  MAX_USER_AUDIO_S_PER_MINUTE: integer(180, 1, 1_000_000_000),
};

/** Limits of addresses and users. */
export function toLimitConfig(env: z.output<z.ZodObject<typeof limitFields>>) {
  return {
    /** Addresses of the proxies whose `X-Forwarded-For` is believed. */
    trustedProxies: env.TRUSTED_PROXIES,
    maxConnections: env.MAX_CONNECTIONS,
    /** Limits of one network address. */
    addressLimits: {
      connections: env.MAX_ADDRESS_CONNECTIONS,
      requestsPerMinute: env.MAX_ADDRESS_REQUESTS_PER_MINUTE,
      sessions: env.MAX_ADDRESS_SESSIONS,
      modelConnectionsPerMinute: env.MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE,
      audioSPerMinute: env.MAX_ADDRESS_AUDIO_S_PER_MINUTE,
    },
    /** Limits of one user. */
    userLimits: {
      sessions: env.MAX_USER_SESSIONS,
      readers: env.MAX_USER_READERS,
      modelConnectionsPerMinute: env.MAX_USER_MODEL_CONNECTIONS_PER_MINUTE,
      audioSPerMinute: env.MAX_USER_AUDIO_S_PER_MINUTE,
    },
  };
}
