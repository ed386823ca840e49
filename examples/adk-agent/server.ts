/** Serves the ADK agent of agent.ts: the page, and the API below /events and /send. */
import { createLogger, fromAdkRunner, installFaultHandlers, startServer } from 'bidi-sse';
import { startGeminiEmulator } from 'bidi-sse/emulator';
import { runner } from './agent.ts';

if (!process.env.GOOGLE_API_KEY) {
  console.log('GOOGLE_API_KEY is not set: an emulated model answers.');
  const emulator = await startGeminiEmulator();
  // ADK's model reads both variables when it connects.
  process.env.GOOGLE_GEMINI_BASE_URL = emulator.url;
  process.env.GOOGLE_API_KEY = 'offline';
}

const logger = createLogger({ level: 'info', format: 'pretty' });
// An error that a tool, or a library of the agent, leaves behind ends its conversation and not the server.
installFaultHandlers({ logger, onServerFault: () => process.exit(1) });
const server = await startServer({ runner: fromAdkRunner(runner), logger });
console.log(`Open ${server.url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
