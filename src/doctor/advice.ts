import type { Product } from './product.ts';

/** A kind of problem that a setting can solve. */
export type Topic =
  | 'buffering'
  | 'delay'
  | 'compression'
  | 'lifetime'
  | 'silence'
  | 'posts'
  | 'bodies'
  | 'affinity'
  | 'socket'
  | 'headers'
  | 'host'
  | 'width';

/** Advice for any product. */
const GENERAL: Readonly<Record<Topic, string>> = {
  buffering:
    'Switch off response buffering for /events. Scanners of companies and antivirus programs buffer too: exempt text/event-stream from scanning, or serve over https.',
  delay:
    'Switch on TCP_NODELAY for responses. HAProxy is known to delay each chunk by 0.2 s: set option http-no-delay there.',
  compression: 'Exclude text/event-stream from compression.',
  lifetime: 'Raise the time limits of responses and of idle connections for /events and /ws to an hour or more.',
  silence:
    'A router or firewall drops connections from its table. Raise its limit for idle connections, or set HEARTBEAT_MS of the server below that limit.',
  posts: 'Allow POST /send with Content-Type application/json, text/plain, audio/pcm and image/*.',
  bodies: 'Raise the limit of request bodies to MAX_BODY_BYTES of the server (default 4 MiB).',
  affinity:
    'Run one server, or send all requests of a user to the same server: by session affinity (a cookie), or by a hash of the user id in the path.',
  socket: 'To use WebSocket, forward the Upgrade and Connection headers for /ws.',
  host: 'Forward the Host header unchanged, or add the origin of the page to ALLOWED_ORIGINS of the server.',
  width: 'Use a connection with more bandwidth. Speech needs 256 kbit/s up and 512 kbit/s down. Text needs hardly any.',
  headers: 'Forward Last-Event-ID in requests, and Cache-Control unchanged in responses.',
};

/** Advice as settings of a product. */
const BY_PRODUCT: Readonly<Record<Product, Partial<Record<Topic, string>>>> = {
  nginx: {
    buffering:
      'proxy_buffering off; in the location of /events. Remove a proxy_ignore_headers that names X-Accel-Buffering. If two nginx are in a row, configure both.',
    compression: 'gzip off; in the location of /events.',
    lifetime: 'proxy_read_timeout 1h; and proxy_send_timeout 1h; in the locations of /events and /ws.',
    bodies: 'client_max_body_size 5m;',
    host: 'proxy_set_header Host $http_host;',
    socket:
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; in the location of /ws.',
    affinity: 'ip_hash; or hash … consistent; in the upstream.',
  },
  HAProxy: {
    delay: 'option http-no-delay',
    compression: 'exclude text/event-stream from compression type.',
    lifetime: 'timeout client 1h, timeout server 1h, timeout tunnel 1h',
    affinity: 'cookie … insert in the backend, or balance hash path.',
  },
  Squid: {
    buffering: 'adaptation_access … deny for the server, if Squid uses ICAP or eCAP.',
    lifetime: 'read_timeout 1 hour, client_lifetime 1 day',
    socket:
      'over http:// allow CONNECT to the port of the server (SSL_ports, Safe_ports). Over https:// no setting is needed.',
    bodies: 'request_body_max_size 5 MB',
  },
  Caddy: {
    buffering: 'flush_interval -1 in reverse_proxy.',
    compression: 'exclude text/event-stream from encode, with its match.',
    lifetime: 'no stream_timeout in reverse_proxy, or a long one; no write_timeout in servers.',
    bodies: 'request_body { max_size 5MB }',
    affinity: 'lb_policy cookie in reverse_proxy.',
  },
  Apache: {
    buffering: 'ProxyPass … flushpackets=on for /events.',
    compression: 'SetEnvIf Request_URI "/events/" no-gzip',
    lifetime: 'ProxyTimeout 3600, and no shorter RequestReadTimeout for bodies.',
    bodies: 'LimitRequestBody 5242880',
    host: 'ProxyPreserveHost On',
    socket: 'ProxyPass … upgrade=websocket for /ws (2.4.47 and newer).',
    affinity: 'ProxySet stickysession=… in the balancer.',
  },
  Cloudflare: {
    buffering:
      'a rule that switches off, for /events, everything that reads whole responses: rewriting, scanning, Workers that do not stream.',
    lifetime:
      'Cloudflare ends a response after about 100 s of silence. Heartbeats prevent that, so the origin ends the connection earlier.',
    socket: 'Network, WebSockets: on.',
  },
  'AWS load balancer': {
    lifetime:
      'idle_timeout.timeout_seconds of the load balancer: 3600, or HEARTBEAT_MS of the server below that limit.',
    affinity: 'stickiness.enabled of the target group: true.',
  },
  'Google Cloud': {
    lifetime:
      'timeoutSec of the backend service: 3600 (default 30; heartbeats do not extend it). On Cloud Run: gcloud run services update … --timeout 3600.',
    affinity:
      'session affinity on the backend service. On Cloud Run: --session-affinity, or one instance (--max-instances 1).',
    socket: 'on Cloud Run, no end-to-end HTTP/2.',
  },
  Envoy: {
    buffering: 'no buffer filter on the route of /events.',
    lifetime: 'timeout: 0s and idle_timeout: 3600s on the routes of /events and /ws.',
    socket: 'upgrade_configs: [{ upgrade_type: websocket }]',
    affinity: 'hash_policy on the route.',
  },
  Varnish: {
    buffering: 'set beresp.do_stream = true; and return (pass) for /events.',
    socket: 'return (pipe) for requests with Upgrade.',
    lifetime: 'between_bytes_timeout 3600s',
  },
};

/** Returns the advice of each known product that has a setting for the topic, or else the general advice. */
export function chooseAdvice(topic: Topic, products: readonly Product[]): string[] {
  const known = products.flatMap((product) => {
    const line = BY_PRODUCT[product][topic];
    return line === undefined ? [] : [`${product}: ${line}`];
  });
  return known.length > 0 ? known : [GENERAL[topic]];
}
