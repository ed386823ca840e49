import type { Area } from '../requirement.ts';

export const resumption: Area = {
  title: 'The connection to the model, lost and resumed',
  requirements: [
    {
      id: 'RunConfig.sessionResumption',
      adk: 'Null by default: no handles, nothing is resumed. `{handle, transparent}`. TypeScript 2.0.0 has no such key.',
      here: 'Always on: each connection asks for handles.',
      differs: 'Without resumption, a lost connection would lose the conversation.',
      status: 'done',
      tests: [
        'models/gemini/setup.test.ts: the setup message of Gemini a plain TEXT setup requests handles and transcripts of the user, and nothing else',
      ],
    },
    {
      id: 'sessionResumption.handle',
      adk: 'Continues a session of an earlier run.',
      here: 'The provider’s conversation replaces ours, for one run, never for an agent. If the handle is rejected, ours is used.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: a handle in the config is used by the first connection of the run',
        'agent/run-config.test.ts: a handle in the config that the provider no longer knows is replaced by a fresh connection',
        'agent/run-config.test.ts: the config of an agent is refused with a handle, because all users would share a conversation',
      ],
    },
    {
      id: 'sessionResumption.transparent',
      adk: 'Vertex AI only; where it was forced, the Gemini API refused it.',
      here: 'Requested on Vertex AI unless turned off; rejected elsewhere before anything is opened.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s on Vertex AI',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
        'models/gemini/setup.test.ts: the setup message of Gemini a plain TEXT setup requests handles and transcripts of the user, and nothing else',
      ],
    },
    {
      id: 'resumption: the newest handle',
      adk: 'Each update’s handle is stored.',
      here: 'The same; an update without one leaves the last. The store keeps it encrypted, and the next run uses it if nothing has changed.',
      status: 'done',
      tests: [
        'http/stored-handles.test.ts: after a restart the session of the provider is resumed with the stored handle: nothing is told again, lost or doubled',
        'http/stored-handles.test.ts: after a restart a handle that the provider refuses is given up, and the provider is told the conversation',
        'agent/run/end-to-end.test.ts: a connection that is cut is resumed by its handle, and the conversation continues',
      ],
    },
    {
      id: 'resumption: no history with a handle',
      adk: 'The history is left out when a handle resumes.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini/setup.test.ts: the setup message of Gemini a setup with a handle contains it, and no history follows',
      ],
    },
    {
      id: 'resumption: goAway',
      adk: 'Reconnects at once, in the middle of a reply too. TypeScript: without a handle it throws.',
      here: 'The reply is finished first, if the time that is left allows it.',
      differs: 'Reconnecting during a reply would lose that reply.',
      status: 'done',
      tests: [
        'agent/run/go-away.test.ts: goAway during a reply lets the turn finish, then resumes at once',
        'agent/run/go-away.test.ts: goAway between turns without a handle is followed by a connection that receives the conversation',
        'agent/run/go-away.test.ts: goAway between turns closes the connection before the deadline',
      ],
    },
    {
      id: 'resumption: 1000, 1006, 1011',
      adk: 'With a handle: reconnects, on a close, or an API error of these codes. TypeScript 2.0.0: the run ends as if all were well.',
      here: 'Reconnects, with a handle or without.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a lost connection that closed with %i is resumed by its handle, without a history',
        'agent/run/connection-loss.test.ts: a lost connection without a handle is replaced by a connection that receives the conversation',
      ],
    },
    {
      id: 'resumption: 1007, 1008',
      adk: 'Never tried again.',
      here: 'The same, because the request would fail again. A rejected handle is the exception.',
      status: 'done',
      tests: [
        'agent/run/connection-failure.test.ts: a connection that fails with %s ends the run, and no other connection is attempted',
      ],
    },
    {
      id: 'resumption: a refused handle',
      adk: 'The error is raised.',
      here: 'A new connection receives the conversation.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a handle that the provider refuses is replaced by a fresh connection that receives the conversation',
        'models/gemini/model.test.ts: GeminiModel.connect that fails a close with %i makes connect with a handle throw ResumptionRefused',
      ],
    },
    {
      id: 'resumption: no handle',
      adk: '1000: the run ends. Others: raised.',
      here: 'A new connection receives the conversation and the questions without an answer.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a lost connection without a handle is replaced by a connection that receives the conversation',
        'agent/run/replay.test.ts: a question without a complete answer, when its connection is lost, is sent again on a fresh connection, and is not part of the history',
      ],
    },
    {
      id: 'resumption: attempts',
      adk: 'Five in a row, counted anew after each connection that opened (TypeScript: five in all).',
      here: 'Five in a row; the count restarts when a connection completed a turn or lived for ten seconds.',
      differs: 'A connection that opens and fails at once is not a success; otherwise the attempts would never end.',
      status: 'done',
      tests: [
        'agent/run/connection-failure.test.ts: a connection that fails five times in a row after it was open ends the run with the last error',
        'agent/run/connection-failure.test.ts: a connection that fails is not counted with earlier failures after a turn was completed',
        'agent/run/go-away.test.ts: repeated goAway is no failure if each connection completes a turn',
      ],
    },
    {
      id: 'resumption: back-off',
      adk: 'None.',
      here: 'At most 100 ms before the second attempt, then 500 ms, doubled each time, with full jitter; cancelled when the run is aborted.',
      status: 'done',
      tests: [
        'agent/run/connection-failure.test.ts: the end of a run that is connecting again comes at once with an abort during the back-off, without an error',
        'agent/run/go-away.test.ts: repeated goAway right after setup ends the run after five connections',
      ],
    },
    {
      id: 'resumption: what is said meanwhile',
      adk: 'Waits in the queue.',
      here: 'The same: the next connection receives it, once.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a lost connection leaves input that is sent meanwhile to the next one',
        'agent/run/connection-loss.test.ts: input that is sent while a connection is closing goes to the next connection once',
        'agent/run/connection-loss.test.ts: input that is sent while a connection is closing is not part of the history too, if there is no handle',
      ],
    },
    {
      id: 'resumption: a reply that was cut',
      adk: 'Nothing says so, and nothing answers what was asked.',
      here: '`interrupted`, then `turnComplete`, then the new connection, and then the answer again: input without a complete answer is sent again.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: a connection that is cut during a reply ends the turn, and the question is asked and answered again',
        'agent/run/connection-loss.test.ts: a lost connection completes a turn whose answer was complete, and the next connection is told of the answer and not asked again',
        'agent/run/connection-loss.test.ts: a lost connection ends the turn before it is replaced, if the reply has started with %s',
        'agent/run/replay.test.ts: a question without a complete answer, when its connection is lost, is sent again on a resumed connection, before input that is sent meanwhile',
      ],
    },
    {
      id: 'resumption: one connection at a time',
      adk: 'The new one may be opened while the old one is still closing.',
      here: 'The old connection is closed on both sides first, because Gemini closes with 1011 if a session is open twice.',
      status: 'done',
      tests: ['agent/run/connection-loss.test.ts: a lost connection is closed before the next one is opened'],
    },
    {
      id: 'resumption: the client’s connection',
      adk: 'Not covered: between application and browser it is the application’s job.',
      here: 'Every event has an id; a client that reconnects within LINGER_MS misses nothing.',
      status: 'done',
      tests: [
        'http/events-resume.test.ts: a stream whose connection dropped in the middle of an answer resumes with Last-Event-ID and gets every piece once, in order',
        'client/hostile-network.test.ts: on a hostile network a client whose streams are cut at random bytes loses and repeats nothing: %s',
      ],
    },
    {
      id: 'Event.status',
      adk: 'None: a reconnection cannot be seen.',
      here: 'An event (and on the stream `status`) for each state of the connection to the model.',
      status: 'done',
      tests: [
        'agent/run/connection-loss.test.ts: a lost connection that closed with %i is resumed by its handle, without a history',
        'wire/dialects/plain.test.ts: a named event status is sent for a change of the connection to the model',
      ],
    },
    {
      id: 'connect: time-out',
      adk: 'None of its own.',
      here: 'MODEL_CONNECT_TIMEOUT_MS.',
      status: 'done',
      tests: [
        'models/gemini/model.test.ts: GeminiModel.connect that fails a server that never answers the setup makes connect throw model_unreachable after connectTimeoutMs, and its socket is closed',
      ],
    },
  ],
};
