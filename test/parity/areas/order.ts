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
        'agent/run/event-assembler.test.ts: text is emitted in increments, and completely before the turn is complete',
        'agent/run/event-assembler.test.ts: a tool call emits the complete text before it first, and all calls in one event',
        'agent/run/event-assembler.test.ts: a thought before the answer is emitted completely by itself, marked as a thought',
        'agent/run/event-assembler.test.ts: generation_complete emits the complete text, and the end of the turn does not repeat it',
      ],
    },
    {
      id: 'text: with audio',
      adk: 'Not joined while audio arrives.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/run/event-assembler.test.ts: audio is emitted as it is, and does not end the text around it'],
    },
    {
      id: 'text: every word once',
      adk: 'The samples show merged text again behind its increments.',
      here: 'The increments joined are the whole; the samples’ messages hold increments only.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: in any sequence of turns, the increments of each kind add up to the complete texts, and nothing is held when a turn is over',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page plays the agent's speech and shows the words once after audio was started",
      ],
    },
    {
      id: 'transcripts: increments and the whole',
      adk: 'Increments `finished: false`, then the whole `finished: true`.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/run/event-assembler.test.ts: a transcript that the provider finishes is emitted completely once'],
    },
    {
      id: 'transcripts: never finished',
      adk: 'Told whole at an interruption, at the end of generation or of the turn; the user’s before the agent’s.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: transcripts that the provider never finishes are emitted completely at the end of the turn, input first',
        'agent/run/event-assembler.test.ts: an empty finished transcript emits nothing',
      ],
    },
    {
      id: 'tool calls: one event',
      adk: 'Collected, told at the end of the turn; at once for the newest model. (A model that waits for the response first never gets it.)',
      here: 'At once; the calls of one message are in one event.',
      differs:
        'A call that waits for the end of the turn would never be made, because the turn waits for the response.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: a tool call emits the complete text before it first, and all calls in one event',
        'agent/run/end-to-end.test.ts: tools a call is emitted and run, and its result is emitted and answered',
      ],
    },
    {
      id: 'tool results: one event',
      adk: 'Those of calls that ran at once are joined, in the order of the calls, `actions` merged.',
      here: 'Each in an event of its own, as it arrives.',
      differs: 'A fast call does not wait for a slow one.',
      status: 'done',
      tests: [
        'agent/tools/tool-calls.test.ts: ToolCalls runs calls at the same time and reports each result when it arrives',
      ],
    },
    {
      id: 'tool events wait for the transcript',
      adk: 'Calls and results are held while a transcript is unfinished, and told behind it.',
      here: 'Held while the user’s transcript is unfinished, for at most one second and 64 events. Not held for the transcript of the reply, which ends after its tools.',
      differs: 'A transcript that the provider never finishes must not hide a tool during the whole reply.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: a call during the transcript of the user is emitted with its result after the finished transcript',
        'agent/run/event-assembler.test.ts: a call waits at most 1 s for a transcript that never ends',
        'agent/run/event-assembler.test.ts: more than 64 waiting tool events end the transcript of the user',
      ],
    },
    {
      id: 'interruption',
      adk: 'With the content of its message, or alone; lost where text was pending.',
      here: 'In an event of its own, after the content; `turnComplete` follows.',
      status: 'done',
      tests: [
        "agent/run/event-assembler.test.ts: an interruption while text is pending emits both, each in an event of its own (ADK's bug 4460)",
        'agent/run/event-assembler.test.ts: an interruption is always emitted, in an event of its own, after the texts it interrupts',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page receives interrupted and then turn_complete when the user speaks into a reply",
      ],
    },
    {
      id: 'the end of the turn',
      adk: 'Last.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text is answered in increments, then completely, then usage and the end of the turn',
      ],
    },
    {
      id: 'within one message of the model',
      adk: 'Usage, grounding, content, transcripts, merged text, tool calls, end of turn, interruption, resumption, goAway.',
      here: 'The user’s transcript, content, the agent’s transcript, tool calls, grounding, usage, interruption, end of turn, resumption, goAway.',
      differs: 'Cause before effect: the question before the answer, the interruption before the end.',
      status: 'done',
      tests: [
        'models/gemini/server-message.test.ts: readServerMessage converts all fields of one frame, in the order that ModelEvent documents',
      ],
    },
    {
      id: 'after an interruption',
      adk: 'Audio that is on its way still comes.',
      here: 'Audio of that reply that was not written yet is skipped, also in a replay.',
      status: 'done',
      tests: [
        'session/log/live-log.test.ts: an interruption of a turn drops all audio of the turn and keeps all of its text',
        'http/lag.test.ts: a client that acknowledges is sent an interruption at once, and none of the audio that waited for its ack',
      ],
    },
  ],
};
