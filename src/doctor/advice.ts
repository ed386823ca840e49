import type { Product } from './product.ts';

/** What can be set against. */
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

/** For whoever runs what is in the way, whatever it is. */
const ANYWHERE: Readonly<Record<Topic, string>> = {
  buffering:
    'Switch off response buffering for /events. A scanner of a company or of an antivirus program buffers too: let it pass text/event-stream unscanned, or serve over https.',
  delay: 'Switch on TCP_NODELAY for answers; in HAProxy, which is known for 0.2 s: option http-no-delay.',
  compression: 'Leave text/event-stream out of what is compressed.',
  lifetime: 'Raise the time limit of answers and of idle connections for /events and /ws: to an hour, or more.',
  silence:
    'A router or firewall forgets connections, or loses its own: raise its limit for idle ones, or set HEARTBEAT_MS of the server below it.',
  posts: 'Let POST /send through, with Content-Type application/json, text/plain, audio/pcm and image/*.',
  bodies:
    'Raise the limit of request bodies to MAX_BODY_BYTES of the server, which is 4 MiB unless you have changed it.',
  affinity:
    'Run one server, or send each user to the same one: by session affinity (a cookie), or by a hash of the user id in the path.',
  socket: 'If you want WebSocket, pass Upgrade and Connection on for /ws.',
  host: 'Pass Host on as it comes, or name the origin of the page in ALLOWED_ORIGINS of the server.',
  width: 'A wider line. Text needs next to nothing; speech takes 256 kbit/s up and 512 down.',
  headers: 'Pass Last-Event-ID on in requests, and Cache-Control as it is in answers.',
};

/** The same in the words of a product's configuration. */
const OF_PRODUCT: Readonly<Record<Product, Partial<Record<Topic, string>>>> = {
  nginx: {
    buffering:
      'proxy_buffering off; in the location of /events. A proxy_ignore_headers with X-Accel-Buffering, if there is one, must go; where two nginx stand in a row, in both.',
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
    compression: 'leave text/event-stream out of compression type.',
    lifetime: 'timeout client 1h, timeout server 1h, timeout tunnel 1h',
    affinity: 'cookie … insert in the backend, or balance hash path.',
  },
  Squid: {
    buffering: 'adaptation_access … deny for the server, if ICAP or eCAP is in use.',
    lifetime: 'read_timeout 1 hour, client_lifetime 1 day',
    socket:
      'over http:// let CONNECT through to the port of the server (SSL_ports, Safe_ports); over https:// it passes as all else does.',
    bodies: 'request_body_max_size 5 MB',
  },
  Caddy: {
    buffering: 'flush_interval -1 in reverse_proxy.',
    compression: 'leave text/event-stream out of encode, by its match.',
    lifetime: 'no stream_timeout in reverse_proxy, or a long one; no write_timeout in servers.',
    bodies: 'request_body { max_size 5MB }',
    affinity: 'lb_policy cookie in reverse_proxy.',
  },
  Apache: {
    buffering: 'ProxyPass … flushpackets=on for /events.',
    compression: 'SetEnvIf Request_URI "/events/" no-gzip',
    lifetime: 'ProxyTimeout 3600, and no RequestReadTimeout for bodies that is shorter.',
    bodies: 'LimitRequestBody 5242880',
    host: 'ProxyPreserveHost On',
    socket: 'ProxyPass … upgrade=websocket for /ws (2.4.47 and newer).',
    affinity: 'ProxySet stickysession=… in the balancer.',
  },
  Cloudflare: {
    buffering:
      'a rule that switches off for /events what reads whole answers: rewriting, scanning, Workers that do not stream.',
    lifetime:
      'an answer that is silent for about 100 s is ended: heartbeats keep it alive, so it is the origin that ends it earlier.',
    socket: 'Network, WebSockets: on.',
  },
  'AWS load balancer': {
    lifetime: 'idle_timeout.timeout_seconds of the load balancer: 3600. HEARTBEAT_MS below it does as well.',
    affinity: 'stickiness.enabled of the target group: true.',
  },
  'Google Cloud': {
    lifetime:
      'timeoutSec of the backend service: 3600 (30 unless it is set, and heartbeats do not help); on Cloud Run gcloud run services update … --timeout 3600.',
    affinity:
      'session affinity on the backend service; on Cloud Run --session-affinity, or one instance (--max-instances 1).',
    socket: 'on Cloud Run no end-to-end HTTP/2.',
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

/** @returns one line for each product that is known to be there and has an answer, or one for all */
export function adviceOn(topic: Topic, products: readonly Product[]): string[] {
  const known = products.flatMap((product) => {
    const line = OF_PRODUCT[product][topic];
    return line === undefined ? [] : [`${product}: ${line}`];
  });
  return known.length > 0 ? known : [ANYWHERE[topic]];
}
