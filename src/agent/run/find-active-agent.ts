import type { AgentEvent } from '../../wire/agent-event.ts';
import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';

/**
 * Finds the agent with which a run continues a conversation: the one that the conversation was transferred to, or that has spoken last. After the end of
 * a run that its agent wanted, and for a new conversation, it is the first agent of the tree.
 */
export function findActiveAgent(events: readonly AgentEvent[], tree: AgentTree): Agent {
  for (const { author, actions } of events.toReversed()) {
    if (actions?.endOfAgent === true) break;
    const target = actions?.transferToAgent;
    const agent = typeof target === 'string' ? tree.find(target) : findSpeaker(author, tree);
    if (agent) return agent;
  }
  return tree.first;
}

function findSpeaker(author: string, tree: AgentTree): Agent | undefined {
  const agent = tree.find(author);
  return agent?.name === author ? agent : undefined;
}
