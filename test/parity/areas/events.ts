import type { Area } from '../requirement.ts';

const WHOLE = 'agent/runner.test.ts: text is answered in increments, then whole, then usage and the end of the turn';
const STAMPS =
  'agent/runner.test.ts: text events carry an id each, in order, one invocation id, the author and the time';
const KEPT =
  'agent/runner.test.ts: the conversation keeps typed text, whole answers, calls, usage and flags, and neither increments nor states';

export const events: Area = {
  title: 'Down: the fields of an event',
  requirements: [
    {
      id: 'Event.id',
      adk: 'A UUID, for each event.',
      here: 'A UUID of version 7: ids are in order.',
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
        'agent/event-factory.test.ts: createEventFactory gives each event a uuid v7 of its own, in order, and all of them the id of their run',
      ],
    },
    {
      id: 'Event.author',
      adk: '`user` for what the user said, typed or transcribed; else the agent’s name, never `model`.',
      here: 'The same.',
      status: 'done',
      tests: [STAMPS, 'agent/turn-assembler.test.ts: TurnAssembler attributes what was heard to the user', KEPT],
    },
    { id: 'Event.timestamp', adk: 'Seconds.', here: 'The same.', status: 'done', tests: [STAMPS] },
    {
      id: 'Event.content',
      adk: '`{role, parts}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        WHOLE,
        'agent/runner.test.ts: speech is answered in audio of 24 kHz with a transcript: in pieces, and whole once',
      ],
    },
    {
      id: 'Event.partial',
      adk: 'True: an increment. False or absent: complete.',
      here: 'The same; never false.',
      status: 'done',
      tests: [
        WHOLE,
        'agent/turn-assembler.test.ts: TurnAssembler gives text in increments, then the whole before the turn is complete',
      ],
    },
    {
      id: 'Event.turnComplete',
      adk: 'Once, at the end, in an event of its own.',
      here: 'The same.',
      status: 'done',
      tests: [WHOLE, 'agent/turn-assembler.test.ts: TurnAssembler after a turn begins the next one with nothing of it'],
    },
    {
      id: 'Event.turnCompleteReason',
      adk: 'Why the model ended it (Python, 2026).',
      here: 'The same, where it is not the usual reason.',
      status: 'done',
      tests: ['agent/turn-assembler.test.ts: TurnAssembler with a turn that ends because %s says so'],
    },
    {
      id: 'Event.interrupted',
      adk: 'The user interrupted. Not told where text was pending.',
      here: 'Always told, in an event of its own, after what was said.',
      status: 'done',
      tests: [
        "agent/turn-assembler.test.ts: TurnAssembler with an interruption while text is pending tells both, each in its own event (ADK's bug 4460)",
      ],
    },
    {
      id: 'Event.inputTranscription',
      adk: '`{text, finished}`.',
      here: 'The same; on the stream `input_transcript`.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: speech of the user is transcribed as the user, and played back',
        'wire/plain-dialect.test.ts: named events input_transcript tells increments and the whole, with the number of the turn',
      ],
    },
    {
      id: 'Event.outputTranscription',
      adk: '`{text, finished}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: speech is answered in audio of 24 kHz with a transcript: in pieces, and whole once',
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte an output transcript",
      ],
    },
    {
      id: 'Event.usageMetadata',
      adk: 'An event of its own, with prompt, candidates, total and cached counts.',
      here: 'The same, and counts by modality; on the stream `usage`.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler passes on usage, grounding and cancelled calls',
        "models/gemini-server-message.test.ts: readServerMessage of usage in the names of %s gives ADK's names",
        'wire/plain-dialect.test.ts: named events usage, with details where there are any, and 0 for what is not told',
      ],
    },
    {
      id: 'Event.groundingMetadata',
      adk: 'With the answer, or alone.',
      here: 'In an event of its own; on the stream `grounding`: sources that may be linked to, and queries.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler passes on usage, grounding and cancelled calls',
        'wire/plain-dialect.test.ts: named events grounding, with the number of the turn',
        'wire/grounding.test.ts: groundingOf web pages, places and documents gives each as a source',
      ],
    },
    {
      id: 'Event.finishReason',
      adk: 'STOP, MAX_TOKENS, SAFETY and so on: no field of the live API.',
      here: 'Has its place in the event, for Runners that fill it; Gemini’s live API says `turnCompleteReason`.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'Event.errorCode',
      adk: 'An answer that failed or was withheld.',
      here: 'The same, on the event that ends the turn; on the stream a `failure` besides, and the session goes on.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with a turn that ends because %s says so',
        'wire/reply-failure.test.ts: replyFailure of %s is %s and names it',
        'wire/plain-dialect.test.ts: named events a failure of one reply, before the end of its turn and without the message of its runner',
      ],
    },
    {
      id: 'Event.errorMessage',
      adk: 'The same, in words.',
      here: 'The same, in words of our own.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler knows every reason of the SDK but one as a failure, and says it in words of its own',
      ],
    },
    {
      id: 'Event.longRunningToolIds',
      adk: 'Ids of the calls whose result comes later.',
      here: 'With long-running tools.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'Event.actions',
      adk: 'stateDelta, artifactDelta, transferToAgent, escalate, skipSummarization, requestedAuthConfigs, requestedToolConfirmations and so on.',
      here: 'Passed through from an ADK Runner; `transferToAgent` of our own with agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'Event.branch',
      adk: 'The agent’s path, `a.b.c`.',
      here: 'With agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'Event.customMetadata',
      adk: 'That of RunConfig.',
      here: 'The same. Not sent in the plain dialect.',
      status: 'done',
      tests: ['agent/run-config.test.ts: customMetadata stands on every event of the run, as it was when that began'],
    },
    {
      id: 'Event.modelVersion',
      adk: 'Which version answered: no field of the live API.',
      here: 'Has its place in the event, for Runners that fill it.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'Event.interactionId',
      adk: 'Of the Interactions API.',
      here: 'Has its place in the event, for Runners that fill it.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'Event: avgLogprobs, logprobsResult, cacheMetadata, citationMetadata',
      adk: 'Fields of every event.',
      status: 'not offered',
      why: 'No live model fills them.',
    },
    {
      id: 'Event.liveSessionResumptionUpdate',
      adk: '`{newHandle, resumable}`, so that an application can resume elsewhere (Python, 2026).',
      here: 'For the caller of `runLive`; neither kept nor sent to a client, for whom the handle would be a key.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler tells voice activity, the id of the session and a handle each in an event of its own',
        "session/run-supervisor.test.ts: a runner's resumption handle stays out of the log, and what its event says besides does not",
      ],
    },
    {
      id: 'Event.liveSessionId',
      adk: 'The provider’s id of the session (Python, 2026).',
      here: 'The same, on Vertex AI.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler tells voice activity, the id of the session and a handle each in an event of its own',
      ],
    },
    {
      id: 'Event.voiceActivity',
      adk: 'ACTIVITY_START and ACTIVITY_END, with the offset in the audio (Python, 2026).',
      here: 'The same, on Vertex AI.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler tells voice activity, the id of the session and a handle each in an event of its own',
      ],
    },
    {
      id: 'Event: goAway, liveSetupComplete',
      adk: 'goAway is used up inside; both are fields of its inner response.',
      here: 'Told as `status`: ready, reconnecting.',
      status: 'done',
      tests: ['agent/upstream.test.ts: goAway in the middle of a reply lets the turn finish, then resumes at once'],
    },
    {
      id: 'Event.toolCancellation',
      adk: 'None: a cancelled call is not told.',
      here: 'The ids of calls that the model has taken back; on the stream `tool_cancel`.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: tools a tool that waits does not block an interruption: it is cancelled, and its result dropped',
        'wire/plain-dialect.test.ts: named events tool_cancel, one for each id',
      ],
    },
    {
      id: 'Event: JSON',
      adk: 'CamelCase, nulls left out.',
      here: 'Our events are that JSON; `dialect=adk` sends it as it is.',
      status: 'planned',
      brings: 'stores and doors',
    },
  ],
};
