import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WireError } from '../../wire/wire-error.ts';
import type { Authenticator, Principal } from './authenticator.ts';

export interface NoAuthenticatorOptions {
  /** Whether requests of this connection are accepted. Default: yes. */
  accepts?(connection: Socket): boolean;
  /** Called once, with the address of the first connection that is not accepted. */
  onRefused?(address: string | undefined): void;
}

const ANYONE: Principal = {
  id: 'anyone',
  userId: undefined,
  expiresAt: Number.POSITIVE_INFINITY,
  mayUse: () => true,
};

/** Lets every caller of an accepted connection use every session; for a server without authentication. */
export class NoAuthenticator implements Authenticator {
  readonly challenge = 'Bearer';
  readonly acceptsTokens = false;
  readonly #options: NoAuthenticatorOptions;
  #hasRefused = false;

  constructor(options: NoAuthenticatorOptions = {}) {
    this.#options = options;
  }

  /** @throws {WireError} unauthorized: the connection is not accepted */
  authenticate({ socket }: IncomingMessage): Principal {
    const { accepts, onRefused } = this.#options;
    if (!accepts || accepts(socket)) return ANYONE;
    if (!this.#hasRefused) onRefused?.(socket.remoteAddress);
    this.#hasRefused = true;
    throw new WireError(
      'unauthorized',
      'Without authentication this server answers only requests of its own machine',
      'the log of the server names the settings',
    );
  }
}
