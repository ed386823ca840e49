import type { Area } from '../requirement.ts';

const WHOLE =
  'agent/run/end-to-end.test.ts: text is answered in increments, then completely, then usage and the end of the turn';
const STAMPS =
  'agent/run/end-to-end.test.ts: text is answered by events with ids in order, one invocation id, the author and the time';
const KEPT =
  'agent/run/conversation.test.ts: the conversation of a run contains typed text, complete answers, calls, usage and flags, and neither increments nor statuses';

export const events: Area = {
  title: 'Down: the fields of an event',
  requirements: [
    {
      id: 'Event.id',
      adk: 'A UUID, for each event.',
      here: 'A UUID of version 7, so that ids are ordered.',
      status: 'done',
      tests: [STAMPS],
    },
    {
      id: 'Event.invocationId',
      adk: '`e-` and a UUID, the same for all events of a run.',
      here: 'The same.',
      status: 'done',
      tests: [
        STAMPS,
        'agent/run/event-factory.test.ts: each event of a run has a UUID v7 of its own, in order, and the invocation id of the run',
      ],
    },
    {
      id: 'Event.author',
      adk: '`user` for what the user said, typed or transcribed; else the agent’s name, never `model`.',
      here: 'The same.',
      status: 'done',
      tests: [STAMPS, 'agent/run/event-assembler.test.ts: the author of an input transcript is the user', KEPT],
    },
    { id: 'Event.timestamp', adk: 'Seconds.', here: 'The same.', status: 'done', tests: [STAMPS] },
    {
      id: 'Event.content',
      adk: '`{role, parts}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        WHOLE,
        'agent/run/end-to-end.test.ts: speech is answered in audio of 24 kHz with a transcript in increments, and completely once',
      ],
    },
    {
      id: 'Event.partial',
      adk: 'True: an increment. False or absent: complete.',
      here: 'The same; never false.',
      status: 'done',
      tests: [
        WHOLE,
        'agent/run/event-assembler.test.ts: text is emitted in increments, and completely before the turn is complete',
      ],
    },
    {
      id: 'Event.turnComplete',
      adk: 'Once, at the end, in an event of its own.',
      here: 'The same.',
      status: 'done',
      tests: [WHOLE, 'agent/run/event-assembler.test.ts: the next turn starts without anything of the turn before'],
    },
    {
      id: 'Event.turnCompleteReason',
      adk: 'Why the model ended it (Python, 2026).',
      here: 'The same, where it is not the usual reason.',
      status: 'done',
      tests: ['agent/run/event-assembler.test.ts: the end of a turn carries its reason if %s'],
    },
    {
      id: 'Event.interrupted',
      adk: 'The user interrupted. Not told where text was pending.',
      here: 'Always reported, in an event of its own, after the content.',
      status: 'done',
      tests: [
        "agent/run/event-assembler.test.ts: an interruption while text is pending emits both, each in an event of its own (ADK's bug 4460)",
      ],
    },
    {
      id: 'Event.inputTranscription',
      adk: '`{text, finished}`.',
      here: 'The same; on the stream `input_transcript`.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: speech of the user is transcribed with the user as author, and answered',
        'wire/dialects/plain.test.ts: a named event input_transcript is sent for increments and for the whole text, with the number of the turn',
      ],
    },
    {
      id: 'Event.interimInputTranscription',
      adk: 'None: interim hypotheses of 3.8 are dropped.',
      here: 'Each hypothesis while the user speaks, which replaces the one before; never stored. On the stream `interim_transcript`.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: interim transcripts of the user are emitted whole, each different one once, and no increment repeats them',
        'wire/dialects/plain.test.ts: a named event interim_transcript is sent for interim transcripts, which no input_transcript repeats',
      ],
    },
    {
      id: 'Event.outputTranscription',
      adk: '`{text, finished}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: speech is answered in audio of 24 kHz with a transcript in increments, and completely once',
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for an output transcript",
      ],
    },
    {
      id: 'Event.usageMetadata',
      adk: 'An event of its own, with prompt, candidates, total and cached counts.',
      here: 'The same, and counts by modality; on the stream `usage`.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: usage, grounding and cancelled calls are emitted',
        "models/gemini/server-message.test.ts: readServerMessage converts usage under the names of %s to ADK's names",
        'wire/dialects/plain.test.ts: a named event usage is sent with details if there are any, with 0 for counts that are missing, and not at all without counts',
      ],
    },
    {
      id: 'Event.groundingMetadata',
      adk: 'With the answer, or alone.',
      here: 'In an event of its own; on the stream `grounding`, with links and queries.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: usage, grounding and cancelled calls are emitted',
        'wire/dialects/plain.test.ts: a named event grounding is sent with the number of the turn',
        'wire/grounding.test.ts: extractGrounding returns web pages, places and documents as sources',
      ],
    },
    {
      id: 'Event.finishReason',
      adk: 'STOP, MAX_TOKENS, SAFETY and so on: no field of the live API.',
      here: 'The event has the field, for Runners that set it; Gemini’s live API sends `turnCompleteReason`.',
      status: 'done',
      tests: [
        'agent/adk/from-adk-runner.test.ts: events are those of ADK without its empty fields, and in seconds',
        'wire/dialects/adk.test.ts: an event of the run is one Event of ADK with the same fields for %s',
      ],
    },
    {
      id: 'Event.errorCode',
      adk: 'An answer that failed or was withheld.',
      here: 'The same, on the event that ends the turn; the stream also has a `failure`, and the session continues.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: the end of a turn carries its reason if %s',
        'wire/dialects/reply-failure.test.ts: describeReplyFailure describes %s as %s and names it',
        'wire/dialects/plain.test.ts: a named event failure is sent for a failed reply before the end of its turn, without the message of its runner',
      ],
    },
    {
      id: 'Event.errorMessage',
      adk: 'The same, in words.',
      here: 'The same, in our own words.',
      status: 'done',
      tests: [
        'models/gemini/turn-end-reasons.test.ts: describeTurnEnd has a sentence of its own for every reason of the SDK except the usual ones',
      ],
    },
    {
      id: 'Event.longRunningToolIds',
      adk: 'Ids of the calls whose result comes later.',
      here: 'The same. In the plain dialect the call has `long_running`.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: a long-running tool is marked in its event, its first response goes to the model, and the result of the app is told',
        'http/long-running.test.ts: the result of a long-running call that arrives after a restart of the server is accepted once, shown, and told to the model',
      ],
    },
    {
      id: 'Event.actions',
      adk: 'stateDelta, artifactDelta, transferToAgent, escalate, skipSummarization, requestedAuthConfigs, requestedToolConfirmations and so on.',
      here: '`stateDelta` for what a tool, a callback or a client changed, `transferToAgent` for a hand-over, `endOfAgent` at the end that an agent asked for. All of them are passed through from an ADK Runner.',
      differs: 'A confirmation is asked for by a call of its own, as ADK’s clients know it.',
      status: 'done',
      tests: [
        'agent/run/state.test.ts: state that a tool changes comes with the event of the result, without the keys of the run, and is stored with the turn',
        'agent/run/hand-over.test.ts: an agent with others below it transfers a typed question: the other agent answers it on a fresh connection, and is asked once',
        'http/state.test.ts: state_delta of a client by WebSocket, with an envelope or bare, does the same, and an ADK reader sees the changes as actions',
      ],
    },
    {
      id: 'Event.branch',
      adk: 'The agent’s path, `a.b.c`.',
      here: 'The same, for the events of agents; a run of one agent has none.',
      status: 'done',
      tests: [
        'agent/run/hand-over.test.ts: an agent with others below it transfers a typed question: the other agent answers it on a fresh connection, and is asked once',
      ],
    },
    {
      id: 'Event.customMetadata',
      adk: 'That of RunConfig.',
      here: 'The same. Not sent in the plain dialect.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: customMetadata is carried by every event of the run, as it was when the run started',
      ],
    },
    {
      id: 'Event.modelVersion',
      adk: 'Which version answered: no field of the live API.',
      here: 'Set by an ADK Runner, and passed on.',
      status: 'done',
      tests: [
        'agent/adk/from-adk-runner.test.ts: events are those of ADK without its empty fields, and in seconds',
        'wire/dialects/adk.test.ts: an event of the run is one Event of ADK with the same fields for %s',
      ],
    },
    {
      id: 'Event.interactionId',
      adk: 'Of the Interactions API.',
      here: 'The event has the field, for Runners that set it.',
      status: 'done',
      tests: [
        'agent/adk/from-adk-runner.test.ts: events are those of ADK without its empty fields, and in seconds',
        'wire/dialects/adk.test.ts: an event of the run is one Event of ADK with the same fields for %s',
      ],
    },
    {
      id: 'Event: avgLogprobs, logprobsResult, cacheMetadata, citationMetadata',
      adk: 'Fields of every event.',
      status: 'not offered',
      why: 'No live model sets them.',
    },
    {
      id: 'Event.liveSessionResumptionUpdate',
      adk: '`{newHandle, resumable}`, so that an application can resume elsewhere (Python, 2026).',
      here: 'For the caller of `runLive`; neither stored nor sent to a client, because the handle gives access to the conversation.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: voice activity, the id of the session and a handle are each emitted in an event of their own',
        'session/run-supervisor.test.ts: an event with a resumption handle is logged without the handle, and not at all if nothing else is left',
      ],
    },
    {
      id: 'Event.liveSessionId',
      adk: 'The provider’s id of the session (Python, 2026).',
      here: 'The same, on Vertex AI.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: voice activity, the id of the session and a handle are each emitted in an event of their own',
      ],
    },
    {
      id: 'Event.voiceActivity',
      adk: 'ACTIVITY_START and ACTIVITY_END, with the offset in the audio (Python, 2026).',
      here: 'The same, on Vertex AI.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: voice activity, the id of the session and a handle are each emitted in an event of their own',
      ],
    },
    {
      id: 'Event: goAway, liveSetupComplete',
      adk: 'goAway is used up inside; both are fields of its inner response.',
      here: 'Reported as `status`: ready, reconnecting.',
      status: 'done',
      tests: ['agent/run/go-away.test.ts: goAway during a reply lets the turn finish, then resumes at once'],
    },
    {
      id: 'Event.answered',
      adk: 'None: a transcript that comes after the reply is stored behind the reply, and answered again by the next run.',
      here: 'Marks such a transcript. It is shown and told before the reply, and is not answered again.',
      status: 'done',
      tests: [
        'agent/run/late-words.test.ts: a transcript that arrives after the reply and its turn_complete belongs to the turn that has ended',
      ],
    },
    {
      id: 'Event.pictures',
      adk: 'None: the pictures themselves are in the event, and in the session.',
      here: 'Number of pictures of a typed message. The pictures themselves are files beside the conversation, which the parts of the event name.',
      status: 'done',
      tests: [
        'http/stored-pictures.test.ts: an export names the pictures by reference, as ADK does, and has no data',
        'http/shared-conversation.test.ts: two readers of one conversation get the pictures and the calls of the conversation in a reset',
      ],
    },
    {
      id: 'Event.confirmToolIds',
      adk: '`requestedToolConfirmations` of the actions, and a call of `adk_request_confirmation`; not in live.',
      here: 'Ids of the calls that wait for the user. On the wire: `confirm` of `tool_call`, and in the ADK dialect the call of `adk_request_confirmation`.',
      status: 'done',
      tests: [
        'http/confirmations.test.ts: a call that requires a confirmation runs after tool_confirm, and the model answers with its result, on %s',
      ],
    },
    {
      id: 'Event.toolConfirmation',
      adk: 'The response to `adk_request_confirmation`; not in live.',
      here: 'Answer of a user to a call that waits; every reader receives it as `tool_confirmed`.',
      status: 'done',
      tests: [
        'session/client-calls.test.ts: the confirmation of a call is accepted once; only then clients may send the result',
      ],
    },
    {
      id: 'Event.clientToolIds',
      adk: 'None.',
      here: 'The ids of calls that clients run; on the stream `where` of `tool_call`.',
      status: 'done',
      tests: [
        'agent/run/client-tools.test.ts: a call of a client tool is marked in its event, and the result of the client goes to the model once',
        'http/client-tools.test.ts: POST /send of the result of a tool goes to the model, which answers with it, and every reader receives the result',
      ],
    },
    {
      id: 'Event.toolCancellation',
      adk: 'None: a cancelled call is not told.',
      here: 'The ids of calls that the model cancelled; on the stream `tool_cancel`.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: tools a running tool does not block an interruption, which cancels it and discards its result',
        'wire/dialects/plain.test.ts: a named event tool_cancel is sent for each id',
      ],
    },
    {
      id: 'Event: JSON',
      adk: 'CamelCase, nulls left out.',
      here: 'The same, with `dialect=adk`, on streams, polls and WebSockets.',
      status: 'done',
      tests: [
        'wire/dialects/adk.test.ts: an event of the run is one Event of ADK with the same fields for %s',
        'http/adk-dialect.test.ts: GET /events/me?dialect=adk sends Events as unnamed messages, and the named events of a connection as ever',
        'http/adk-dialect.test.ts: GET /events/me?dialect=adk resumes after any of its ids with the Events that follow, each once',
        'wire/dialects/adk.test.ts: every event is valid JSON on one line, without a private field, at most one message of it unnamed',
      ],
    },
  ],
};
