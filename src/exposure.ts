import { type Config, ConfigError } from './config.ts';

/**
 * Checks a server that other machines can reach: it must know who may talk, and under which names it is reached. Without names, a page
 * whose name was made to resolve to the address of the server could use it (DNS rebinding).
 * @param hasAuthenticate whether the program of the server tells who sends a request
 * @throws {ConfigError} with a line for each variable that is missing
 */
export function checkExposure({ host, allowedHosts, auth }: Config, hasAuthenticate: boolean): void {
  const faults: string[] = [];
  if (auth.authenticator.mode === 'none' && !auth.noneBeyondLoopback && !hasAuthenticate) {
    faults.push(
      `AUTH: other machines can reach ${host}, and AUTH=none lets everybody talk. Set AUTH=token and AUTH_TOKENS=user:token, or AUTH=jwt; or, behind a proxy that authenticates or a port that is published on 127.0.0.1 only, AUTH_NONE_BEYOND_LOOPBACK=yes`,
    );
  }
  if (allowedHosts.length === 0) {
    faults.push(
      `ALLOWED_HOSTS: other machines can reach ${host}. Name the hosts that they write in the address, such as app.example.com or 192.168.1.5, separated by commas. localhost and 127.0.0.1 need not be named: ALLOWED_HOSTS=localhost allows only them`,
    );
  }
  if (faults.length === 0) return;
  throw new ConfigError(
    `The configuration is not valid (see .env.example):\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
}
