import { createHmac } from 'node:crypto';

/** Secrets of the attacked servers. An attack that uses one says so; the logs of the servers are searched for all of them. */
export const KEY = 'AIzaSecretKeyOfTheAttack000000000000000';
export const HONEST_TOKEN = 'honest-token-of-32-characters-0001';
export const MALLORY_TOKEN = 'mallory-token-of-32-characters-002';
export const JWT_SECRET = 'jwt-secret-of-the-attack-of-48-characters-000003';
export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'bidi-sse-attack';

/** Time for which the honest user's JSON Web Token is valid, in s: longer than a run. */
const HONEST_S = 4 * 3_600;

/** Signs a JSON Web Token with HS256, whatever its header says. */
export function signJwt(claims: object, secret = JWT_SECRET, header: object = {}): string {
  const content = [{ alg: 'HS256', typ: 'JWT', ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

/** Creates a valid token of a user. */
export function createUserJwt(sub: string): string {
  const now = Math.floor(Date.now() / 1_000);
  return signJwt({ iss: ISSUER, aud: AUDIENCE, sub, iat: now, exp: now + HONEST_S });
}
