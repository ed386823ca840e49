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
        'agent/tool.test.ts: Agent keeps the options that it was created with',
        'agent/run/end-to-end.test.ts: text is answered according to the instruction of the agent',
      ],
    },
    {
      id: 'LlmAgent: instruction with state',
      adk: '`{name}` in an instruction is replaced by the session’s state; an instruction may be a function.',
      status: 'planned',
      here: 'None yet: an instruction is a text, built in TypeScript.',
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
      here: 'With an ADK Runner, as in ADK. Of our own none yet: a tool is a function, and can be wrapped by another function.',
      brings: 'tools and agents',
    },
    {
      id: 'callbacks: before and after the agent',
      adk: 'Run in live mode.',
      status: 'planned',
      here: 'With an ADK Runner, as in ADK. Of our own none yet: a caller of `runLive` can act before and after it.',
      brings: 'tools and agents',
    },
    {
      id: 'callbacks: before and after the model',
      adk: 'Screen typed text before it is sent, transcripts as they come; a block restarts the session (Python, 2026).',
      status: 'planned',
      here: 'None yet: content that the provider withholds is reported.',
      brings: 'tools and agents',
    },
    {
      id: 'plugins',
      adk: 'Callbacks for a whole Runner: before the run, on each event, after it.',
      status: 'not offered',
      why: 'A Runner is an object with one function; a Runner that wraps another one is a plugin. An ADK Runner keeps its plugins.',
    },
    {
      id: 'InvocationContext',
      adk: 'One for each run, for agents, tools and callbacks: its id, session, state, config, `end_invocation`.',
      status: 'not offered',
      why: 'Tools receive the ids of the call and a signal that cancels it; everything else is in their own scope.',
    },
    {
      id: 'an ADK Runner',
      adk: '`Runner` of @google/adk.',
      here: '`fromAdkRunner(runner)` takes the place of ours: text, speech, images and tools on every transport. What ADK 2.0 cannot do is refused or reported (docs/bring-your-own-runner.md).',
      status: 'done',
      tests: [
        "library/adk-agent.long.test.ts: answers ADK's SSE sample page: a typed text, then a spoken question",
        'library/adk-agent.long.test.ts: runs a tool of the agent, reports the state of its connection, and its connection closes with the session',
        'library/adk-agent.long.test.ts: is interrupted when the user speaks, and a reader whose connection is lost in a reply misses nothing',
        'library/adk-agent.long.test.ts: fails with a hint when its connection closes, is announced to close, or gets nonsense, and the next message goes on',
        'http/adk-runner.test.ts: a request that a runner of ADK cannot carry out is refused with 422 and a hint, and the conversation continues',
      ],
    },
  ],
};
