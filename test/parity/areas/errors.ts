import type { Area } from '../requirement.ts';

export const errors: Area = {
  title: 'Errors',
  requirements: [
    {
      id: 'errors of an answer',
      adk: '`errorCode` on an event: SAFETY, PROHIBITED_CONTENT, BLOCKLIST, MAX_TOKENS and so on; what follows is the application’s.',
      here: 'The same, and a `failure` on the stream; the session goes on.',
      status: 'done',
      tests: [
        'wire/reply-failure.test.ts: replyFailure of %s is %s and names it',
        'agent/runner.test.ts: the conversation keeps why an answer was withheld',
      ],
    },
    {
      id: 'errors that may pass',
      adk: 'UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED: documented as the application’s to wait out.',
      here: 'Each error says whether a retry may help; tries are made apart.',
      status: 'done',
      tests: [
        'models/gemini-close.test.ts: closeToError of %s is its code of the catalogue, worth a retry or not',
        'http/provider-failure.test.ts: a provider that cannot be reached is not run down by a client that streams audio: after two failures the tries are apart',
      ],
    },
    {
      id: 'errors to the client',
      adk: 'Sample code only: `{"type":"error","code","message"}`; the demos print them on the server.',
      here: '`failure`, with code, text, hint, and whether to try again.',
      status: 'done',
      tests: [
        'http/provider-failure.test.ts: a key that the provider refuses is told in a failure that says what to do; the stream stays open, and each POST tries again',
        'wire/error-catalogue.test.ts: docs/errors.md has every code of the catalogue as it is there, and no other',
      ],
    },
    {
      id: 'errors: secrets',
      adk: 'An exception’s text, as it is.',
      here: 'The key is taken out of everything that is told or logged.',
      status: 'done',
      tests: [
        'http/provider-failure.test.ts: a key that the provider refuses never appears on the wire nor in the log',
        'models/gemini-connect.test.ts: the key appears in no error text after %s',
      ],
    },
    {
      id: 'a frame that is no JSON',
      adk: 'Raises in the SDK’s callback.',
      here: 'Dropped and logged; the next one is heard.',
      status: 'done',
      tests: [
        'models/gemini-connection.test.ts: a malformed frame is dropped and reported, and the next one is heard %s',
      ],
    },
    {
      id: 'finally: close the queue',
      adk: 'The application must, or the session stays.',
      here: 'The run closes its connection however it ends.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: the end of a run comes when its caller breaks out of the loop, in the middle of a reply',
        'agent/upstream.test.ts: failure a close %i "%s" ends the run with %s, and nothing is tried again',
      ],
    },
    {
      id: 'a short hiccup',
      adk: 'Advice: say nothing under a second, something after three.',
      here: '`status` says each; the page shows what lasts.',
      status: 'done',
      tests: ['web/conversation.test.ts: conversation: failure of the model, said in words until it answers again'],
    },
  ],
};
