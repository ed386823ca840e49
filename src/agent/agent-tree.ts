import { Agent } from './agent.ts';
import { type BaseAgent, listTree } from './base-agent.ts';
import type { EventsCompactionConfig } from './events-compaction.ts';
import { SequentialAgent } from './sequential-agent.ts';

/** The agents of a runner, and the ways in which a conversation moves between them. */
export class AgentTree {
  readonly root: BaseAgent;
  /** Long memory of the conversations. Default: none. */
  readonly eventsCompactionConfig: EventsCompactionConfig | undefined;
  readonly #agents: ReadonlyMap<string, BaseAgent>;
  readonly #parents: ReadonlyMap<string, BaseAgent>;
  readonly #paths: ReadonlyMap<string, string>;

  /**
   * @throws {TypeError} if two agents name different models: all of them speak through one connection after the other to the same model; or if two
   * agents have different configs of the long memory: a conversation has one
   */
  constructor(root: BaseAgent) {
    const all = listTree(root);
    this.root = root;
    this.#agents = new Map(all.map((agent) => [agent.name, agent]));
    this.#parents = new Map(all.flatMap((parent) => parent.subAgents.map(({ name }) => [name, parent])));
    this.#paths = new Map(all.map(({ name }) => [name, this.#createPath(name)]));
    const { name, model } = this.first;
    const other = this.speakers.find((agent) => agent.model !== undefined && agent.model !== model);
    if (other) {
      throw new TypeError(
        `Agent "${other.name}" names the model ${other.model}, and "${name}" ${model ?? 'none'}: all agents of a tree use one model, which the first agent names`,
      );
    }
    this.eventsCompactionConfig = this.#findCompaction();
  }

  /** @throws {TypeError} if two agents have different ones */
  #findCompaction(): EventsCompactionConfig | undefined {
    const [first, ...others] = this.speakers.filter((agent) => agent.eventsCompactionConfig !== undefined);
    const config = first?.eventsCompactionConfig;
    const other = others.find((agent) => agent.eventsCompactionConfig !== config);
    if (!other) return config;
    throw new TypeError(
      `Agent "${other.name}" and agent "${first?.name}" have different eventsCompactionConfigs: a conversation has one memory, so give it to one of them`,
    );
  }

  /** The agents that speak: all but the sequences. */
  get speakers(): readonly Agent[] {
    return [...this.#agents.values()].filter((agent) => agent instanceof Agent);
  }

  /** The agent that speaks first. */
  get first(): Agent {
    return findFirst(this.root);
  }

  /** Whether a conversation can move from one agent to another. */
  get hasSeveral(): boolean {
    return this.#agents.size > 1;
  }

  /** Finds the agent that speaks when the conversation is transferred to a name: of a sequence, its first step. */
  find(name: string): Agent | undefined {
    const agent = this.#agents.get(name);
    return agent && findFirst(agent);
  }

  /** Finds the path from the root to an agent: `a.b.c` (ADK: branch). @returns `undefined` if there is no such agent */
  findPath(name: string): string | undefined {
    return this.#paths.get(name);
  }

  #createPath(name: string): string {
    const names = [name];
    for (let parent = this.#parents.get(name); parent; parent = this.#parents.get(parent.name))
      names.unshift(parent.name);
    return names.join('.');
  }

  /** Lists the agents to which an agent can transfer: those below it, its parent, and the other children of its parent. */
  listTransferTargets(agent: Agent): readonly BaseAgent[] {
    const parent = this.#parents.get(agent.name);
    const targets: BaseAgent[] = [...agent.subAgents];
    // A sequence has its own order.
    if (!(parent instanceof Agent)) return targets;
    if (!agent.disallowTransferToParent) targets.push(parent);
    if (!agent.disallowTransferToPeers) targets.push(...parent.subAgents.filter(({ name }) => name !== agent.name));
    return targets;
  }

  /** Whether an agent is a step of a sequence. */
  isStep({ name }: Agent): boolean {
    return this.#parents.get(name) instanceof SequentialAgent;
  }

  /** Finds the agent that continues when a step of a sequence is complete. @returns `undefined` after the last step */
  findNextStep(agent: Agent): Agent | undefined {
    let done: BaseAgent = agent;
    for (
      let parent = this.#parents.get(done.name);
      parent instanceof SequentialAgent;
      parent = this.#parents.get(done.name)
    ) {
      const next = parent.subAgents[parent.subAgents.indexOf(done) + 1];
      if (next) return findFirst(next);
      done = parent;
    }
    return undefined;
  }
}

/** Finds the agent that speaks first: of a sequence, its first step. */
function findFirst(agent: BaseAgent): Agent {
  if (agent instanceof Agent) return agent;
  const [first] = agent.subAgents;
  if (!first) throw new TypeError(`Agent "${agent.name}" has no step`);
  return findFirst(first);
}
