import type { IncomingMessage } from 'node:http';
import { BaseAgent } from './agent/base-agent.ts';
import type { LiveRunner } from './agent/run/runner.ts';
import type { Config } from './config.ts';
import type { AppAnswer } from './http/auth/app-authenticator.ts';
import type { HostCheck } from './http/origins.ts';
import type { Logger } from './log.ts';
import type { RealtimeModel } from './models/realtime-model.ts';
import type { ArtifactStore } from './store/artifact-store.ts';
import type { SessionStore } from './store/session-store.ts';

/** The parts of a service. Only `agent` or `runner` is required. */
export interface ServiceOptions {
  /** The agent that users talk to. Required unless `runner` is given. */
  readonly agent?: BaseAgent;
  /** Runs the conversations, instead of a `Runner` made of `agent`, `model`, `store` and `artifacts`. */
  readonly runner?: LiveRunner;
  /** Model of `agent`. Default: Gemini as the configuration says; without a key, the emulator in this process. */
  readonly model?: RealtimeModel;
  /**
   * Stores the conversations. Default: 256 Mi characters in the memory of this process. The service does not close it. A `Runner` in `runner` has
   * a store of its own, which takes its place.
   */
  readonly store?: SessionStore;
  /**
   * Stores files of conversations, such as the audio of agents with `saveLiveBlob`. Default: as ARTIFACTS_DIR says; without it beside a database of
   * SQLite, else 64 MiB in the memory of this process. A `Runner` in `runner` has a store of its own, which takes its place.
   */
  readonly artifacts?: ArtifactStore;
  /** Default: read from the environment variables of this process. */
  readonly config?: Config;
  /** Default: to standard output, as `config.logLevel` and `config.logFormat` say. */
  readonly logger?: Logger;
  /**
   * Tells who sends a request, for an app that has a sign-in of its own. The request may then use the sessions of that user only. Called for each
   * request, and for each WebSocket when it opens; below an app of Express, `req` is that of Express, with what earlier middleware has added.
   * @returns the user; nothing if nobody is signed in: the request is refused with 401. If it throws, or takes more than 10 s, the request is
   * refused with 503
   */
  authenticate?(req: IncomingMessage): AppAnswer | Promise<AppAnswer>;
  /**
   * Which requests must name a known host in `Host`, if ALLOWED_HOSTS names none. Default: `on_loopback`, those that arrive at a loopback
   * address. A proxy on the same machine that passes on another `Host` needs ALLOWED_HOSTS.
   */
  readonly hostCheck?: HostCheck;
}

/** Options of a service, each with the methods that a given part must have. */
const PARTS: Readonly<Record<keyof ServiceOptions, readonly string[]>> = {
  agent: [],
  runner: ['runLive'],
  model: ['connect'],
  store: ['load', 'commit'],
  artifacts: ['save', 'load', 'list', 'delete'],
  config: [],
  logger: ['debug', 'info', 'warn', 'error', 'child'],
  authenticate: [],
  hostCheck: [],
};

/**
 * Checks the parts of a service, for callers that no compiler checks.
 * @throws {TypeError} names the option and what it must be
 */
export function checkServiceOptions(options: ServiceOptions): void {
  if (typeof options !== 'object' || options === null || options instanceof BaseAgent) {
    throw new TypeError("The options must be an object, such as { agent: new Agent({ name: 'helper' }) }");
  }
  for (const [option, part] of Object.entries(options)) {
    if (!isOption(option))
      throw new TypeError(`There is no option ${option}; allowed: ${Object.keys(PARTS).join(', ')}`);
    checkMethods(option, part);
  }
  const { agent, runner, model, config, authenticate } = options;
  if (!agent && !runner) throw new TypeError('The options must contain an agent or a runner');
  if (agent && !(agent instanceof BaseAgent)) {
    throw new TypeError("The option agent must be made by new Agent({ name: '…', … })");
  }
  if (runner && typeof runner.card !== 'object') throw new TypeError('The option runner must have a card');
  if (model && typeof model.capabilities !== 'object') throw new TypeError('The option model must have capabilities');
  if (authenticate !== undefined && typeof authenticate !== 'function') {
    throw new TypeError('The option authenticate must be a function');
  }
  if (config !== undefined && typeof config?.bodyLimits !== 'object') {
    throw new TypeError('The option config must be made by readConfig(process.env) or readConfig({ … })');
  }
}

function isOption(option: string): option is keyof ServiceOptions {
  return Object.hasOwn(PARTS, option);
}

function checkMethods(option: keyof ServiceOptions, part: unknown): void {
  if (part === undefined) return;
  const missing = PARTS[option].find((method) => typeof Object(part)[method] !== 'function');
  if (missing) throw new TypeError(`The option ${option} must be an object with a method ${missing}`);
}
