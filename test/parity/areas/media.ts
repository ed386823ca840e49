import type { Area } from '../requirement.ts';

export const media: Area = {
  title: 'Audio, images and models',
  requirements: [
    {
      id: 'audio in',
      adk: 'PCM 16 bit, mono, 16 kHz; nothing is converted.',
      here: 'The same at 8 to 48 kHz: what is not of the model’s rate is brought to it.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of anything else: raw audio/pcm at %i Hz is heard',
        'http/send-shapes.test.ts: POST /send of JSON: an audio item at another rate is heard at that rate',
        'agent/input-rate.test.ts: two microphones at once, of different rates, each keep their own thread',
      ],
    },
    {
      id: 'audio in: chunks',
      adk: 'Of 10 to 200 ms, 50 to 100 recommended; cutting is the application’s.',
      here: 'Of any length: long ones are cut, split samples carried over.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of anything else: a long recording goes to the model in pieces, and is heard whole',
        'http/send-shapes.test.ts: POST /send of an endless audio/pcm body whose pieces split samples is heard all the same',
      ],
    },
    {
      id: 'audio in: binary',
      adk: 'Recommended over base64; binary frames of a WebSocket.',
      here: 'Raw bodies, endless ones too, and binary frames.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of an endless audio/pcm body is heard while it is still open',
        'http/ws-talk.test.ts: a WebSocket takes speech as binary frames of 16 kHz PCM, and answers none of them',
      ],
    },
    {
      id: 'audio in: invalid',
      adk: 'Passed on; the provider closes with 1007 in mid-call.',
      here: 'Refused with 400; the session lives on.',
      status: 'done',
      tests: ['http/send-refusals.test.ts: POST /send is refused, and the session lives on: %s'],
    },
    {
      id: 'audio out',
      adk: 'PCM 16 bit, mono, 24 kHz.',
      here: 'The same; `session` names the rate.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: speech is answered in audio of 24 kHz with a transcript: in pieces, and whole once',
        'http/events-stream.test.ts: session tells who is talked to, how, and the limits',
      ],
    },
    {
      id: 'audio out: faster than speech',
      adk: 'As fast as it comes; stopping it is the page’s.',
      here: 'At most 3 s beyond what a client has acknowledged.',
      status: 'done',
      tests: [
        'http/lag.test.ts: a client that acknowledges is sent at most 3 s of audio beyond its ack, the rest after the next ones, and nothing is lost',
      ],
    },
    {
      id: 'images',
      adk: 'JPEG by blob.',
      here: 'JPEG, PNG and WebP; by blob, as an item, as a raw body, or beside the words of a message.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: text images that were sent before are seen',
        'http/send-shapes.test.ts: POST /send of JSON: an image item is seen with the next text',
        'http/send-shapes.test.ts: POST /send of anything else: a raw image/%s is seen with the next text',
      ],
    },
    {
      id: 'video',
      adk: 'Frames: JPEG, at most one a second, 768 × 768; cutting is the application’s.',
      here: 'Each frame is an image; of more than one a second the latest. The page sends single ones.',
      status: 'done',
      tests: [
        'agent/frame-pacer.test.ts: a frame pacer sends the first frame at once, and of ten a second the latest, once a second',
      ],
    },
    {
      id: 'voice activity of the model',
      adk: 'On unless disabled.',
      here: 'The same.',
      status: 'done',
      tests: ['emulator/gemini-emulator.test.ts: speech silenceDurationMs decides how long a pause may be'],
    },
    {
      id: 'interruption by speech',
      adk: 'By the model; the page stops what it plays.',
      here: 'The same.',
      status: 'done',
      tests: [
        'web/conversation.test.ts: conversation: audio of a turn, is played to its end; interrupted by the server, is flushed',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page, when the user speaks into a reply, is told interrupted, then turn_complete",
      ],
    },
    {
      id: 'models: half-cascade',
      adk: 'TEXT or AUDIO, eight voices, a language code.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/runner.test.ts: text is answered in increments, then whole, then usage and the end of the turn'],
    },
    {
      id: 'models: native audio',
      adk: 'AUDIO only; the samples look for `native-audio` in the name.',
      here: 'The same, and the models of generation 3.',
      status: 'done',
      tests: [
        'models/gemini-connect.test.ts: %s only speaks: %s',
        'http/events-session.test.ts: is_audio is AUDIO whatever is asked for where the model only speaks',
      ],
    },
    {
      id: 'models: gemini-3.1-flash-live',
      adk: 'Text as realtime input, tool calls at once; the history was refused with 1007.',
      here: 'Text as realtime input; the history announced, and the last word said anew.',
      status: 'done',
      tests: [
        'models/gemini-connection.test.ts: what is sent sendText to generation 3.1 is realtime input: client content would close it with 1007',
        'models/gemini-connect.test.ts: history of generation 3.1 that ends with the user has the last message said anew, to be answered',
      ],
    },
    {
      id: 'platforms',
      adk: '`GOOGLE_API_KEY`; `GOOGLE_GENAI_USE_VERTEXAI` (or `…_ENTERPRISE`), `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION`.',
      here: 'The same names.',
      status: 'done',
      tests: [
        'config.test.ts: readConfig of each variable gives its setting',
        'models/gemini-connection.test.ts: a conversation with the emulator on Vertex AI: usage in the same words',
      ],
    },
    {
      id: 'DEMO_AGENT_MODEL',
      adk: 'The demo’s live model.',
      here: 'The same name.',
      status: 'done',
      tests: [
        'http/provider-failure.test.ts: a model that the provider does not have is told in a failure that names DEMO_AGENT_MODEL',
        'config.test.ts: readConfig of each variable gives its setting',
      ],
    },
  ],
};
