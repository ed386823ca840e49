import { foreign } from './foreign.ts';

/** Programs that stand in front of servers, as far as what they answer names them. */
export type Product =
  | 'nginx'
  | 'HAProxy'
  | 'Squid'
  | 'Caddy'
  | 'Apache'
  | 'Cloudflare'
  | 'AWS load balancer'
  | 'Google Cloud'
  | 'Envoy'
  | 'Varnish';

/** A header, what in it gives a product away, and which. */
const SIGNS: readonly (readonly [header: string, pattern: RegExp, product: Product])[] = [
  ['Server', /\b(nginx|openresty)\b/i, 'nginx'],
  ['Server', /\bcaddy\b/i, 'Caddy'],
  ['Via', /\bcaddy\b/i, 'Caddy'],
  ['Server', /\bapache\b/i, 'Apache'],
  ['Server', /\bcloudflare\b/i, 'Cloudflare'],
  ['CF-Ray', /./, 'Cloudflare'],
  ['Server', /\bawselb\b/i, 'AWS load balancer'],
  ['Set-Cookie', /\bAWSALB/, 'AWS load balancer'],
  ['Server', /google frontend/i, 'Google Cloud'],
  ['Via', /\bgoogle\b/i, 'Google Cloud'],
  ['Server', /\benvoy\b/i, 'Envoy'],
  ['Via', /\bvarnish\b/i, 'Varnish'],
  ['Via', /\bsquid\b/i, 'Squid'],
  ['Server', /\bsquid\b/i, 'Squid'],
];

/** Who has left a name in an answer; in no order that says anything. */
export function productsIn(headers: Headers): Product[] {
  const found = SIGNS.filter(([header, pattern]) => pattern.test(headers.get(header) ?? ''));
  return [...new Set(found.map(([, , product]) => product))];
}

/** What an answer says of those on its way, as it says it. */
export function traces(headers: Headers): string[] {
  return ['Server', 'Via', 'X-Cache'].flatMap((name) => {
    const value = foreign(headers.get(name));
    return value ? [`${name}: ${value.slice(0, 100)}`] : [];
  });
}
