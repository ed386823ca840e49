import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../free-port.ts';
import type { Place, Profile } from '../profile.ts';
import { startProgram } from '../program.ts';
import { recommended } from '../recommended.ts';

/** Starts nginx on a free port. @param http what stands in its `http` block, for the port on which it listens */
async function startNginx(place: Place, http: (listen: number) => string): Promise<string> {
  const listen = await freePort();
  const config = join(place.directory, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const own = temporary.map((name) => `${name}_temp_path ${place.directory}/${name};`).join(' ');
  // Use one process, so that none is left behind, and do not change the user, which only root can do.
  await writeFile(
    config,
    `daemon off; master_process off; pid ${place.directory}/nginx.pid;
events {}
http { access_log off; ${own}
${http(listen)}
}`,
  );
  const args = ['-e', 'stderr', '-p', place.directory, '-c', config];
  await startProgram(place, { program: 'nginx', args, port: listen });
  return `http://127.0.0.1:${listen}`;
}

/** Configures nginx as beginners do: HTTP/1.0 to the server, the default before 1.29.7, and without `Upgrade`. */
function pass(port: number, settings = ''): string {
  return `location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.0; ${settings} }`;
}

function nginx(profile: Omit<Profile, 'programs' | 'open'>, http: (listen: number, place: Place) => string): Profile {
  return {
    ...profile,
    programs: ['nginx'],
    open: async (place) => ({ url: await startNginx(place, (listen) => http(listen, place)) }),
  };
}

/** Another server of the same nginx, by its name: what stands before it, and needs no port. */
const inner = ({ directory }: Place) => `unix:${directory}/inner.sock`;

export const nginxProfiles: readonly Profile[] = [
  nginx(
    {
      name: 'nginx',
      what: 'nginx with default buffering and HTTP/1.0 to the server: no WebSocket; X-Accel-Buffering is obeyed',
      steady: true,
      rungs: ['stream'],
      page: false,
    },
    (listen, { port }) => `server { listen 127.0.0.1:${listen}; ${pass(port)} }`,
  ),
  nginx(
    {
      name: 'nginx-buffering',
      what: 'nginx that ignores X-Accel-Buffering: responses are held until a buffer is full or the response ends',
      steady: true,
      rungs: ['poll', 'pusher'],
      page: true,
    },
    (listen, { port }) =>
      `server { listen 127.0.0.1:${listen}; ${pass(port, 'proxy_ignore_headers X-Accel-Buffering;')} }`,
  ),
  nginx(
    {
      name: 'nginx-gzip',
      what: 'nginx that compresses streams and ignores no-transform',
      steady: true,
      rungs: ['stream'],
      page: false,
    },
    (listen, { port }) =>
      `gzip on; gzip_types text/event-stream application/json; gzip_proxied any; gzip_http_version 1.0;
server { listen 127.0.0.1:${listen}; ${pass(port)} }`,
  ),
  nginx(
    {
      name: 'nginx-twice',
      what: 'two nginx in a row: the inner one removes X-Accel-Buffering, the outer one buffers',
      steady: true,
      rungs: ['poll', 'pusher'],
      page: false,
    },
    (listen, place) => `server { listen ${inner(place)}; ${pass(place.port)} }
server { listen 127.0.0.1:${listen}; location / { proxy_pass http://${inner(place)}:; proxy_http_version 1.0; proxy_set_header Host 127.0.0.1; } }`,
  ),
  nginx(
    {
      name: 'nginx-3s-timeout',
      what: 'nginx that ends a response after 3 s of silence',
      steady: true,
      rungs: ['stream', 'poll'],
      page: true,
    },
    (listen, { port }) => `server { listen 127.0.0.1:${listen}; ${pass(port, 'proxy_read_timeout 3s;')} }`,
  ),
  nginx(
    {
      name: 'nginx-recommended',
      what: 'nginx with the configuration of docs/networks.md',
      steady: true,
      rungs: ['ws'],
      page: false,
    },
    (listen, { port }) =>
      recommended('nginx', { 'listen 80': `listen 127.0.0.1:${listen}`, '127.0.0.1:8000': `127.0.0.1:${port}` }),
  ),
];
