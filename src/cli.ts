#!/usr/bin/env -S node --max-semi-space-size=16
// As in `npm start` and the Dockerfile: Node 24 lets the young generation grow four times as large, MB, and with each session that comes it
// does; it costs more memory than the sessions, and longer pauses.
import { parseArgs } from 'node:util';
import { ConfigError, loadEnvironment, readConfig } from './config.ts';
import { AgentFileError, loadAgent } from './load-agent.ts';
import { createLogger } from './log.ts';
import { type RunningServer, startServer } from './server.ts';
import { VERSION } from './version.ts';
import { WireError } from './wire/error-catalogue.ts';

const USAGE = `bidi-sse ${VERSION}: talk with a live AI agent over SSE and POST

Usage: npm start -- [options]     (or: npx bidi-sse [options])
       npx bidi-sse doctor URL    what the network between here and a server does (doctor --help)

  --agent FILE   agent to talk to, a .ts or .js file that exports rootAgent
  --host HOST    address to listen on (HOST; default 127.0.0.1)
  --port PORT    port to listen on (PORT; default 8000)
  --help         this text
  --version      ${VERSION}

Everything else is set in the environment or in .env: see .env.example.`;

try {
  await main();
} catch (error) {
  // What a user can mend reads as a sentence; anything else is a mistake of ours and shows where.
  console.error(isUserError(error) ? `bidi-sse: ${error.message}` : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === 'doctor') {
    const { doctor } = await import('./doctor/command.ts');
    process.exitCode = await doctor(rest);
    return;
  }
  const { values } = parseArgs({
    options: {
      agent: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      help: { type: 'boolean' },
      version: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(USAGE);
  if (values.version) return console.log(VERSION);

  const environment = loadEnvironment();
  const config = readConfig({
    ...environment,
    ...(values.host === undefined ? {} : { HOST: values.host }),
    ...(values.port === undefined ? {} : { PORT: values.port }),
  });
  const agent = values.agent ? await loadAgent(values.agent) : (await import('./google-search-agent.ts')).rootAgent;
  const logger = createLogger({ level: config.logLevel, format: config.logFormat });
  const server = await startServer({ config, agent, logger });
  console.log(greeting(server, agent.name));

  const shutDown = (signal: NodeJS.Signals) => {
    // A second signal ends it the hard way.
    process.once(signal, () => process.exit(1));
    logger.info(`${signal}: finishing replies, then closing`);
    void server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', shutDown);
  process.once('SIGINT', shutDown);
}

function greeting({ url: bound, model, offline }: RunningServer, agent: string): string {
  // What one types on this machine: the name of an address that only it can reach, and of all its addresses.
  const url = bound.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/, '//localhost:');
  const who = offline
    ? `${agent} on the offline agent (no GOOGLE_API_KEY; ${model} is emulated)`
    : `${agent} on ${model}`;
  return `
  bidi-sse ${VERSION}   ${url}
  talking to       ${who}

  Open the address in a browser, or try in two terminals:
    curl -N ${url}/events/me
    curl -H 'Content-Type: text/plain' -d 'What time is it?' ${url}/send/me
`;
}

function isUserError(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof AgentFileError) return true;
  if (error instanceof WireError) {
    if (error.hint) error.message += `; ${error.hint}`;
    return true;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  // A DOMException's is a number.
  if (typeof code !== 'string') return false;
  if (code === 'EADDRINUSE') {
    (error as Error).message = `${message.replace(/^listen EADDRINUSE: /, '')}: choose another with --port or PORT`;
    return true;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    (error as Error).message = `${message}: not an address of this machine; choose another with --host or HOST`;
    return true;
  }
  return code === 'EACCES' || code.startsWith('ERR_PARSE_ARGS');
}
