import { readFileSync } from 'node:fs';
import { type Child, startChild } from './child.ts';

/** As users start it: `node FLAGS dist/cli.js`. */
const [, ...START]: string[] = JSON.parse(readFileSync('package.json', 'utf8')).scripts.start.split(' ');

/** What is measured, each in a process of its own, all in front of the same upstream. */
export interface Servers {
  /** node:http, POST up and SSE down. */
  readonly relay: () => Promise<Child>;
  /** ws, up and down. */
  readonly webSocketRelay: () => Promise<Child>;
  readonly ours: () => Promise<Child>;
}

/** @param upstreamPort of bench/echo-upstream.ts */
export function serversBefore(upstreamPort: string): Servers {
  return {
    relay: () => startChild(['bench/bare-relay.ts', upstreamPort]),
    webSocketRelay: () => startChild(['bench/bare-websocket-relay.ts', upstreamPort]),
    ours: () =>
      startChild([...START, '--port', '0'], {
        GOOGLE_API_KEY: 'k',
        GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
        DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
        LOG_LEVEL: 'warn',
        MAX_SESSIONS: '10000',
      }),
  };
}
