import type { Area } from '../requirement.ts';

export const media: Area = {
  title: 'Audio, images and models',
  requirements: [
    {
      id: 'audio in',
      adk: 'PCM 16 bit, mono, 16 kHz; nothing is converted.',
      here: '8 to 48 kHz, each client at its own rate: the model receives 16 kHz.',
      differs: 'A model closes with 1007 if the rate changes during speech.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of other types raw audio/pcm at %i Hz is heard',
        'http/send-shapes.test.ts: POST /send of JSON an audio item at another rate is heard at that rate',
        'agent/run/input-rate.test.ts: audio of %i Hz is converted to 16 kHz without a change of length, in chunks of any size',
      ],
    },
    {
      id: 'audio in: chunks',
      adk: 'Of 10 to 200 ms, 50 to 100 recommended; cutting is the application’s.',
      here: 'Of any length: long pieces are split, and split samples are joined.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of other types a long recording is sent to the model in pieces, and heard as a whole',
        'http/send-shapes.test.ts: POST /send of endless audio endless audio is heard if its chunks split samples',
      ],
    },
    {
      id: 'audio in: binary',
      adk: 'Recommended over base64; binary frames of a WebSocket.',
      here: 'Raw bodies, including endless ones, and binary frames.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of endless audio endless audio is heard while the body is open',
        'http/ws-talk.test.ts: a WebSocket takes speech as binary frames of 16 kHz PCM, and answers none of them',
      ],
    },
    {
      id: 'audio in: invalid',
      adk: 'Passed on; the provider closes with 1007 in mid-call.',
      here: 'Rejected with 400; the session continues.',
      status: 'done',
      tests: ['http/send-refusals.test.ts: refusals of POST /send a POST with %s is refused, and the session lives'],
    },
    {
      id: 'audio out',
      adk: 'PCM 16 bit, mono, 24 kHz.',
      here: 'The same; `session` names the rate.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: speech is answered in audio of 24 kHz with a transcript in increments, and completely once',
        'http/events-stream.test.ts: session tells who is talked to, how, and the limits',
      ],
    },
    {
      id: 'audio out: faster than speech',
      adk: 'As fast as it comes; stopping it is the page’s.',
      here: 'At most 3 s beyond the last acknowledgement of a client.',
      status: 'done',
      tests: [
        'http/lag.test.ts: a client that acknowledges is sent at most 3 s of audio beyond its ack and the rest after further acks, without a loss',
      ],
    },
    {
      id: 'images',
      adk: 'JPEG by blob.',
      here: 'JPEG, PNG and WebP; as a blob, in a message, as an item, or as a raw body; bytes of another type are rejected.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text is answered with images that were sent before',
        'http/send-shapes.test.ts: POST /send of JSON an image item is seen with the next text',
        'http/send-shapes.test.ts: POST /send of other types a raw image/%s is seen with the next text',
        'agent/run/end-to-end.test.ts: text with images is answered by %s, and stored without the images',
        'wire/dialects/plain-items.test.ts: an invalid item is rejected %s',
      ],
    },
    {
      id: 'video',
      adk: 'Frames: JPEG, at most one a second, 768 × 768; cutting is the application’s.',
      here: 'Each frame is an image; of several within one second the latest is used. The page sends single ones.',
      status: 'done',
      tests: [
        'agent/run/frame-pacer.test.ts: FramePacer sends the first frame at once, and then the latest frame once a second',
      ],
    },
    {
      id: 'voice activity of the model',
      adk: 'On unless disabled.',
      here: 'The same.',
      status: 'done',
      tests: [
        'emulator/gemini/emulator.test.ts: speech silenceDurationMs sets the length of a pause that does not end an utterance',
      ],
    },
    {
      id: 'interruption by speech',
      adk: 'By the model; the page stops what it plays.',
      here: 'The same.',
      status: 'done',
      tests: [
        'web/conversation.test.ts: audio of a turn is played to its end, and flushed if the server interrupts the turn',
        "samples/adk-sse-sample.test.ts: ADK's SSE sample page receives interrupted and then turn_complete when the user speaks into a reply",
      ],
    },
    {
      id: 'models: half-cascade',
      adk: 'TEXT or AUDIO, eight voices, a language code.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text is answered in increments, then completely, then usage and the end of the turn',
      ],
    },
    {
      id: 'models: native audio',
      adk: 'AUDIO only; the samples look for `native-audio` in the name.',
      here: 'The same, and the models of generation 3.',
      status: 'done',
      tests: [
        'models/gemini/model.test.ts: the model %s only speaks: %s',
        'http/events-session.test.ts: is_audio is AUDIO whatever is asked for where the model only speaks',
      ],
    },
    {
      id: 'models: gemini-3.1-flash-live',
      adk: 'Text as realtime input, tool calls at once; the history was refused with 1007.',
      here: 'Text as realtime input; the history is announced, and the user’s last message is sent again.',
      status: 'done',
      tests: [
        'models/gemini/connection.test.ts: GeminiConnection.send a text is sent to 3.1 as realtime input, because client content would close the session with 1007',
        'models/gemini/model.test.ts: the history of a fresh session a history for 3.1 that ends with the user has its last message sent again, as a new one to be answered',
      ],
    },
    {
      id: 'platforms',
      adk: '`GOOGLE_API_KEY`; `GOOGLE_GENAI_USE_VERTEXAI` (or `…_ENTERPRISE`), `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION`.',
      here: 'The same names.',
      status: 'done',
      tests: [
        'config.test.ts: readConfig returns the setting of each variable',
        'models/gemini/connection.test.ts: GeminiConnection with the emulator a session on Vertex AI yields usage under the same names',
      ],
    },
    {
      id: 'DEMO_AGENT_MODEL',
      adk: 'The demo’s live model.',
      here: 'The same name; `--model` of the command line wins over it. Default: `gemini-3.8-live`, emulated if there is no key.',
      status: 'done',
      tests: [
        'cli/cli.test.ts: bidi-sse answers in text with a model that can, which --model names over DEMO_AGENT_MODEL',
        'cli/cli.test.ts: bidi-sse prints its address, its agent and model, and two commands that work as they are',
        'http/provider-failure.test.ts: a model that the provider does not have is told in a failure that names DEMO_AGENT_MODEL',
        'config.test.ts: readConfig returns the setting of each variable',
      ],
    },
  ],
};
