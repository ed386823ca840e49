import type { Area } from '../requirement.ts';

export const tools: Area = {
  title: 'Tools',
  requirements: [
    {
      id: 'tools: automatic execution',
      adk: 'A call is run, answered, and both are told.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/run/end-to-end.test.ts: tools a call is emitted and run, and its result is emitted and answered'],
    },
    {
      id: 'tools: at the same time',
      adk: 'Calls of one message run at once; the first failure cancels the rest.',
      here: 'They run in parallel, at most 64; a failure affects only its own call.',
      differs: 'The failure of one tool is no reason to stop another.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: ToolCalls runs calls at the same time and reports each result when it arrives',
        'agent/tools/tool-calls.test.ts: ToolCalls answers a call with an error while 64 calls are running, and runs the next one when one has finished',
      ],
    },
    {
      id: 'tools: they do not block',
      adk: 'Awaited inside the receive loop: nothing of the model is heard until they end, unless non-blocking (Python, 2026).',
      here: 'Tools never block the receive loop.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: tools a running tool does not block an interruption, which cancels it and discards its result',
      ],
    },
    {
      id: 'tools: cancellation',
      adk: 'A call that the model takes back still runs, and is still answered.',
      here: 'Its AbortSignal is aborted, its result is dropped, and `toolCancellation` is emitted.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: cancelling a call aborts its signal and discards its result, and affects no other call',
        'agent/run/end-to-end.test.ts: tools a running tool does not block an interruption, which cancels it and discards its result',
      ],
    },
    {
      id: 'tools: results',
      adk: 'What is no object becomes `{"result": …}`.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/tools/tool-calls.test.ts: the result of a tool that is %s reaches the model as an object'],
    },
    {
      id: 'tools: errors',
      adk: 'Python raises out of the run; TypeScript answers `{error}`.',
      here: '`{error}`; the conversation continues.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: tools the error of a tool reaches the model',
        'agent/tools/tool-calls.test.ts: the result of a tool that was thrown reaches the model as an error, whatever was thrown',
      ],
    },
    {
      id: 'tools: errors that nobody catches',
      adk: 'An error in a timer or a rejection ends the process.',
      here: 'Becomes the error of the call to which it belongs, and is logged; no other conversation notices.',
      status: 'done',
      tests: [
        'agent/tools/tool-faults.test.ts: an error that the process reports for the scope of a call ends the call with this error, aborts its signal and is logged with its stack',
        'agent/tools/tool-faults.test.ts: an error that the process reports for the scope of a call is logged once if the call has its response, however often the tool throws',
      ],
    },
    {
      id: 'tools: size of a result',
      adk: 'No limit.',
      here: 'At most 64 KiB of JSON; a larger result is an error that names the limit.',
      status: 'done',
      tests: [
        'agent/tools/tool-response.test.ts: a result is an error if its JSON has one byte more than the limit, counted in UTF-8, and not before',
      ],
    },
    {
      id: 'tools: an unknown tool, wrong arguments',
      adk: 'Raises.',
      here: 'An error for the model.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: the result of a tool is an error for wrong arguments and for a tool that the agent does not have',
      ],
    },
    {
      id: 'tools: declaration',
      adk: 'From a function’s signature (Python) or a zod object (TypeScript).',
      here: 'From a zod object, which also checks the arguments.',
      status: 'done',
      tests: [
        'agent/tool.test.ts: tool declares its parameters as a JSON schema in which parameters with a default are optional',
        'agent/tool.test.ts: tool run checks the arguments, fills in defaults and passes the context',
      ],
    },
    {
      id: 'tools: context',
      adk: '`ToolContext`: ids, state, artifacts, memory, actions.',
      here: 'Ids, the state and an AbortSignal.',
      differs: 'There is no memory; a tool manages its own.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: ToolCalls gives a tool the state, and the result of the call carries what the tool changed',
        'agent/tools/tool-calls.test.ts: ToolCalls gives a tool the ids of its user, session, run and call, and the name of the agent',
      ],
    },
    {
      id: 'tools: calls without an id',
      adk: 'Given one of its own.',
      here: 'The same; it is not sent to the provider.',
      status: 'done',
      tests: [
        'models/gemini/connection.test.ts: function calls results of calls without ids go back in the order of the calls of each function',
        'models/gemini/connection.test.ts: GeminiConnection.send the result of a call that came without an id is sent without an id',
      ],
    },
    {
      id: 'tools: Google Search',
      adk: '`google_search`, run by the provider.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini/setup.test.ts: the setup message of Gemini an AUDIO setup contains everything that a run can set',
      ],
    },
    {
      id: 'tools: code execution, URL context, Vertex search and other tools of the provider',
      adk: 'Built-in tools.',
      status: 'not offered',
      why: 'Google Search is what live models offer everywhere.',
    },
    {
      id: 'tools: non-blocking',
      adk: '`response_scheduling`: SILENT, WHEN_IDLE, INTERRUPT (Python, 2026).',
      here: '`scheduling` of a tool: the model gets a first response at once, speaks on, and is told the result in that manner. Gemini 2.5 native audio does so itself; other models are told as text, when the moment has come.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: the scheduling of a tool of a tool that returns once has the result told later, and the model does not wait for it',
        'agent/run/background-tools.test.ts: the scheduling of a tool WHEN_IDLE waits until the user has stopped speaking',
        'agent/run/background-tools.test.ts: on a model that schedules results itself a streaming tool is declared as non-blocking, and its values are further results of its call, sent at once',
        'agent/run/background-tools.test.ts: on %s, against the strict emulator the result of a tool with %s reaches the model',
      ],
    },
    {
      id: 'tools: long-running',
      adk: '`is_long_running`: the conversation goes on, the result comes later.',
      here: '`isLongRunning`: the same. The result is also accepted after a lost connection, and in a later live session of the conversation.',
      differs: 'A tool that returns nothing is answered all the same: a model that waits for a response says nothing.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: a long-running tool is marked in its event, its first response goes to the model, and the result of the app is told',
        'agent/run/background-tools.test.ts: a long-running tool is answered in a later run of the conversation, once, and a result for any other call is ignored',
        'http/long-running.test.ts: the result of a long-running call that arrives after a restart of the server is accepted once, shown, and told to the model',
        'agent/run/background-tools.test.ts: on %s, against the strict emulator the result of a long-running tool is heard',
      ],
    },
    {
      id: 'tools: streaming',
      adk: 'An async generator: each yield is told to the model. TypeScript 2.0.0 answers `{}`.',
      here: 'The same as in Python. A generator that yields too fast is slowed down, and no result is told while somebody speaks.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: a streaming tool is answered at once, and each value is told when the model is idle, as text',
        'agent/run/background-tools.test.ts: on %s, against the strict emulator a streaming tool is heard, and stopped',
        'agent/tools/background-calls.test.ts: whatever happens to calls in whatever order, each has exactly one first response, its updates in order, and nothing after its last result or its cancellation',
      ],
    },
    {
      id: 'tools: input_stream',
      adk: 'A tool that watches: it gets a queue with a copy of all that goes up.',
      here: '`inputStream: true`: `context.input` is an async iterable. At most 1 MiB waits; the oldest requests are dropped and counted.',
      differs: 'ADK’s queue has no limit.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: a streaming tool with inputStream receives what the user sends from the call on, and no other tool does',
        'agent/tools/input-copy.test.ts: the copy of the input drops the oldest requests above its limit, and counts them',
      ],
    },
    {
      id: 'tools: stop_streaming',
      adk: 'An empty function of that name: ADK cancels the streaming tool that it names.',
      here: 'The same, without the empty function. One that an agent has is replaced.',
      status: 'done',
      tests: [
        'agent/tools/background-calls.test.ts: stop_streaming stops all calls of the function, which report nothing more',
        'agent/tools/background-calls.test.ts: stop_streaming is declared for an agent that has streaming tools, in place of a function of that name, and for no other',
      ],
    },
    {
      id: 'tools: confirmation',
      adk: 'Not implemented in live.',
      here: '`requireConfirmation`: the call waits for `{"tool_confirm":{…}}` of a user, or for the response to `adk_request_confirmation` in the ADK dialect. The first answer counts, and every reader receives it.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: a call that requires a confirmation runs when the user has confirmed it, and is reported as confirmed',
        'http/confirmations.test.ts: a call that requires a confirmation runs after tool_confirm, and the model answers with its result, on %s',
        'http/confirmations.test.ts: a call that requires a confirmation is confirmed in the words of ADK by a client of the ADK dialect',
      ],
    },
    {
      id: 'tools: in the client',
      adk: 'None; a long-running tool whose result the client sends comes close.',
      here: '`clientTool()`: clients of the live session receive the call and send the result, the first of which counts. Time-out, limit of the result, cancellation and reconnects are those of all tools.',
      status: 'done',
      tests: [
        'agent/run/client-tools.test.ts: a call of a client tool is answered by the client on %s, against the strict emulator',
        'http/client-tools.test.ts: POST /send of the result of a tool is accepted once: a second result is refused with 409 and has no effect',
        'client/client-tools.test.ts: a tool of the client runs when the agent calls it, and the model answers with its result, on %j',
        'session/client-calls.test.ts: whatever happens in whatever order, a call is answered by at most one client, and only while it is open',
      ],
    },
    {
      id: 'tools: MCP',
      adk: '`MCPToolset`.',
      here: '`mcpToolset()`: the tools of an MCP server, a program or an address, asked for when a run starts. A server that fails costs the run its tools only.',
      status: 'done',
      tests: [
        'agent/tools/mcp-toolset.test.ts: the toolset of an MCP server that is a program has its tools, with the schemas of their arguments, and calls them',
        'agent/tools/mcp-toolset.test.ts: the toolset of an MCP server over HTTP has its tools, and sends its headers with each request',
        'docs/mcp-tools.test.ts: the agent of examples/mcp-tools answers offline with the tools of its MCP server, and asks before it clears the list',
      ],
    },
    {
      id: 'tools: authentication',
      adk: '`requestedAuthConfigs`: a tool asks the client for credentials.',
      status: 'not offered',
      why: 'Credentials do not belong into a stream of events; a tool manages its own.',
    },
  ],
};
