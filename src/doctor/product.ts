import { sanitizeText } from './untrusted-text.ts';

/** Programs in front of a server that name themselves in their responses. */
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

/** Headers whose values identify a product. */
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

/** Finds the products that a response names. Their order has no meaning. */
export function findProducts(headers: Headers): Product[] {
  const found = SIGNS.filter(([header, pattern]) => pattern.test(headers.get(header) ?? ''));
  return [...new Set(found.map(([, , product]) => product))];
}

/** Lists the headers of a response that name programs on its way. */
export function listTraces(headers: Headers): string[] {
  return ['Server', 'Via', 'X-Cache'].flatMap((name) => {
    const value = sanitizeText(headers.get(name));
    return value ? [`${name}: ${value.slice(0, 100)}`] : [];
  });
}
