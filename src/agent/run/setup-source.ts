import type { ModelSetup } from '../../models/realtime-model.ts';
import { createInstruction } from '../instruction.ts';
import { declareTool } from '../tools/call-mode.ts';
import type { ActiveAgent } from './active-agent.ts';
import { toModelSetup } from './model-setup.ts';
import type { LiveRunOptions } from './run-options.ts';
import type { RunState } from './run-state.ts';

export interface SetupSourceOptions
  extends Pick<LiveRunOptions, 'tree' | 'model' | 'conversation' | 'resolveConfig' | 'persona' | 'logger'> {
  readonly active: ActiveAgent;
  readonly state: RunState;
}

/** Creates the setups of the model connections of a run. */
export class SetupSource {
  readonly #options: SetupSourceOptions;

  constructor(options: SetupSourceOptions) {
    this.#options = options;
  }

  /**
   * Creates the setup of a connection for the agent that is active. What the state says is read when the conversation is loaded.
   * @throws {WireError} if the instruction cannot be created
   */
  async create(): Promise<Omit<ModelSetup, 'history' | 'answered' | 'handle'>> {
    const { tree, model, conversation, resolveConfig, logger, active, state } = this.#options;
    const [tools] = await Promise.all([active.waitForTools(), conversation.loaded]);
    const { agent, handOverRules, userId, sessionId, invocationId } = active;
    // A client decides who the agent is that it talks to, not who the others are.
    const persona = agent === tree.first ? this.#options.persona : undefined;
    const context = { userId, sessionId, invocationId, agentName: agent.name, state: state.reader };
    // The instruction of a client is no template: it could read keys that the client may not see.
    const instruction = persona?.instruction ?? (await createInstruction(agent.instruction, context, logger));
    return toModelSetup(
      agent,
      tools.map((tool) => declareTool(tool, model.capabilities.tools.scheduling)),
      resolveConfig(agent),
      model.capabilities,
      { instruction, handOverRules, userName: persona?.userName },
    );
  }
}
