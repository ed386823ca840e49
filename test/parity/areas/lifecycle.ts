import type { Area } from '../requirement.ts';

export const lifecycle: Area = {
  title: 'A run, from its start to its end',
  requirements: [
    {
      id: 'Runner.runLive',
      adk: 'An async generator of events: `run_live(user_id, session_id, live_request_queue, run_config)`. TypeScript adds `abortSignal`.',
      here: 'The same, with the names it has in TypeScript.',
      status: 'done',
      tests: ['agent/runner.test.ts: text is answered in increments, then whole, then usage and the end of the turn'],
    },
    {
      id: 'runLive: ids',
      adk: 'Raises without user and session id, or without a queue.',
      here: 'They are required by type. On the wire each id is checked.',
      status: 'done',
      tests: ['http/routes.test.ts: an id %s is refused with 400 invalid_id, as user and as session'],
    },
    {
      id: 'runLive: session',
      adk: 'Older: raises if the session does not exist. Newer and TypeScript: makes it.',
      here: 'A conversation begins with the first thing said in it.',
      status: 'done',
      tests: [
        'session/live-session.test.ts: linger a session that comes after another one ended knows the conversation',
        'agent/runner.test.ts: the conversation keeps typed text, whole answers, calls, usage and flags, and neither increments nor states',
      ],
    },
    {
      id: 'runLive: session argument',
      adk: '`session=` in the place of the ids; deprecated.',
      status: 'not offered',
      why: 'Deprecated in ADK itself.',
    },
    {
      id: 'runLive: one queue each',
      adk: 'A queue is never used twice: a close left in it ends the next run at once.',
      here: 'The same rule for `runLive`; a live session whose run is replaced gives the next one a new queue, with what was not read yet.',
      status: 'done',
      tests: [
        'session/run-supervisor.test.ts: a run that is replaced hands what it has not read to the next one',
        'session/live-session.test.ts: a change of modality takes along what was sent and not yet read by the run before',
      ],
    },
    {
      id: 'runLive: no buffering',
      adk: 'Events are handed over as they come; a caller that does not read is not limited.',
      here: 'As they come; with 10,000 unread the run ends with an error that says so.',
      differs: 'A limit, so that a caller that stopped reading does not eat the memory of all others.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the end of a run comes with an error when the caller reads nothing while 10,000 events wait',
      ],
    },
    {
      id: 'end: close()',
      adk: 'Graceful: the connection to the model is closed and the generator ends.',
      here: 'The same; what was sent before is still delivered.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the end of a run comes when the client closes the queue, and the connection is closed',
        'agent/runner.test.ts: the end of a run comes after what was sent before the queue was closed has gone to the model',
      ],
    },
    {
      id: 'end: never closed',
      adk: 'Closing is the application’s duty; a queue that is forgotten leaves a session that counts against the quota.',
      here: 'A live session without a reader ends by itself after LINGER_MS, and so does its connection to the model.',
      status: 'done',
      tests: [
        'session/live-session.test.ts: linger a session without a reader ends after it: idle, and its connection is closed',
      ],
    },
    {
      id: 'end: abortSignal',
      adk: 'TypeScript: ends the run.',
      here: 'Ends it at once and without an error, whatever it is doing.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the end of a run comes at once with abortSignal, without an error, even while nothing happens',
        'agent/runner.test.ts: the end of a run comes at once with abortSignal while it connects',
        'agent/runner.test.ts: the end of a run comes before anything with an abortSignal that is aborted already',
      ],
    },
    {
      id: 'end: the caller leaves the loop',
      adk: 'Closing the generator closes the connection and cancels background tools.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the end of a run comes when its caller breaks out of the loop, in the middle of a reply',
        'agent/runner.test.ts: tools a tool that still runs when the run ends has its signal aborted',
      ],
    },
    {
      id: 'end: the last sequential agent is done',
      adk: 'The loop ends when the last agent of a SequentialAgent called `task_completed`.',
      here: 'With agents that hand over.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'end: end_invocation',
      adk: 'A callback or a tool sets it in the invocation context.',
      status: 'planned',
      here: 'Not yet: the client or the owner of the queue ends a run.',
      brings: 'tools and agents',
    },
    {
      id: 'end: the session timed out',
      adk: 'The provider’s limit closes the connection and the run ends, unless a handle is there.',
      here: 'A lost connection is never the end of the run: it is resumed, or begun anew with the conversation.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost with %i and a handle is resumed, without a history',
        'agent/upstream.test.ts: a connection that is lost without a handle is told the conversation anew',
      ],
    },
    {
      id: 'end: an error',
      adk: 'Raised out of the generator, for the application to catch.',
      here: 'Thrown as an error of the catalogue; a live session tells it as `failure`, stays, and tries again with the next thing that is said.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: failure a close %i "%s" ends the run with %s, and nothing is tried again',
        'http/provider-failure.test.ts: a key that the provider refuses is told in a failure that says what to do; the stream stays open, and each POST tries again',
      ],
    },
    {
      id: 'RunConfig.maxDurationMs',
      adk: 'None: the provider’s own limit.',
      here: 'The longest that a live session may last; then it ends, its last reply finished.',
      status: 'done',
      tests: [
        'session/session-limits.test.ts: maxDurationMs ends a live session when it is over, and not before',
        'session/session-limits.test.ts: maxDurationMs lets the reply that is being given finish, and takes what is sent meanwhile',
      ],
    },
    {
      id: 'RunConfig.idleTimeoutMs',
      adk: 'None.',
      here: 'How long a live session may be without anything said or heard.',
      status: 'done',
      tests: [
        'session/session-limits.test.ts: idleTimeoutMs ends a live session in which nothing was said for so long',
        'session/session-limits.test.ts: idleTimeoutMs begins anew after %s, unless that says nothing',
      ],
    },
  ],
};
