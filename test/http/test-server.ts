import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Agent } from '../../src/agent/agent.ts';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { readConfig } from '../../src/config.ts';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  startGeminiEmulator,
} from '../../src/emulator/gemini/emulator.ts';
import { rootAgent } from '../../src/google-search-agent.ts';
import { startServer } from '../../src/server.ts';
import { afterTest } from '../after-test.ts';

export { afterTest };

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** What the server has logged, as JSON lines. */
  readonly logs: readonly string[];
  /** The emulator behind it, unless that is in its process or somewhere else. */
  readonly upstream: GeminiEmulator | undefined;
  /** Shuts it down; otherwise that happens after the test. */
  close(): Promise<void>;
}

export interface TestServerOptions {
  readonly agent?: Agent;
  /** Runs the conversations in the place of the agent. */
  readonly runner?: LiveRunner;
  /** How the emulator behind it behaves, strict unless it says otherwise; `in-process`: as without a key, at the pace of speech; `none`: the environment names one. */
  readonly emulator?: GeminiEmulatorOptions | 'in-process' | 'none';
}

const KEY = 'a-key-that-only-the-tests-use';
/** Model of the test servers, unless a test names one. Tests of a transport need the text that it can answer with, and its short turns. */
const MODEL = 'gemini-live-2.5-flash-preview';
/** Variables of a server with the default model, for tests of what a user meets first: the README, the documentation, the page, the command line. */
export const AS_SHIPPED = { DEMO_AGENT_MODEL: '' } as const;
/** Many times faster than speech: what is tested is rarely the talking. */
const QUICK = { pace: 50 };
/** No test needs this long unless it fails, ms: less than jest's own time-out, which does not say what was waited for. */
export const PATIENCE_MS = 60_000;

/**
 * Starts the real server on a free port, with an emulator of its own behind it. It is closed after the test, which fails if the server has
 * logged a mistake of its own.
 * @param environment variables, beside those that a test always needs
 */
export async function startTestServer(
  environment: Record<string, string> = {},
  { agent = rootAgent, runner, emulator = QUICK }: TestServerOptions = {},
): Promise<TestServer> {
  const publicDir = await temporaryDirectory();
  await writeFile(join(publicDir, 'index.html'), '<!doctype html><title>the page</title>');
  const upstream = typeof emulator === 'string' ? undefined : await startGeminiEmulator({ strict: true, ...emulator });
  if (upstream) afterTest(() => upstream.close());

  const logs: string[] = [];
  const server = await startServer({
    config: readConfig({
      PORT: '0',
      PUBLIC_DIR: publicDir,
      SHUTDOWN_GRACE_MS: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'memory:',
      ...(upstream
        ? { GOOGLE_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: upstream.url, DEMO_AGENT_MODEL: MODEL }
        : emulator === 'none'
          ? { GOOGLE_API_KEY: KEY, DEMO_AGENT_MODEL: MODEL }
          : {}),
      ...environment,
    }),
    ...(runner ? { runner } : { agent }),
    logger: pino({ level: 'trace' }, { write: (line) => logs.push(line) }),
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= server.close();
    return closing;
  };
  afterTest(async () => {
    await close();
    const mistakes = logs.filter((line) => JSON.parse(line).level >= 50);
    if (mistakes.length > 0) throw new Error(`the server logged mistakes:\n${mistakes.join('')}`);
    // A test that gives the emulator a key is about a wrong one, which the emulator counts among the violations.
    const hasOwnKey = typeof emulator !== 'string' && emulator.apiKey !== undefined;
    const violations = hasOwnKey ? [] : (upstream?.violations ?? []);
    if (violations.length > 0) throw new Error(`the server broke rules of the model:\n${violations.join('\n')}`);
  });
  return { url: server.url, port: Number(new URL(server.url).port), logs, upstream, close };
}

/** A new folder, which is deleted after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bidi-sse-test-'));
  afterTest(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Waits until `condition` gives a value. @throws naming `what` if it does not come */
export async function waitFor<T>(what: string, condition: () => T | undefined | false | null): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await delay(5);
  }
}
