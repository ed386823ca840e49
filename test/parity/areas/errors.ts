import type { Area } from '../requirement.ts';

export const errors: Area = {
  title: 'Errors',
  requirements: [
    {
      id: 'errors of an answer',
      adk: '`errorCode` on an event: SAFETY, PROHIBITED_CONTENT, BLOCKLIST, MAX_TOKENS and so on; what follows is the application’s.',
      here: 'The same, and a `failure` on the stream; the session continues.',
      status: 'done',
      tests: [
        'wire/dialects/reply-failure.test.ts: describeReplyFailure describes %s as %s and names it',
        'agent/run/conversation.test.ts: the conversation of a run contains the reason why an answer was withheld',
      ],
    },
    {
      id: 'errors that may pass',
      adk: 'UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED: documented as the application’s to wait out.',
      here: 'Each error tells whether a retry may help; attempts are spread out in time.',
      status: 'done',
      tests: [
        'models/gemini/close-error.test.ts: closeToError converts %s to an error of the catalogue that may be retried or not',
        'http/provider-failure.test.ts: a provider that cannot be reached is not run down by a client that streams audio: after two failures the tries are apart',
      ],
    },
    {
      id: 'errors to the client',
      adk: 'Sample code only: `{"type":"error","code","message"}`; the demos print them on the server.',
      here: '`failure`, with code, text, hint, and whether a retry may help.',
      status: 'done',
      tests: [
        'http/provider-failure.test.ts: a key that the provider refuses is told in a failure that says what to do; the stream stays open, and each POST tries again',
        'wire/error-catalogue.test.ts: docs/errors.md has each code of the catalogue with its texts, and no other code',
      ],
    },
    {
      id: 'errors: secrets',
      adk: 'An exception’s text, as it is.',
      here: 'The key is removed from everything that is sent or logged.',
      status: 'done',
      tests: [
        'http/provider-failure.test.ts: a key that the provider refuses never appears on the wire nor in the log',
        'models/gemini/model.test.ts: the API key the key appears in no error text after %s',
      ],
    },
    {
      id: 'a frame that is no JSON',
      adk: 'Raises in the SDK’s callback.',
      here: 'Dropped and logged; the next message is processed.',
      status: 'done',
      tests: [
        'models/gemini/connection.test.ts: GeminiConnection with a malformed frame %s is reported and discarded, and the next frame is read',
      ],
    },
    {
      id: 'finally: close the queue',
      adk: 'The application must, or the session stays.',
      here: 'The run closes its connection, however the run ends.',
      status: 'done',
      tests: [
        'agent/run/live-run.test.ts: the end of a run comes when the caller breaks out of the loop during a reply',
        'agent/run/connection-failure.test.ts: a connection that fails with %s ends the run, and no other connection is attempted',
      ],
    },
    {
      id: 'a short hiccup',
      adk: 'Advice: say nothing under a second, something after three.',
      here: '`status` reports each state; the page shows those that last.',
      status: 'done',
      tests: ['web/conversation.test.ts: a failure of the model is shown until the model answers again'],
    },
  ],
};
