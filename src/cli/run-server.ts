import type { Config } from '../config.ts';
import { createDefaultModel } from '../default-model.ts';
import { installFaultHandlers } from '../isolation/fault-handlers.ts';
import { GuardedLogger } from '../isolation/guarded-logger.ts';
import { createLogger } from '../log.ts';
import { type RunningServer, startServer } from '../server.ts';
import { VERSION } from '../version.ts';
import { useProxy } from './global-proxy.ts';
import { loadAgent } from './load-agent.ts';
import { Shutdown } from './shutdown.ts';
import { endProcess, onTermination } from './termination.ts';

export interface RunServerOptions {
  /** File that exports `rootAgent`. Default: the agent of this package. */
  readonly agent?: string | undefined;
  /** Name of the live model. Default: that of the agent. */
  readonly model?: string | undefined;
}

/** Runs the server until the process is asked to end. @returns the exit status */
export async function runServer(config: Config, options: RunServerOptions): Promise<number> {
  const agent = options.agent ? await loadAgent(options.agent) : (await import('../google-search-agent.ts')).rootAgent;
  const { logLevel: level, logFormat: format, secrets } = config;
  const logger = createLogger({ level, format, secrets });
  useProxy(config, logger);
  const model = options.model === undefined ? {} : { model: createDefaultModel(config, options.model, logger) };
  const server = await startServer({ config, agent, logger, ...model });
  // A program reads the output then: every line must be JSON.
  if (format === 'json') logger.info({ url: server.url, agent: agent.name, model: server.model }, 'listening');
  else console.log(describeStart(server, agent.name, config.auth.authenticator.mode !== 'none'));

  // The log may be on a full disk.
  const guarded = new GuardedLogger(logger);
  const shutdown = new Shutdown({ close: () => server.close(), graceMs: config.shutdownGraceMs, logger: guarded });
  onTermination((cause) => shutdown.onTermination(cause));
  installFaultHandlers({ logger: guarded, onServerFault: () => shutdown.onServerFault() });
  const status = await shutdown.waitForEnd();
  // Conversations may still hold timers and connections; nobody needs them any more.
  return endProcess(status);
}

function describeStart({ url: bound, model, offline }: RunningServer, agent: string, needsToken: boolean): string {
  // On this machine, localhost reaches a loopback address as well as a server on all addresses.
  const url = bound.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/, '//localhost:');
  const answers = offline ? `offline demo (${model} is emulated; set GOOGLE_API_KEY to use Gemini)` : model;
  const [user, token] = needsToken ? ['USER', " -H 'Authorization: Bearer TOKEN'"] : ['me', ''];
  return `
  bidi-sse ${VERSION}   ${url}
  agent            ${agent}
  model            ${answers}

  Open the address in a browser, or try in two terminals${needsToken ? ', with a user id and a token' : ''}:
    curl -N${token} '${url}/events/${user}?audio=none'
    curl${token} -H 'Content-Type: text/plain' -d 'What time is it?' ${url}/send/${user}
`;
}
