import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import { HttpRefusal } from './http-refusal.ts';

/** Maximum length of a received text in an error, in characters. */
const MAX_QUOTED = 40;

/**
 * Reads the method of a request. Some proxies let only GET and POST through: a POST may name a method that changes something in the header
 * `X-HTTP-Method-Override`. With any other method that header is ignored.
 * @param allowed methods of the route
 * @throws {HttpRefusal} method_not_allowed
 */
export function readMethod({ method = '', headers }: IncomingMessage, allowed: readonly string[]): string {
  const override = method === 'POST' ? headers['x-http-method-override'] : undefined;
  if (override === undefined) {
    if (allowed.includes(method)) return method;
    throw createMethodRefusal(method, allowed.join(', '));
  }
  const name = String(override).trim().toUpperCase();
  const usable = allowed.filter((each) => each !== 'GET');
  if (usable.includes(name)) return name;
  const fault = `X-HTTP-Method-Override: ${name.slice(0, MAX_QUOTED)} is not allowed here`;
  const advice = usable.length === 0 ? '' : `; use ${usable.join(', ')}`;
  throw new HttpRefusal(new WireError('method_not_allowed', fault + advice), { Allow: allowed.join(', ') });
}

/** Refuses a method that a route does not have. */
export function createMethodRefusal(method: string, allow: string): HttpRefusal {
  const reason = new WireError('method_not_allowed', `${method} is not allowed here; use ${allow}`);
  return new HttpRefusal(reason, { Allow: allow });
}
