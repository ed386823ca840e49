import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';

/** Arguments of Node with which users start the server of a checkout: `FLAGS dist/cli.js`. */
function buildArguments(folder: string): string[] {
  const [, ...args]: string[] = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts.start.split(' ');
  return args.map((arg) => (arg.startsWith('dist/') ? join(folder, arg) : arg));
}

/** Variables that raise the limits of users and addresses. Servers of an older checkout ignore them. */
const UNLIMITED = {
  MAX_ADDRESS_CONNECTIONS: '1000000',
  MAX_ADDRESS_REQUESTS_PER_MINUTE: '1000000000',
  MAX_ADDRESS_SESSIONS: '1000000',
  MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE: '1000000',
  MAX_ADDRESS_AUDIO_S_PER_MINUTE: '1000000000',
  MAX_USER_SESSIONS: '1000000',
  MAX_USER_READERS: '1000000',
  MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: '1000000',
  MAX_USER_AUDIO_S_PER_MINUTE: '1000000000',
};

/** The measured servers, each in a process of its own, in front of the same upstream. */
export interface Servers {
  /** node:http, POST up and SSE down. */
  readonly relay: () => Promise<Child>;
  /** ws, up and down. */
  readonly webSocketRelay: () => Promise<Child>;
  /** Express and @google/genai, as the samples write it. */
  readonly sample: () => Promise<Child>;
  /**
   * @param folder of another checkout that is already built; default: this one
   * @param env further variables
   */
  readonly ours: (folder?: string, env?: Record<string, string>) => Promise<Child>;
}

/** @param upstreamPort of bench/echo-upstream.ts */
export function serversBefore(upstreamPort: string): Servers {
  return {
    relay: () => startChild(['bench/bare-relay.ts', upstreamPort]),
    webSocketRelay: () => startChild(['bench/bare-websocket-relay.ts', upstreamPort]),
    sample: () => startChild(['bench/sample-server.ts', upstreamPort]),
    ours: (folder = '.', env = {}) => startOurs(folder, upstreamPort, [], env),
  };
}

/**
 * Starts our server in front of an upstream.
 * @param folder of a checkout that is built
 * @param args further arguments of the command line
 */
export function startOurs(
  folder: string,
  upstreamPort: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Child> {
  return startChild([...buildArguments(folder), '--port', '0', ...args], {
    GOOGLE_API_KEY: 'k',
    GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
    DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
    LOG_LEVEL: 'warn',
    MAX_SESSIONS: '10000',
    // All users of the bench talk from one address, and as fast as they can.
    ...UNLIMITED,
    ...env,
  });
}
