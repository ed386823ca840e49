import type { Area } from '../requirement.ts';

const KEPT =
  'agent/run/conversation.test.ts: the conversation of a run contains typed text, complete answers, calls, usage and flags, and neither increments nor statuses';

export const sessions: Area = {
  title: 'Sessions: what is kept',
  requirements: [
    {
      id: 'kept: whole events',
      adk: 'Every event that is not partial: texts, transcripts, calls and responses, usage, the end of a turn.',
      here: 'The same.',
      status: 'done',
      tests: [
        KEPT,
        'agent/run/conversation.test.ts: the conversation of a run contains complete transcripts of speech, and no audio',
      ],
    },
    {
      id: 'kept: what the user typed',
      adk: 'Before it is sent (Python, 2026); older versions and TypeScript 2.0.0: never.',
      here: 'Always; text typed during a reply stands after the part of the reply that was spoken.',
      status: 'done',
      tests: [
        KEPT,
        'agent/run/conversation.test.ts: the conversation of a run contains an interrupted reply before the text that interrupted it',
        'agent/run/connection-loss.test.ts: the words of a user stay in the conversation if they could not be sent',
      ],
    },
    {
      id: 'not kept: audio, increments',
      adk: 'Inline audio and partial events.',
      here: 'The same; connection states are not stored either.',
      status: 'done',
      tests: [
        'agent/run/conversation.test.ts: the conversation of a run contains complete transcripts of speech, and no audio',
        KEPT,
      ],
    },
    {
      id: 'kept: order',
      adk: 'As yielded.',
      here: 'The same, also with a slow store.',
      status: 'done',
      tests: ['agent/run/connection-loss.test.ts: a slow store does not change the history of a fresh connection'],
    },
    {
      id: 'a store that fails',
      adk: 'Raises out of the run.',
      here: 'The run continues: the conversation is in memory, and its turns are committed when the store works again, within limits. Clients are told when that begins and ends.',
      status: 'done',
      tests: [
        'http/session-store.test.ts: readers of the dialect %s are told once that the store fails, and once that it works again',
        'store/sql/sqlite-failures.test.ts: two processes on one file of SQLite one that waits for the other goes on with everything else, and commits then',
        'store/sql/sqlite-failures.test.ts: a file of SQLite that is in use refuses turns while it is moved away, says why, and takes them when it is back',
        'agent/run/conversation-recorder.test.ts: a run whose store %s continues, and so does the next run',
        'agent/run/conversation-recorder.test.ts: a store that recovers gets every turn of a run once and in order',
      ],
    },
    {
      id: 'told to a fresh connection',
      adk: 'The session’s events, transcripts as text, without audio.',
      here: 'The texts and their speakers, in turns.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: a conversation is known to the model of a later run',
        'store/conversation-turns.test.ts: typed text and transcripts of speech become turns of user and model',
        'store/conversation-turns.test.ts: partial events, tool calls and results, usage and flags are left out of the turns',
      ],
    },
    {
      id: 'told: the user had the last word',
      adk: 'The model answers at once.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini/model.test.ts: the history of a fresh session a history that ends with the user is sent as complete, so that it is answered',
        'agent/run/end-to-end.test.ts: a conversation that ends with the user is answered by a later run',
      ],
    },
    {
      id: 'told: tool calls and their results',
      adk: 'In the history, as parts.',
      here: 'Not sent again, except for calls of a reply that was cut off.',
      differs: 'The answer based on them is sent.',
      status: 'done',
      tests: [
        'store/conversation-turns.test.ts: partial events, tool calls and results, usage and flags are left out of the turns',
      ],
    },
    {
      id: 'state',
      adk: '`session.state`, with prefixes for app, user and temporary; `stateDelta`.',
      here: 'The same, in memory while a conversation is spoken, and in the store with each turn. Other live sessions of the user see a change at once. Also `delete(key)`; null removes a key. Values are frozen copies, and have limits (docs/state.md).',
      status: 'done',
      tests: [
        'store/live-state.test.ts: the state of a conversation has each key in the scope of its prefix, and all of them in its record',
        'store/live-conversations.test.ts: the state of live conversations what one conversation changes for the user or the application, others see at once, and strangers do not',
        'agent/run/state.test.ts: state that a tool changes comes with the event of the result, without the keys of the run, and is stored with the turn',
        'agent/run/state.test.ts: state that a tool changes is there for the next tool of the run, and temp: keys are gone in the next run',
      ],
    },
    {
      id: 'artifacts',
      adk: 'Files beside a session; `artifactDelta`.',
      here: '`ArtifactStore`, with `save`, `load`, `list` and `delete`, by revision: in a folder or in memory, with limits for each user and in total. Files are deleted with their conversation. No `artifactDelta`: an event names the file itself.',
      differs: 'Other files of a tool are its own responsibility.',
      status: 'done',
      tests: [
        'store/folder-artifacts.test.ts: files are there in another store of the same folder, whose next revision follows',
        'store/folder-artifacts.test.ts: files of one user over the limit are deleted, the oldest first, also those from before a restart',
        'agent/run/audio-recorder.test.ts: a conversation that is deleted leaves no file, neither of before nor of speech that is stored only then',
        'store/memory-artifacts.test.ts: artifacts over the limit of bytes are deleted, the oldest first, and a file disappears from the list with its last revision',
        'agent/run/audio-recorder.test.ts: saveLiveBlob without an artifact store is refused when the Runner is created',
      ],
    },
    {
      id: 'context compaction: LlmSummarizer',
      adk: 'Older events are replaced by a summary: `EventsCompactionConfig` of an App (Python), `contextCompactors` of an agent (TypeScript). Before each request to a model, not in live mode.',
      here: '`eventsCompactionConfig` of an agent, with a text model or a summarizer of your own, beside the conversation. A fresh connection is told the summary; a connection that is resumed is not.',
      status: 'done',
      tests: [
        'agent/run/events-compaction.test.ts: a summary of what falls out takes the place of the oldest turns in what a fresh connection is told, and grows by the turns that follow',
        'agent/run/events-compaction.test.ts: a summary of what falls out is not told to a connection that a handle resumes, and is told if the handle is refused',
        'http/long-memory.test.ts: a server that is restarted with a database answers from what only the summary has, and deletes it with the conversation',
      ],
    },
    {
      id: 'context compaction: its events',
      adk: 'An event of the author `user` with `actions.compaction` (two times and the text) and the usage of the summary.',
      here: 'The same for readers, and at the end of an export. In the store the text is kept once, with the conversation.',
      status: 'done',
      tests: [
        'agent/run/events-compaction.test.ts: a summary of what falls out is counted like the tokens of a reply, and its text is stored once',
        "http/sessions-routes.test.ts: GET /sessions/:userId/:sessionId ends with the summary of the conversation, as ADK's event of a compaction",
      ],
    },
    {
      id: 'memory',
      adk: 'A memory service that is searched across sessions.',
      status: 'not offered',
      why: 'A tool does that. Within one conversation there is a summary (docs/memory.md).',
    },
    {
      id: 'InMemorySessionService',
      adk: 'No limit.',
      here: 'With limits for events, characters and conversations; dropped content is reported.',
      status: 'done',
      tests: [
        'store/memory-store.test.ts: a conversation over the limit of events loses its oldest events and is truncated',
        'store/memory-store.test.ts: whole conversations are deleted, the oldest first, when all of them together are over the limit of characters',
      ],
    },
    {
      id: 'DatabaseSessionService',
      adk: 'SQLite, PostgreSQL, MySQL.',
      here: 'SQLite in a file of the working directory by default; SQLite and PostgreSQL by `DATABASE_URL` or as the option `store`. Resumption handles are encrypted, or not stored.',
      status: 'done',
      tests: [
        'store/sql/sqlite-store.test.ts: createSqliteStore keeps everything in its file: another store of the same file has it',
        'http/stored-conversations.test.ts: a server with DATABASE_URL that is restarted tells a returning client the conversation, and its agent knows it',
      ],
    },
    {
      id: 'VertexAiSessionService',
      adk: 'Sessions in Google’s cloud.',
      status: 'not offered',
      why: '`SessionStore` is an interface of six methods with a contract test suite: anyone can implement it.',
    },
    {
      id: 'save_live_blob: audio as artifacts',
      adk: 'Files of input and output, flushed at the end of a turn and at an interruption; events with `fileData`.',
      here: 'The same: at the end of a turn and of an interrupted reply, and when the run ends during a turn.',
      status: 'done',
      tests: [
        'agent/run/audio-recorder.test.ts: a run with saveLiveBlob stores the speech of a turn as two files, the user first, and records them in the conversation',
        'agent/run/audio-recorder.test.ts: a run with saveLiveBlob stores an interrupted reply by itself, and the speech that interrupted it with the rest of the user',
        'agent/run/audio-recorder.test.ts: a run with saveLiveBlob that ends during a turn stores the speech so far',
      ],
    },
    {
      id: 'sessions over HTTP',
      adk: 'The dev server lists, reads, makes and deletes sessions.',
      here: 'The same, in its JSON; state of the application is not shown to users. Each has a title, and is exported as text and as WAV, too. A conversation that is deleted ends its live session.',
      status: 'done',
      tests: [
        'http/sessions-routes.test.ts: GET /sessions/:userId lists the conversations of the user and of nobody else, newest first, with their titles and times',
        'http/sessions-routes.test.ts: POST /sessions/:userId creates a conversation with the state of the body, which tools and other conversations of the user then have',
        "http/sessions-routes.test.ts: GET /sessions/:userId/:sessionId answers with the conversation as ADK's Session, right after the turn",
        'http/session-export.test.ts: a conversation is exported as text, as a file with its title',
        'http/session-export.test.ts: a spoken conversation is exported as WAV with both sides, also after a restart',
        'http/sessions-routes.test.ts: DELETE /sessions/:userId/:sessionId ends the live session in the middle of an answer, tells its readers, and the conversation stays deleted',
      ],
    },
    {
      id: 'retention',
      adk: 'None: a session stays until somebody deletes it.',
      here: 'Conversations are deleted by age, and the oldest of a user by number and size, in every store; never one that is live.',
      status: 'done',
      tests: [
        'session/retention.test.ts: retention in a store of %s a sweep deletes what is older than the limit, of all users, with its files, and logs one line',
        'session/retention.test.ts: retention in a store of %s a commit beyond the number of conversations deletes the oldest of that user that are not live',
        'session/retention.test.ts: retention in a store of %s a commit beyond the size of a user deletes the oldest until the rest fits; the newest stays, whatever its size',
      ],
    },
    {
      id: 'renaming',
      adk: 'A session has no title.',
      here: 'PATCH changes the title of a conversation, also of a live one; the first words of the user never replace it.',
      status: 'done',
      tests: [
        'http/sessions-routes.test.ts: PATCH /sessions/:userId/:sessionId renames a stored conversation, answers its row, and what the user says later does not replace the title',
        'http/sessions-routes.test.ts: PATCH /sessions/:userId/:sessionId renames a live conversation in which nothing is said yet, and keeps the title of one that is being spoken',
      ],
    },
    {
      id: 'longest session, quotas',
      adk: 'Documented: 10 minutes a connection, 15 a session, 2 with video; unlimited with compression.',
      here: 'The same limits of the provider; when a connection ends, another one follows.',
      status: 'done',
      tests: [
        'agent/run/go-away.test.ts: repeated goAway is no failure if each connection completes a turn',
        'long/hour.long.test.ts: an hour of talk at a fast pace arrives once and in order, and log, inbox, store and memory do not grow',
      ],
    },
    {
      id: 'how many at once',
      adk: 'The application’s: a pool, a waiting queue.',
      here: 'MAX_SESSIONS; one more is rejected with 503 and Retry-After, and an EventSource is told to reconnect.',
      status: 'done',
      tests: [
        'http/events-session.test.ts: a server that holds MAX_SESSIONS refuses one more with 503 and Retry-After, and takes it when there is room',
      ],
    },
  ],
};
