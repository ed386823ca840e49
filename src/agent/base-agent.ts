/** What every kind of agent has. */
export interface BaseAgentOptions {
  /** Author of the agent's events. Starts with a letter or `_`, followed by letters, digits, `_` and `-`. `user` is reserved. */
  readonly name: string;
  /** What the agent does, in a sentence. Other agents read the description to decide whether they transfer the conversation to it. */
  readonly description?: string;
  /** Agents below this one. All names of a tree of agents differ. Default: none. */
  readonly subAgents?: readonly BaseAgent[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** An agent of any kind (ADK: BaseAgent). */
export abstract class BaseAgent {
  readonly name: string;
  readonly description: string;
  readonly subAgents: readonly BaseAgent[];

  /** @throws {TypeError} if the name is invalid, the description is no text, or an agent of the tree has the name of another one */
  constructor({ name, description = '', subAgents = [] }: BaseAgentOptions) {
    if (typeof name !== 'string' || !NAME.test(name) || name === 'user') {
      throw new TypeError(`Agent: "${name}" is not a valid name: use letters, digits, _ and -, and not "user"`);
    }
    if (typeof description !== 'string') throw new TypeError(`Agent "${name}": description must be a text`);
    if (!Array.isArray(subAgents) || !subAgents.every((each) => each instanceof BaseAgent)) {
      throw new TypeError(`Agent "${name}": subAgents must be an array of agents`);
    }
    this.name = name;
    this.description = description;
    this.subAgents = subAgents;
    const names = listTree(this).map((agent) => agent.name);
    const duplicate = names.find((each, index) => names.indexOf(each) !== index);
    if (duplicate !== undefined) throw new TypeError(`Agent "${name}": two agents have the name "${duplicate}"`);
  }
}

/** Lists an agent and all agents below it, parents before their children. */
export function listTree(agent: BaseAgent): BaseAgent[] {
  return [agent, ...agent.subAgents.flatMap(listTree)];
}
