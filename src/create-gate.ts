import type { Config } from './config.ts';
import { type AuthenticatorOptions, createAuthenticator } from './http/auth/create-authenticator.ts';
import type { Tickets } from './http/auth/tickets.ts';
import { Gate } from './http/gate.ts';
import type { AddressLimits } from './http/limits/address-limits.ts';
import { isOwnMachine } from './http/loopback.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';
import type { ServiceOptions } from './service-options.ts';

export interface GateParts {
  readonly tickets: Tickets;
  readonly limits: AddressLimits;
  readonly logger: BasicLogger;
}

const REFUSED_WITHOUT_AUTH =
  'AUTH=none: requests of other machines are refused. Give createRouter the option authenticate, which tells who sends a request; or set AUTH=token or AUTH=jwt; or, if something in front of this server authenticates, AUTH_NONE_BEYOND_LOOPBACK=yes';

/**
 * Creates the gate of a service.
 * @throws {TypeError} the app and the configuration both say how to authenticate
 */
export function createGate(config: Config, options: ServiceOptions, { tickets, limits, logger }: GateParts): Gate {
  const { allowedOrigins, allowedHosts, auth } = config;
  const { hostCheck = 'on_loopback', authenticate } = options;
  if (authenticate && auth.authenticator.mode !== 'none') {
    throw new TypeError(`The option authenticate and AUTH=${auth.authenticator.mode} exclude each other`);
  }
  const authenticator = createAuthenticator(chooseAuthenticator(config, authenticate, logger), tickets, (error) =>
    logger.warn({ err: error }, 'the keys of AUTH_JWKS_URL cannot be fetched: new tokens are refused with 503'),
  );
  return new Gate({ origins: { allowedOrigins, allowedHosts, hostCheck }, authenticator, limits, logger });
}

function chooseAuthenticator(
  { auth }: Config,
  authenticate: ServiceOptions['authenticate'],
  logger: BasicLogger,
): AuthenticatorOptions {
  if (authenticate) {
    const onError = (error: unknown) =>
      logger.error({ err: error }, 'authenticate has failed: the request is refused with 503');
    return { mode: 'app', authenticate, onError };
  }
  if (auth.authenticator.mode !== 'none') return auth.authenticator;
  return {
    mode: 'none',
    accepts: (connection) => auth.noneBeyondLoopback || isOwnMachine(connection),
    onRefused: (address) => logger.error({ address }, REFUSED_WITHOUT_AUTH),
  };
}
