import type { Area } from '../requirement.ts';

const KEPT =
  'agent/runner.test.ts: the conversation keeps typed text, whole answers, calls, usage and flags, and neither increments nor states';

export const sessions: Area = {
  title: 'Sessions: what is kept',
  requirements: [
    {
      id: 'kept: whole events',
      adk: 'Every event that is not partial: texts, transcripts, calls and responses, usage, the end of a turn.',
      here: 'The same.',
      status: 'done',
      tests: [KEPT, 'agent/runner.test.ts: the conversation keeps whole transcripts of speech, and no audio'],
    },
    {
      id: 'kept: what the user typed',
      adk: 'Before it is sent (Python, 2026); older versions and TypeScript 2.0.0: never.',
      here: 'Always; what is typed into a reply stands behind what was said of that reply.',
      status: 'done',
      tests: [
        KEPT,
        'agent/runner.test.ts: the conversation keeps what was said of an interrupted reply before what interrupted it',
        'agent/upstream.test.ts: a conversation of a user whose words could not be sent still has them',
      ],
    },
    {
      id: 'not kept: audio, increments',
      adk: 'Inline audio and partial events.',
      here: 'The same; nor states of the connection.',
      status: 'done',
      tests: ['agent/runner.test.ts: the conversation keeps whole transcripts of speech, and no audio', KEPT],
    },
    {
      id: 'kept: order',
      adk: 'As yielded.',
      here: 'The same, with a slow store, too.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a slow store does not change what a fresh connection is told: everything, in order',
      ],
    },
    {
      id: 'a store that fails',
      adk: 'Raises out of the run.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/runner.test.ts: the end of a run comes with the error of a store that fails'],
    },
    {
      id: 'told to a fresh connection',
      adk: 'The session’s events, transcripts as text, without audio.',
      here: 'What was said by whom, in turns.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the conversation is told to a model that a later run talks to',
        'store/conversation-turns.test.ts: turnsOf typed text and transcripts of speech gives who said what',
        'store/conversation-turns.test.ts: turnsOf leaves out partial events, tool calls and results, usage and flags',
      ],
    },
    {
      id: 'told: the user had the last word',
      adk: 'The model answers at once.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini-connect.test.ts: history that ends with the user is told and answered',
        'agent/runner.test.ts: the conversation that ends with the user is answered by a later run without being asked again',
      ],
    },
    {
      id: 'told: tool calls and their results',
      adk: 'In the history, as parts.',
      here: 'Not told again, but for what a reply that was cut had called.',
      differs: 'The answer that was made of them is told.',
      status: 'done',
      tests: [
        'store/conversation-turns.test.ts: turnsOf leaves out partial events, tool calls and results, usage and flags',
      ],
    },
    {
      id: 'state',
      adk: '`session.state`, with prefixes for app, user and temporary; `stateDelta`.',
      status: 'planned',
      here: 'None yet: a conversation is what was said.',
      brings: 'stores and doors',
    },
    {
      id: 'artifacts',
      adk: 'Files beside a session; `artifactDelta`.',
      here: '`ArtifactStore`, with `save`, `load` and `list`, by revision: for kept audio. No `artifactDelta`: an event names the file itself.',
      differs: 'What else a tool writes is its own affair.',
      status: 'done',
      tests: [
        'store/memory-artifacts.test.ts: createMemoryArtifacts over its limit forgets the files that were saved first, and their names with the last of them',
        'agent/live-blobs.test.ts: saveLiveBlob without an artifact store is refused when the Runner is made',
      ],
    },
    {
      id: 'memory',
      adk: 'A memory service that is searched across sessions.',
      status: 'not offered',
      why: 'A tool does that.',
    },
    {
      id: 'InMemorySessionService',
      adk: 'No limit.',
      here: 'With limits: events, characters and conversations; what was dropped is said.',
      status: 'done',
      tests: [
        'store/memory-store.test.ts: createMemoryStore over its limit of events drops the oldest and says truncated',
        'store/memory-store.test.ts: createMemoryStore over its limit of all characters forgets whole conversations, the oldest first',
      ],
    },
    {
      id: 'DatabaseSessionService',
      adk: 'SQLite, PostgreSQL, MySQL.',
      here: 'Conversations that outlive the process.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'VertexAiSessionService',
      adk: 'Sessions in Google’s cloud.',
      status: 'not offered',
      why: 'A store is an object with two functions: who wants that one writes it.',
    },
    {
      id: 'save_live_blob: audio as artifacts',
      adk: 'Files of input and output, flushed at the end of a turn and at an interruption; events with `fileData`.',
      here: 'The same: at the end of a turn, and of an interrupted reply; and when the run ends in mid-turn.',
      status: 'done',
      tests: [
        'agent/live-blobs.test.ts: a run with saveLiveBlob keeps what was said in a turn as two files, of the user first, and names them in the conversation',
        'agent/live-blobs.test.ts: a run with saveLiveBlob keeps an interrupted reply by itself, and what interrupted it with the rest of what the user said',
        'agent/live-blobs.test.ts: a run with saveLiveBlob that ends in mid-turn keeps what there is',
      ],
    },
    {
      id: 'sessions over HTTP',
      adk: 'The dev server lists, reads, makes and deletes sessions.',
      here: 'List, read, delete.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'longest session, quotas',
      adk: 'Documented: 10 minutes a connection, 15 a session, 2 with video; unlimited with compression.',
      here: 'The same provider; a connection that ends is followed by another.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: goAway again and again, each time after a turn, is no failure',
        'long/hour.test.ts: an hour of talk at a fast pace is heard once and in order, and nothing grows: log, inbox, store, memory',
      ],
    },
    {
      id: 'how many at once',
      adk: 'The application’s: a pool, a waiting queue.',
      here: 'MAX_SESSIONS; one more is refused with 503 and Retry-After, and an EventSource told to come back.',
      status: 'done',
      tests: [
        'http/events-session.test.ts: a server that holds MAX_SESSIONS refuses one more with 503 and Retry-After, and takes it when there is room',
      ],
    },
  ],
};
