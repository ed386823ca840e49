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
      here: 'The same, for each connection to the model. A missing key without a question mark fails the run, and the error names the key.',
      differs: 'No `{artifact.name}`: it stays as it is.',
      status: 'done',
      tests: [
        'agent/instruction.test.ts: the template of an instruction %j becomes %j',
        'agent/run/instruction.test.ts: an instruction with a template has the stored state for the first connection, and what has changed since for the next one',
        'agent/run/instruction.test.ts: an instruction with a template that needs a missing key fails the run before a connection is opened, and names the key',
        'agent/run/instruction.test.ts: an instruction that is a function is called for each connection with the names of the run and its state, and its result is no template',
      ],
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
      here: 'The run goes on with any agent of the tree that ADK allows. The connection of the other agent is opened beside the old one; the words of the user are repeated there, and nobody else answers them. After five transfers without an answer the next one is refused.',
      status: 'done',
      differs: 'No pause of a second: nothing has to settle.',
      tests: [
        'agent/run/hand-over.test.ts: an agent with others below it transfers a typed question: the other agent answers it on a fresh connection, and is asked once',
        'agent/run/hand-over.test.ts: an agent with others below it transfers a spoken question with the words that are recognized while the other agent connects',
        'agent/run/hand-over.test.ts: an agent with others below it sends what the user says during the hand-over to the other agent, in order',
        'agent/run/hand-over.test.ts: an agent with others below it transfers back to its parent and to another child of its parent, unless its author disallows it',
        'agent/run/hand-over.test.ts: a transfer that is not possible in a circle is refused after five transfers without an answer, and possible again for the next question',
      ],
    },
    {
      id: 'SequentialAgent',
      adk: '`task_completed` ends one agent’s part.',
      here: 'The same, without the pause: the next agent is told the conversation and speaks first. Sequences may contain sequences.',
      status: 'done',
      tests: [
        'agent/run/hand-over.test.ts: a sequence of agents continues with the next step, which is told the conversation and speaks first, and ends after the last',
        'agent/run/hand-over.test.ts: a sequence of agents in another sequence is followed by the next step of that one',
      ],
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
      here: 'The same, also for a step of a sequence. After the end of a sequence the first agent speaks again.',
      status: 'done',
      tests: [
        'agent/run/hand-over.test.ts: the agent with which a run starts is the one that was active when the run before ended',
        'agent/run/hand-over.test.ts: the agent with which a run starts is the first one again after its sequence was completed',
      ],
    },
    {
      id: 'callbacks: before and after a tool',
      adk: 'Run in live mode.',
      here: 'The same. A callback that throws before a tool keeps it from running; one that throws after it replaces the result by an error. They do not see the values of a streaming tool.',
      status: 'done',
      tests: [
        'agent/tools/tool-callbacks.test.ts: beforeToolCallback that returns nothing lets the tool run, with the arguments as it has changed them',
        'agent/tools/tool-callbacks.test.ts: beforeToolCallback that returns a result replaces the call: the tool does not run',
        'agent/tools/tool-callbacks.test.ts: afterToolCallback receives the response of the tool, and what it returns takes the place of the response',
        'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": callbacks around a tool, and around the agent, are called',
      ],
    },
    {
      id: 'callbacks: before and after the agent',
      adk: 'Run in live mode.',
      here: 'The same, of the agent with which the run begins. The one before runs before a connection to the model is opened.',
      status: 'done',
      tests: [
        'agent/run/callbacks.test.ts: callbacks of the agent beforeAgentCallback that returns a content answers in the place of the run: no connection is opened, and the run ends',
        'agent/run/callbacks.test.ts: callbacks of the agent beforeAgentCallback that returns nothing lets the run begin, with the state that it has set',
        'agent/run/callbacks.test.ts: callbacks of the agent afterAgentCallback is called when the run has ended, and its content is the last reply',
      ],
    },
    {
      id: 'callbacks: before and after the model',
      adk: 'Screen typed text before it is sent, transcripts as they come; a block restarts the session (Python, 2026).',
      here: 'The same. A callback that thinks does not hold speech up; a reply that is sounding already is interrupted. What was blocked is neither stored nor told to a later connection, and a callback that fails lets nothing through (docs/callbacks.md).',
      status: 'done',
      tests: [
        'agent/run/callbacks.test.ts: beforeModelCallback and typed text a message that it answers is not sent, and its answer is a reply of its own',
        'agent/run/callbacks.test.ts: beforeModelCallback and typed text a message that it answers is neither stored nor told to a later connection; the answer is',
        'agent/run/callbacks.test.ts: beforeModelCallback and speech speech that it answers stops the reply to it, and a fresh connection does not know the words',
        'agent/run/callbacks.test.ts: afterModelCallback one that decides at once keeps the words from clients, and what was said before is stored nowhere',
        'agent/run/callbacks.test.ts: afterModelCallback one that thinks does not hold speech up; then the speech that sounds already is interrupted, and its rest is discarded',
        'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": an output guardrail that thinks for a while stops speech that is already sounding: no audio follows interrupted, and the next question is answered',
      ],
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
      here: '`context` of tools and callbacks: the ids of the run, the name of the active agent, the state. Tools also have a signal, and ask for a transfer or the end of the run.',
      differs: 'No session, config or services: they are in the scope of the author’s code.',
      status: 'done',
      tests: [
        'agent/tools/tool-callbacks.test.ts: the context of a callback of a tool is that of the call',
        'agent/tools/tool-calls.test.ts: ToolCalls gives a tool the ids of its user, session, run and call, and the name of the agent',
      ],
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
