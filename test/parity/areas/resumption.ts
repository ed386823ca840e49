import type { Area } from '../requirement.ts';

export const resumption: Area = {
  title: 'The connection to the model, lost and resumed',
  requirements: [
    {
      id: 'RunConfig.sessionResumption',
      adk: 'Null by default: no handles, nothing is resumed. `{handle, transparent}`. TypeScript 2.0.0 has no such key.',
      here: 'Always on: each connection asks for handles.',
      differs: 'Off would only mean that a lost connection is a lost conversation.',
      status: 'done',
      tests: [
        'models/gemini-connect.test.ts: setup TEXT without anything else asks for handles and transcripts of speech, and for no more',
      ],
    },
    {
      id: 'sessionResumption.handle',
      adk: 'Continues a session of an earlier run.',
      here: 'The provider’s conversation in the place of ours; of one run, never of an agent. One that is refused gives way to ours.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: a handle is resumed from by the first connection of the run',
        'agent/run-config.test.ts: a handle that the provider does not know any more gives way to a fresh connection',
        'agent/run-config.test.ts: the RunConfig of an agent that has a handle is refused, for its users would share a conversation',
      ],
    },
    {
      id: 'sessionResumption.transparent',
      adk: 'Vertex AI only; where it was forced, the Gemini API refused it.',
      here: 'Asked for on Vertex AI, unless it is turned off; refused elsewhere before anything opens.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s, on Vertex AI',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
        'models/gemini-connect.test.ts: setup TEXT without anything else asks for handles and transcripts of speech, and for no more',
      ],
    },
    {
      id: 'resumption: the newest handle',
      adk: 'Each update’s handle is stored.',
      here: 'The same; an update without one leaves the last.',
      status: 'done',
      tests: ['agent/runner.test.ts: a lost connection is resumed with its handle, and the conversation continues'],
    },
    {
      id: 'resumption: no history with a handle',
      adk: 'The history is left out when a handle resumes.',
      here: 'The same.',
      status: 'done',
      tests: ['models/gemini-connect.test.ts: setup a handle is handed over, and no history sent with it'],
    },
    {
      id: 'resumption: goAway',
      adk: 'Reconnects at once, in the middle of a reply too. TypeScript: without a handle it throws.',
      here: 'The reply is finished first, if the time that is left allows it.',
      differs: 'A reply that is cut by our own reconnection is a reply lost.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: goAway in the middle of a reply lets the turn finish, then resumes at once',
        'agent/upstream.test.ts: goAway without a handle is followed by a connection that is told the conversation',
        'agent/upstream.test.ts: goAway between turns leaves before the deadline',
      ],
    },
    {
      id: 'resumption: 1000, 1006, 1011',
      adk: 'With a handle: reconnects, on a close, or an API error of these codes. TypeScript 2.0.0: the run ends as if all were well.',
      here: 'Reconnects, with a handle or without.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost with %i and a handle is resumed, without a history',
        'agent/upstream.test.ts: a connection that is lost without a handle is told the conversation anew',
      ],
    },
    {
      id: 'resumption: 1007, 1008',
      adk: 'Never tried again.',
      here: 'The same: what is wrong would be wrong again. But for a handle that is refused by them.',
      status: 'done',
      tests: ['agent/upstream.test.ts: failure a close %i "%s" ends the run with %s, and nothing is tried again'],
    },
    {
      id: 'resumption: a refused handle',
      adk: 'The error is raised.',
      here: 'A fresh connection that is told the conversation.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a handle that is refused gives way to a fresh connection that is told the conversation',
        'models/gemini-connect.test.ts: a connection that cannot be made a handle that is answered by close %i throws ResumptionRefused',
      ],
    },
    {
      id: 'resumption: no handle',
      adk: '1000: the run ends. Others: raised.',
      here: 'A fresh connection that is told the conversation; asked what was not answered.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost without a handle is told the conversation anew',
        'agent/upstream.test.ts: a connection that is lost before the model answered has the question asked anew',
      ],
    },
    {
      id: 'resumption: attempts',
      adk: 'Five in a row, counted anew after each connection that opened (TypeScript: five in all).',
      here: 'Five in a row, counted anew once a connection completed a turn or lived for ten seconds.',
      differs: 'A connection that opens and fails at once is no success: the count would never end.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: failure five times in a row after a connection was open ends the run with the last error',
        'agent/upstream.test.ts: failure counts anew after a turn was completed',
        'agent/upstream.test.ts: goAway again and again, each time after a turn, is no failure',
      ],
    },
    {
      id: 'resumption: back-off',
      adk: 'None.',
      here: 'From 250 ms, doubled, spread by chance; given up at once when the run is.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: an abort during the back-off ends the run at once, without an error',
        'agent/upstream.test.ts: goAway again and again, each time right after setup, is waited out and then a failure',
      ],
    },
    {
      id: 'resumption: what is said meanwhile',
      adk: 'Waits in the queue.',
      here: 'The same: it goes to the next connection, once.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost leaves what is sent meanwhile to the next one',
        'agent/upstream.test.ts: text typed while a connection is being closed goes to the next one, once',
        'agent/upstream.test.ts: text typed while a connection is being closed without a handle is told in the history or said, not both',
      ],
    },
    {
      id: 'resumption: a reply that was cut',
      adk: 'Nothing says so, and nothing answers what was asked.',
      here: '`interrupted`, then `turnComplete`, then the new connection; and then the answer, anew: what was said and not answered to the end is said again.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: a lost connection in the middle of a reply ends that turn, and the question is asked and answered anew',
        'agent/upstream.test.ts: a connection that is lost after the first piece of a reply, %s, ends that turn before it reconnects',
        'agent/upstream.test.ts: what the model had not answered to the end when the connection was lost is said again to a resumed connection, and before what was said meanwhile',
      ],
    },
    {
      id: 'resumption: one connection at a time',
      adk: 'The new one may be opened while the old one is still closing.',
      here: 'The old one is closed on both sides first: Gemini answers the same session twice with 1011.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost is closed on both sides before the next one is opened',
      ],
    },
    {
      id: 'resumption: the client’s connection',
      adk: 'Not covered: between application and browser it is the application’s job.',
      here: 'Every event has an id; a client that comes back within LINGER_MS misses nothing.',
      status: 'done',
      tests: [
        'http/events-resume.test.ts: a stream that was cut in mid-answer goes on with Last-Event-ID: every piece once, in order',
        'client/hostile-network.test.ts: a client whose streams are cut at random bytes loses and doubles nothing: %s',
      ],
    },
    {
      id: 'Event.status',
      adk: 'None: a reconnection cannot be seen.',
      here: 'An event (and on the stream `status`) for each state of the connection to the model.',
      status: 'done',
      tests: [
        'agent/upstream.test.ts: a connection that is lost with %i and a handle is resumed, without a history',
        'wire/plain-dialect.test.ts: named events status',
      ],
    },
    {
      id: 'connect: time-out',
      adk: 'None of its own.',
      here: 'MODEL_CONNECT_TIMEOUT_MS.',
      status: 'done',
      tests: [
        'models/gemini-connect.test.ts: a connection that cannot be made a server that never answers setup throws model_unreachable after connectTimeoutMs, and its socket is closed',
      ],
    },
  ],
};
