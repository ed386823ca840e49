import type { Area } from '../requirement.ts';

export const order: Area = {
  title: 'Down: what is joined, and in which order',
  requirements: [
    {
      id: 'text: increments and the whole',
      adk: 'Increments as they come; the whole before a tool call, at a change between thought and answer, at an interruption and at the end.',
      here: 'The same; and at the end of generation.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler gives text in increments, then the whole before the turn is complete',
        'agent/turn-assembler.test.ts: TurnAssembler with a tool call gives the text before it whole first, and all calls in one event',
        'agent/turn-assembler.test.ts: TurnAssembler with a thought before the answer gives each whole, the thought marked',
        'agent/turn-assembler.test.ts: TurnAssembler with generation_complete gives the whole then, and not again at the end of the turn',
      ],
    },
    {
      id: 'text: with audio',
      adk: 'Not joined while audio arrives.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler passes audio on as it is, and merges no text while it comes',
      ],
    },
    {
      id: 'text: every word once',
      adk: 'The samples show merged text again behind its increments.',
      here: 'The increments joined are the whole; the samples’ messages hold increments only.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler of any turns: the increments of each kind, joined, are what is told whole, and nothing is held when a turn is over',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page, once audio is started, hears the agent speak and shows the words once",
      ],
    },
    {
      id: 'transcripts: increments and the whole',
      adk: 'Increments `finished: false`, then the whole `finished: true`.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with a transcript that the provider finishes gives it whole once',
      ],
    },
    {
      id: 'transcripts: never finished',
      adk: 'Told whole at an interruption, at the end of generation or of the turn; the user’s before the agent’s.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with transcripts that the provider never finishes gives them whole, input first',
        'agent/turn-assembler.test.ts: TurnAssembler with a transcript that is finished and empty gives nothing',
      ],
    },
    {
      id: 'tool calls: one event',
      adk: 'Collected, told at the end of the turn; at once for the newest model. (A model that waits for the response first never gets it.)',
      here: 'At once, those of one message in one event.',
      differs: 'A call that waits for the end of a turn that waits for its response is never made.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with a tool call gives the text before it whole first, and all calls in one event',
        'agent/runner.test.ts: tools a call is told, run and answered, and its result told',
      ],
    },
    {
      id: 'tool results: one event',
      adk: 'Those of calls that ran at once are joined, in the order of the calls, `actions` merged.',
      here: 'Each in an event of its own, as it comes.',
      differs: 'The quick one does not wait for the slow one.',
      status: 'done',
      tests: ['agent/tool-runner.test.ts: ToolRunner runs calls at the same time, and gives each result as it comes'],
    },
    {
      id: 'tool events wait for the transcript',
      adk: 'Calls and results are held while a transcript is unfinished, and told behind it.',
      here: 'Held while what the user said is unfinished, for at most a second and 64 of them. Not for the transcript of the reply, which ends after its tools.',
      differs: 'A transcript that the provider never ends must not hide a tool for the whole of a reply.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with a call while the user is transcribed tells it, and its result, behind the finished transcript',
        'agent/turn-assembler.test.ts: TurnAssembler with a call and a transcript that never ends lets the call wait for a second',
        'agent/turn-assembler.test.ts: TurnAssembler with more than 64 tool events that wait ends the transcript and tells them',
      ],
    },
    {
      id: 'interruption',
      adk: 'With the content of its message, or alone; lost where text was pending.',
      here: 'In an event of its own, after what was said; `turnComplete` follows.',
      status: 'done',
      tests: [
        "agent/turn-assembler.test.ts: TurnAssembler with an interruption while text is pending tells both, each in its own event (ADK's bug 4460)",
        'agent/turn-assembler.test.ts: TurnAssembler always tells an interruption, in an event of its own, after what was said',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page, when the user speaks into a reply, is told interrupted, then turn_complete",
      ],
    },
    {
      id: 'the end of the turn',
      adk: 'Last.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/runner.test.ts: text is answered in increments, then whole, then usage and the end of the turn'],
    },
    {
      id: 'within one message of the model',
      adk: 'Usage, grounding, content, transcripts, merged text, tool calls, end of turn, interruption, resumption, goAway.',
      here: 'What the user said, content, what the agent says, tool calls, grounding, usage, interruption, end of turn, resumption, goAway.',
      differs: 'Cause before effect: the question before the answer, the interruption before the end.',
      status: 'done',
      tests: [
        'models/gemini-server-message.test.ts: readServerMessage of all fields in one frame gives each, in the order that ModelEvent names',
      ],
    },
    {
      id: 'after an interruption',
      adk: 'Audio that is on its way still comes.',
      here: 'What was not written yet of that reply’s audio is skipped, in a replay too.',
      status: 'done',
      tests: [
        'session/event-log.test.ts: an interruption EventLog after interrupted holds no audio of that turn, and all of its text',
        'http/lag.test.ts: a client that acknowledges hears of an interruption at once, and nothing of the audio that waited for its ack',
      ],
    },
  ],
};
