import type { Area } from '../requirement.ts';

export const agents: Area = {
  title: 'Agents and callbacks',
  requirements: [
    {
      id: 'LlmAgent',
      adk: 'Name, model, description, instruction, tools.',
      here: '`Agent`, with the same.',
      status: 'done',
      tests: [
        'agent/tool.test.ts: Agent keeps what it was given',
        'agent/runner.test.ts: text the instruction and the tools of the agent reach the model',
      ],
    },
    {
      id: 'LlmAgent: instruction with state',
      adk: '`{name}` in an instruction is replaced by the session’s state; an instruction may be a function.',
      status: 'planned',
      here: 'None yet: an instruction is a text, made in TypeScript.',
      brings: 'tools and agents',
    },
    {
      id: 'LlmAgent: output_schema, output_key, planner, code_executor',
      adk: 'Fields of the agent; live takes no output schema.',
      status: 'not offered',
      why: 'For unary runs.',
    },
    {
      id: 'transfer_to_agent',
      adk: 'The run goes on with a sub-agent: a second’s wait, a new connection. (TypeScript: without what the user typed.)',
      here: 'Agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'SequentialAgent',
      adk: '`task_completed` ends one agent’s part.',
      here: 'With agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'LoopAgent, ParallelAgent',
      adk: 'Raise in live mode.',
      status: 'not offered',
      why: 'Not in ADK’s live mode either.',
    },
    {
      id: 'remote agents (A2A)',
      adk: 'Not implemented for live.',
      status: 'not offered',
      why: 'Not in ADK’s live mode either.',
    },
    {
      id: 'the agent that was active',
      adk: 'A new run begins with the agent that replied last.',
      here: 'With agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'callbacks: before and after a tool',
      adk: 'Run in live mode.',
      status: 'planned',
      here: 'None yet: a tool is a function, and another one can be put around it.',
      brings: 'tools and agents',
    },
    {
      id: 'callbacks: before and after the agent',
      adk: 'Run in live mode.',
      status: 'planned',
      here: 'None yet: who calls `runLive` has the moment before and after it.',
      brings: 'tools and agents',
    },
    {
      id: 'callbacks: before and after the model',
      adk: 'Screen typed text before it is sent, transcripts as they come; a block restarts the session (Python, 2026).',
      status: 'planned',
      here: 'None yet: what the provider withholds is told.',
      brings: 'tools and agents',
    },
    {
      id: 'plugins',
      adk: 'Callbacks for a whole Runner: before the run, on each event, after it.',
      status: 'not offered',
      why: 'A Runner is an object with one function, and a Runner around another one is a plugin.',
    },
    {
      id: 'InvocationContext',
      adk: 'One for each run, for agents, tools and callbacks: its id, session, state, config, `end_invocation`.',
      status: 'not offered',
      why: 'Tools are told whose call it is, and by a signal when its result is not wanted; the rest is in their own scope.',
    },
    {
      id: 'an ADK Runner',
      adk: '`Runner` of @google/adk.',
      here: 'Its `runLive` has the shape of ours, so that it can stand in its place.',
      status: 'planned',
      brings: 'stores and doors',
    },
  ],
};
