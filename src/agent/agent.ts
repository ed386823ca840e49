import type { RunConfig } from './run-config.ts';
import type { Tool } from './tool.ts';

export interface AgentOptions {
  /** Author of its events; a name, not a sentence. */
  readonly name: string;
  /** Live model to talk through. Default: the server's (`DEMO_AGENT_MODEL`). */
  readonly model?: string;
  readonly description?: string;
  /** Tells the model who it is and how to behave. */
  readonly instruction?: string;
  readonly tools?: readonly Tool[];
  /** How it talks, where a run does not say otherwise: its voice, for example. Checked when a Runner is made with it. */
  readonly runConfig?: RunConfig;
}

/** Who the user talks to (ADK: LlmAgent). */
export class Agent {
  readonly name: string;
  readonly model: string | undefined;
  readonly description: string;
  readonly instruction: string;
  readonly tools: readonly Tool[];
  readonly runConfig: RunConfig;

  /** @throws {TypeError} on a bad name, or two tools of one name */
  constructor({ name, model, description = '', instruction = '', tools = [], runConfig = {} }: AgentOptions) {
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) || name === 'user') {
      throw new TypeError(`Agent: "${name}" is no valid name: letters, digits, _ and -, not "user"`);
    }
    const names = tools.map(({ declaration }) => ('name' in declaration ? declaration.name : declaration.type));
    const twice = names.find((toolName, index) => names.indexOf(toolName) !== index);
    if (twice) throw new TypeError(`Agent "${name}": two tools are called "${twice}"`);
    this.name = name;
    this.model = model;
    this.description = description;
    this.instruction = instruction;
    this.tools = tools;
    this.runConfig = runConfig;
  }
}
