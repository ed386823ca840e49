import { parseArgs } from 'node:util';
import { loadEnvironment, readConfig } from '../config.ts';
import { VERSION } from '../version.ts';

const USAGE = `bidi-sse ${VERSION}: talk with a live AI agent over SSE and POST

Usage: npm start -- [options]     (or: npx bidi-sse [options])

  --agent FILE   agent to talk to: a .ts or .js file that exports rootAgent
  --model NAME   live model, also for an agent that names another one (DEMO_AGENT_MODEL; default gemini-3.8-live, on
                 Vertex AI gemini-live-2.5-flash-native-audio). Without a key the offline agent behaves as this model:
                 the default model only speaks, gemini-live-2.5-flash-preview also answers in text
  --host HOST    address to listen on (HOST; default 127.0.0.1; another one needs AUTH and ALLOWED_HOSTS)
  --port PORT    port to listen on (PORT; default 8000)
  --help         print this text
  --version      print the version

Other commands; each prints its options with --help:
  npx bidi-sse doctor URL   test the network between this machine and a server
  npx bidi-sse emulator     run a Gemini Live server that needs no key and no network
  npx bidi-sse health       ask the server of this environment whether it is alive

Exit status: 0   the server was asked to end (SIGTERM, SIGINT), and has finished its replies and closed
             1   it could not start, or a second signal ended it at once
             70  an error that belongs to no tool and no conversation; the server has finished its replies and closed

All other settings are environment variables, or lines of a file .env in the working directory. The file .env.example
of the package describes them.`;

export const OPTIONS = {
  agent: { type: 'string' },
  model: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

/** Starts the server, which runs until the process is asked to end. @returns the exit status */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help || values.version) {
    console.log(values.help ? USAGE : VERSION);
    return 0;
  }
  const environment = loadEnvironment();
  const config = readConfig({
    ...environment,
    ...(values.host === undefined ? {} : { HOST: values.host }),
    ...(values.port === undefined ? {} : { PORT: values.port }),
  });
  // The server takes half a second to load, which a mistake or a question need not wait for.
  const { runServer } = await import('./run-server.ts');
  return runServer(config, values);
}
