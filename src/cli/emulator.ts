import { parseArgs } from 'node:util';
import { startGeminiEmulator } from '../emulator/gemini/emulator.ts';
import { loadScenario } from '../emulator/gemini/scenario-file.ts';
import { SCENARIOS } from '../emulator/gemini/scenarios.ts';
import { escapeText } from '../log-escaping.ts';
import { describeError } from '../wire/error-text.ts';
import { onTermination } from './termination.ts';

const USAGE = `bidi-sse emulator: a Gemini Live server that needs no key and no network

Usage: npx bidi-sse emulator [options]     (or: npm run emulator -- [options])

Starts a server that speaks Gemini Live's WebSocket protocol, and generateContent of the text models. Its agent needs no
model and no network. Its rules are those of the model that the client's setup names: gemini-3.8-live only speaks,
gemini-live-2.5-flash-preview also answers in text.

  --host HOST        address to listen on (default 127.0.0.1)
  --port PORT        port to listen on; 0: any free port (default 9100)
  --pace N           speed of the agent, relative to real time (default 1: speech is sent twice as fast as it plays, and the
                     turn ends when it would have been played, as Gemini does)
  --api-key KEY      the only accepted key (default: any key is accepted)
  --model NAME       the only model; another one is refused as Gemini refuses a model that does not exist (default: all live
                     models of Gemini exist)
  --lifetime-ms N    lifetime of a connection in ms, after which the client must reconnect; 0: no limit (default 0)
  --scenario S       faults to inject, by connection: a name, or a JSON file in the format of the type Scenario that
                     'bidi-sse/emulator' exports (default: no faults). Names: ${Object.keys(SCENARIOS).join(', ')}
  --strict           close with 1007 and a reason also for messages that Gemini merely tolerates
  --help             print this text`;

export const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '9100' },
  pace: { type: 'string', default: '1' },
  'api-key': { type: 'string' },
  model: { type: 'string' },
  'lifetime-ms': { type: 'string', default: '0' },
  scenario: { type: 'string' },
  strict: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Starts the emulator, which runs until the process is asked to end. @returns the exit status */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    await startEmulator(values);
    return 0;
  } catch (error) {
    console.error(`bidi-sse: ${describeError(error)}`);
    return 1;
  }
}

interface EmulatorArguments {
  readonly host: string;
  readonly port: string;
  readonly pace: string;
  readonly 'api-key'?: string | undefined;
  readonly model?: string | undefined;
  readonly 'lifetime-ms': string;
  readonly scenario?: string | undefined;
  readonly strict: boolean;
}

async function startEmulator(values: EmulatorArguments): Promise<void> {
  const { 'api-key': apiKey, model } = values;
  const emulator = await startGeminiEmulator({
    host: values.host,
    port: readPort(values.port),
    pace: Number(values.pace),
    lifetimeMs: Number(values['lifetime-ms']),
    strict: values.strict,
    ...(values.scenario === undefined ? {} : { scenario: await loadScenario(values.scenario) }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(model === undefined ? {} : { model }),
  });
  console.log(`Gemini Live emulator on ${emulator.url}\n`);
  const named = model === undefined ? '' : ` DEMO_AGENT_MODEL=${model}`;
  console.log(`GOOGLE_GEMINI_BASE_URL=${emulator.url} GOOGLE_API_KEY=${apiKey ?? 'anything'}${named}`);
  onTermination(() => {
    for (const violation of emulator.violations) console.log(`Violation: ${escapeText(violation)}`);
    void emulator.close();
  });
}

/** @throws {RangeError} if the text is not the number of a port */
function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new RangeError(`--port requires a whole number from 0 to 65535, not "${text}"`);
}
