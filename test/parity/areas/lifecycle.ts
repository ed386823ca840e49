import type { Area } from '../requirement.ts';

export const lifecycle: Area = {
  title: 'A run, from its start to its end',
  requirements: [
    {
      id: 'Runner.runLive',
      adk: 'An async generator of events: `run_live(user_id, session_id, live_request_queue, run_config)`. TypeScript adds `abortSignal`.',
      here: 'The same, with the names of ADK for TypeScript.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text is answered in increments, then completely, then usage and the end of the turn',
      ],
    },
    {
      id: 'runLive: ids',
      adk: 'Raises without user and session id, or without a queue.',
      here: 'They are required by type. On the wire each id is checked.',
      status: 'done',
      tests: ['http/routes.test.ts: an id %s is refused with 400 invalid_id, as a user id and as a session id'],
    },
    {
      id: 'runLive: session',
      adk: 'Older: raises if the session does not exist. Newer and TypeScript: makes it.',
      here: 'A conversation is created by its first message.',
      status: 'done',
      tests: [
        'session/live-session.test.ts: linger a session that is opened after another one has ended continues the conversation',
        'agent/run/conversation.test.ts: the conversation of a run contains typed text, complete answers, calls, usage and flags, and neither increments nor statuses',
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
      here: 'The same rule for `runLive`. When a live session replaces its run, the next run gets a new queue with the requests that were not read yet.',
      status: 'done',
      tests: [
        'session/run-supervisor.test.ts: replacement a replaced run passes the requests that it has not read to the next one',
        'session/live-session.test.ts: modality the next run gets the requests that the previous run has not read',
      ],
    },
    {
      id: 'runLive: no buffering',
      adk: 'Events are handed over as they come; a caller that does not read is not limited.',
      here: 'Events are delivered as they arrive. With 10,000 unread events the run ends with an error that names the limit.',
      differs: 'Without a limit, a caller that stopped reading would use the memory of all others.',
      status: 'done',
      tests: ['agent/run/live-run.test.ts: the end of a run comes with an error if 10,000 events wait for the caller'],
    },
    {
      id: 'end: close()',
      adk: 'Graceful: the connection to the model is closed and the generator ends.',
      here: 'The same; earlier requests are still delivered.',
      status: 'done',
      tests: [
        'agent/run/live-run.test.ts: the end of a run comes when the queue is closed, and closes the connection',
        'agent/run/live-run.test.ts: the end of a run comes after the model has received what was sent before the queue was closed',
      ],
    },
    {
      id: 'end: never closed',
      adk: 'Closing is the application’s duty; a queue that is forgotten leaves a session that counts against the quota.',
      here: 'A live session without a reader ends after LINGER_MS, together with its connection to the model.',
      status: 'done',
      tests: [
        'session/live-session.test.ts: linger a session without a reader ends after lingerMs with the reason idle, and its model connection is closed',
      ],
    },
    {
      id: 'end: abortSignal',
      adk: 'TypeScript: ends the run.',
      here: 'The run ends at once and without an error, whatever it is doing.',
      status: 'done',
      tests: [
        'agent/run/live-run.test.ts: the end of a run comes at once with an abort, without an error, even while nothing happens',
        'agent/run/live-run.test.ts: the end of a run comes at once with an abort while it connects',
        'agent/run/live-run.test.ts: the end of a run comes before anything else if the run was aborted before',
      ],
    },
    {
      id: 'end: the caller leaves the loop',
      adk: 'Closing the generator closes the connection and cancels background tools.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/live-run.test.ts: the end of a run comes when the caller breaks out of the loop during a reply',
        'agent/run/live-run.test.ts: the tools of a run running calls are aborted when %s',
      ],
    },
    {
      id: 'end: the last sequential agent is done',
      adk: 'The loop ends when the last agent of a SequentialAgent called `task_completed`.',
      here: 'The same; the live session ends with the reason `agent_ended`.',
      status: 'done',
      tests: [
        'agent/run/hand-over.test.ts: a sequence of agents continues with the next step, which is told the conversation and speaks first, and ends after the last',
        'session/run-supervisor.test.ts: a run that ends by itself ends the live session if its agent wanted that, with the reason agent_ended',
      ],
    },
    {
      id: 'end: end_invocation',
      adk: 'A callback or a tool sets it in the invocation context.',
      here: '`context.endInvocation()` of a tool: the run ends when the model has finished its reply, and the live session with it.',
      status: 'done',
      differs: 'ADK ends at once. An agent that hangs up says goodbye first.',
      tests: [
        'agent/run/hand-over.test.ts: a tool that ends the invocation ends the run when the model has finished its reply',
        'agent/run/hand-over.test.ts: a tool that ends the invocation ends the run after 30 s if the model does not reply',
      ],
    },
    {
      id: 'end: the session timed out',
      adk: 'The provider’s limit closes the connection and the run ends, unless a handle is there.',
      here: 'A lost connection never ends the run: the server resumes it, or opens a new one with the conversation.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a lost connection that closed with %i is resumed by its handle, without a history',
        'agent/run/connection-loss.test.ts: a lost connection without a handle is replaced by a connection that receives the conversation',
      ],
    },
    {
      id: 'end: an error',
      adk: 'Raised out of the generator, for the application to catch.',
      here: 'Thrown as an error of the catalogue. A live session reports it as `failure`, stays open, and tries again with the next message.',
      status: 'done',
      tests: [
        'agent/run/connection-failure.test.ts: a connection that fails with %s ends the run, and no other connection is attempted',
        'http/provider-failure.test.ts: a key that the provider refuses is told in a failure that says what to do; the stream stays open, and each POST tries again',
      ],
    },
    {
      id: 'RunConfig.toolTimeoutMs',
      adk: 'None: a call may take for ever.',
      here: 'Maximum duration of a tool’s call; 0: no limit. Then the signal of the call is aborted, and the model receives an error.',
      status: 'done',
      tests: [
        'agent/tools/tool-faults.test.ts: a tool that does not answer in time is answered with an error after 60 s, and its signal is aborted with a TimeoutError',
        'agent/run/end-to-end.test.ts: tools a tool that takes longer than toolTimeoutMs is answered with an error, and the conversation continues',
      ],
    },
    {
      id: 'RunConfig.maxDurationMs',
      adk: 'None: the provider’s own limit.',
      here: 'Maximum duration of a live session. The session ends after its last reply is finished.',
      status: 'done',
      tests: [
        'session/session-limits.test.ts: maxDurationMs a live session ends after maxDurationMs, and not before',
        'session/session-limits.test.ts: maxDurationMs a reply in progress at maxDurationMs is finished, and requests are accepted until then',
      ],
    },
    {
      id: 'RunConfig.idleTimeoutMs',
      adk: 'None.',
      here: 'Maximum time without activity of either side.',
      status: 'done',
      tests: [
        'session/session-limits.test.ts: idleTimeoutMs a live session ends after idleTimeoutMs without activity, and not before',
        'session/session-limits.test.ts: idleTimeoutMs idleTimeoutMs starts again after %s, or does not if that is no activity',
      ],
    },
  ],
};
