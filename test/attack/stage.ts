import { join } from 'node:path';
import { AUDIENCE, createUserJwt, HONEST_TOKEN, ISSUER, JWT_SECRET, KEY, MALLORY_TOKEN } from './credentials.ts';
import type { ConversationFigures } from './process/honest-conversation.ts';
import type { ProbeFigures } from './process/prober.ts';
import { Program } from './process/program.ts';
import { ServerProcess } from './process/server-process.ts';

/** What the witness saw since the last report. */
export interface WitnessReport {
  readonly probes: ProbeFigures;
  readonly conversations: readonly ConversationFigures[];
}

/** Kind of a server. `open`: as on a developer's machine; `gated`: asks for the tokens of users; `jwt`: asks for JSON Web Tokens. */
export type ServerKind = 'open' | 'gated' | 'jwt';

/**
 * Settings of every attacked server. Limits of counts and sizes are the defaults; times are shortened, so that what an attack leaves behind is
 * gone within seconds.
 */
const SETTINGS = {
  GOOGLE_API_KEY: KEY,
  LINGER_MS: '1000',
  HEARTBEAT_MS: '1000',
  STALL_MS: '3000',
  BODY_IDLE_MS: '3000',
  RENEW_MS: '4000',
  LOG_AGE_MS: '10000',
  // What attackers said stays in the store, as what anybody said. Less of it shows leaks better.
  MAX_USER_STORED_CHARACTERS: '1048576',
  LOG_LEVEL: 'warn',
  SHUTDOWN_GRACE_MS: '0',
  // The allocator returns what is free to the kernel at once, so that what remains is in use.
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
};

const KINDS: Record<ServerKind, Record<string, string>> = {
  open: {},
  gated: { AUTH: 'token', AUTH_TOKENS: `honest:${HONEST_TOKEN},mallory:${MALLORY_TOKEN}` },
  jwt: { AUTH: 'jwt', AUTH_JWT_SECRET: JWT_SECRET, AUTH_JWT_ISSUER: ISSUER, AUTH_JWT_AUDIENCE: AUDIENCE },
};

/** Returns the credentials of a user at a server. */
export function createToken(kind: ServerKind, user: 'honest' | 'mallory'): string | undefined {
  if (kind === 'jwt') return createUserJwt(user);
  return kind === 'open' ? undefined : { honest: HONEST_TOKEN, mallory: MALLORY_TOKEN }[user];
}

const AGENT = join(import.meta.dirname, 'process/hostile-agent.ts');

/** An attacked server, its model, and the witness that talks with it meanwhile. */
export class Stage {
  readonly server: ServerProcess;
  readonly #model: Program;
  readonly #witness: Program;

  private constructor(server: ServerProcess, model: Program, witness: Program) {
    this.server = server;
    this.#model = model;
    this.#witness = witness;
  }

  /**
   * Starts everything, and waits until the honest conversations run.
   * @param folder checkout whose build is attacked
   */
  static async open(folder: string, kind: ServerKind, settings: Record<string, string> = {}): Promise<Stage> {
    const model = new Program('echo-model.ts');
    const port = await model.nextMessage();
    const environment = {
      ...SETTINGS,
      ...KINDS[kind],
      ...settings,
      GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${port}`,
    };
    const server = await ServerProcess.start(folder, AGENT, environment).catch(async (error) => {
      await model.kill();
      throw error;
    });
    const token = createToken(kind, 'honest');
    const witness = new Program('witness.ts', [server.url, `${server.pid}`, ...(token ? [token] : [])]);
    const stage = new Stage(server, model, witness);
    const first = (await witness.nextMessage()) as { error?: string };
    if (first.error === undefined) return stage;
    await stage.close();
    throw new Error(`the honest conversation did not start: ${first.error}\n${server.output}`);
  }

  /** Returns what the witness saw since the last call, when all that was sent has returned, or after 20 s. */
  async takeReport(): Promise<WitnessReport> {
    const { report } = (await this.#witness.ask({})) as { report: WitnessReport };
    return report;
  }

  async close(): Promise<void> {
    await Promise.all([this.#witness.kill(), this.server.kill(), this.#model.kill()]);
  }
}
