import { AppAuthenticator, type AppAuthenticatorOptions } from './app-authenticator.ts';
import type { Authenticator } from './authenticator.ts';
import { CredentialAuthenticator } from './credential-authenticator.ts';
import { type JwtOptions, JwtVerifier } from './jwt-verifier.ts';
import { NoAuthenticator, type NoAuthenticatorOptions } from './no-authenticator.ts';
import { type StaticToken, StaticTokens } from './static-tokens.ts';
import type { Tickets } from './tickets.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** How callers prove who they are. */
export type AuthOptions =
  | { readonly mode: 'none' }
  | { readonly mode: 'token'; readonly tokens: readonly StaticToken[] }
  | ({ readonly mode: 'jwt' } & JwtOptions);

/** The mode that the configuration or the app has chosen, with what each mode needs besides. */
export type AuthenticatorOptions =
  | ({ readonly mode: 'none' } & NoAuthenticatorOptions)
  | Exclude<AuthOptions, { readonly mode: 'none' }>
  | ({ readonly mode: 'app' } & Omit<AppAuthenticatorOptions, 'tickets'>);

/** Creates the authenticator of a service. @param onKeysUnavailable as in `JwtVerifier` */
export function createAuthenticator(
  options: AuthenticatorOptions,
  tickets: Tickets,
  onKeysUnavailable: (error: unknown) => void,
): Authenticator {
  if (options.mode === 'none') return new NoAuthenticator(options);
  if (options.mode === 'app') return new AppAuthenticator({ ...options, tickets });
  const verifier =
    options.mode === 'token'
      ? new StaticTokens(options.tokens)
      : new VerifiedTokens(new JwtVerifier(options, onKeysUnavailable));
  return new CredentialAuthenticator(verifier, tickets);
}
