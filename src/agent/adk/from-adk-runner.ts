import type { AgentEvent } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import { checkRunConfig } from '../check-run-config.ts';
import type { AgentCard, LiveRunner, RunLiveParams } from '../run/runner.ts';
import { mergeRunConfig, type RunConfig } from '../run-config.ts';
import { checkAdkRequest, checkAdkSettings } from './adk-limits.ts';
import { type AdkModel, describeAdkModel } from './adk-model.ts';
import { AdkRun } from './adk-run.ts';
import type { AdkRunner } from './adk-runner.ts';

export interface AdkRunnerOptions {
  /** Name of the live model. Default: that of the root agent. */
  readonly model?: string;
  /** Config of all runs. Settings that a connection requests take precedence. Default: that of the model. */
  readonly runConfig?: RunConfig;
  /** Maximum wait for ADK's connection to the model, in ms. At the limit the run fails with `model_unreachable`. Default: 15,000. */
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 15_000;

/** Lets a Runner of ADK run the conversations of a service. */
class AdkLiveRunner implements LiveRunner {
  readonly card: AgentCard;
  readonly #runner: AdkRunner;
  readonly #options: AdkRunnerOptions;
  readonly #model: AdkModel;

  constructor(runner: AdkRunner, options: AdkRunnerOptions) {
    this.#runner = runner;
    this.#options = options;
    this.#model = describeAdkModel(runner.agent, options.model);
    const { name, capabilities, provider } = this.#model;
    const { name: agent } = runner.agent as { name?: unknown };
    this.card = {
      appName: runner.appName,
      agent: typeof agent === 'string' && agent !== '' ? agent : runner.appName,
      model: name,
      audioOnly: !capabilities.modalities.includes('TEXT'),
      inputRate: capabilities.input.rate,
      outputRate: capabilities.output.rate,
      images: capabilities.input.images,
      ...(capabilities.output.voices ? { voices: capabilities.output.voices } : {}),
      acceptsLanguage: capabilities.runOptions.has('language'),
      ...(provider === undefined ? {} : { provider }),
    };
    this.check({});
  }

  check(runConfig: RunConfig): RunConfig {
    const checked = checkRunConfig(mergeRunConfig(this.#options.runConfig ?? {}, runConfig), this.#model);
    checkAdkSettings(checked);
    return checked;
  }

  checkRequest(request: LiveRequest): void {
    checkAdkRequest(request);
  }

  async *runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    const runConfig = this.check(params.runConfig ?? {});
    if (params.abortSignal?.aborted) return;
    const run = new AdkRun({
      runner: this.#runner,
      agent: this.card.agent,
      model: this.#model,
      params,
      runConfig,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    });
    try {
      for await (const event of run.start()) yield event;
    } finally {
      await run.finish();
    }
  }
}

/**
 * Makes a Runner of `@google/adk` (TypeScript, 2.0.0) the runner of a service: `startServer({ runner: fromAdkRunner(runner) })`. ADK runs the agent,
 * its tools and plugins, and keeps its sessions. What ADK cannot do is refused or reported, as docs/bring-your-own-runner.md lists.
 * @throws {TypeError} if the runner is none, or its root agent names no model
 * @throws {WireError} invalid_run_config
 */
export function fromAdkRunner(runner: AdkRunner, options: AdkRunnerOptions = {}): LiveRunner {
  const { runLive, appName, agent } = Object(runner);
  if (typeof runLive !== 'function' || typeof appName !== 'string' || typeof agent !== 'object' || agent === null) {
    throw new TypeError('The runner must be a Runner of @google/adk 2.0: an object with appName, agent and runLive');
  }
  return new AdkLiveRunner(runner, options);
}
