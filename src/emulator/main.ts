import { parseArgs } from 'node:util';
import { startGeminiEmulator } from './gemini-emulator.ts';
import { loadScenario } from './scenario-file.ts';
import { SCENARIOS } from './scenarios.ts';

const USAGE = `Usage: npm run emulator -- [--host 127.0.0.1] [--port 9100] [--pace 1.1] [--api-key KEY] [--lifetime-ms 0]
                           [--scenario NAME|FILE.json] [--strict]

A server that speaks Gemini Live's WebSocket protocol, with an agent that needs no model and no network.

  --pace         how much faster than real time it speaks
  --api-key      the only key that is taken; without it, any is
  --lifetime-ms  a connection's life, after which it must reconnect; 0: no limit
  --scenario     what goes wrong, connection by connection: a name, or a JSON file in the shape that src/emulator/scenario.ts
                 describes. Names: ${Object.keys(SCENARIOS).join(', ')}
  --strict       closes with 1007, and says why, for what Gemini only tolerates, too`;

await serve().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

async function serve(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '9100' },
      pace: { type: 'string', default: '1.1' },
      'api-key': { type: 'string' },
      'lifetime-ms': { type: 'string', default: '0' },
      scenario: { type: 'string' },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const apiKey = values['api-key'];
  const emulator = await startGeminiEmulator({
    host: values.host,
    port: Number(values.port),
    pace: Number(values.pace),
    lifetimeMs: Number(values['lifetime-ms']),
    strict: values.strict,
    ...(values.scenario === undefined ? {} : { scenario: await loadScenario(values.scenario) }),
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  console.log(`Gemini Live emulator on ${emulator.url}\n`);
  console.log(`GOOGLE_GEMINI_BASE_URL=${emulator.url} GOOGLE_API_KEY=${apiKey ?? 'anything'}`);
  const stop = () => {
    for (const violation of emulator.violations) console.log(`Violation: ${violation}`);
    void emulator.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
