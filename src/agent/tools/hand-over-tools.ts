import * as z from 'zod';
import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';
import { type Tool, tool } from '../tool.ts';

/** Name of the tool with which an agent transfers the conversation to another agent, as in ADK. */
export const TRANSFER_TOOL = 'transfer_to_agent';
/** Name of the tool with which a step of a sequence ends its part, as in ADK. */
export const COMPLETION_TOOL = 'task_completed';

/** Maximum length of the description of an agent in the setup of another, in characters. */
const MAX_DESCRIPTION = 1_000;

/** Lists the tools with which an agent moves the conversation to another agent. */
export function listHandOverTools(tree: AgentTree, agent: Agent): Tool[] {
  const tools: Tool[] = [];
  const targets = tree.listTransferTargets(agent).map(({ name }) => name);
  if (targets.length > 0) tools.push(createTransferTool(targets));
  if (tree.isStep(agent)) tools.push(createCompletionTool());
  return tools;
}

/** Tells an agent to whom it can transfer the conversation, and how a step of a sequence ends. */
export function describeHandOvers(tree: AgentTree, agent: Agent): string {
  const rules: string[] = [];
  const targets = tree.listTransferTargets(agent);
  if (targets.length > 0) {
    const agents = targets.map(({ name, description }) =>
      description === '' ? `- ${name}` : `- ${name}: ${description.slice(0, MAX_DESCRIPTION)}`,
    );
    rules.push(
      `Other agents can continue this conversation:\n${agents.join('\n')}\nIf one of them is better suited than you to answer the user, call ${TRANSFER_TOOL} with its name, without saying anything yourself: that agent has heard the user and answers. Otherwise answer yourself.`,
    );
  }
  if (tree.isStep(agent)) {
    rules.push(
      `You have one part of a task that several agents do in turn. When your part is complete, call ${COMPLETION_TOOL}, without saying anything more: the next agent continues.`,
    );
  }
  return rules.join('\n\n');
}

function createTransferTool(names: readonly string[]): Tool {
  return tool({
    name: TRANSFER_TOOL,
    description: 'Transfers the conversation to another agent, which answers the user.',
    parameters: z.object({ agent_name: z.enum(names as [string, ...string[]]).describe('Name of the agent.') }),
    execute: ({ agent_name }, context) => {
      context.transferToAgent(agent_name);
      return { transferred_to: agent_name };
    },
  });
}

function createCompletionTool(): Tool {
  return tool({
    name: COMPLETION_TOOL,
    description: "Reports that this agent's part of the task is complete, so that the next agent continues.",
    execute: (_args, context) => {
      context.completeTask();
      return { status: 'completed' };
    },
  });
}
