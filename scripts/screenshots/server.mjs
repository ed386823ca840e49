import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Starts the built server on a free port, as `npm start` does: without a key it answers with the offline agent.
 * @param environment variables of the server
 * @param args of the command line
 * @returns its address, and a function that ends its process
 */
export async function startServer(environment = {}, args = []) {
  const server = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      LOG_LEVEL: 'silent',
      LINGER_MS: '1000',
      GOOGLE_API_KEY: '',
      DATABASE_URL: 'memory:',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let greeting = '';
  for await (const piece of server.stdout) {
    greeting += piece;
    const url = /http:\/\/\S+/.exec(greeting)?.[0];
    if (url) return { url, close: () => server.kill('SIGKILL') };
  }
  throw new Error('the server did not start');
}
