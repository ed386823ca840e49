import type { Area } from '../requirement.ts';

export const requests: Area = {
  title: 'Up: LiveRequest and LiveRequestQueue',
  requirements: [
    {
      id: 'LiveRequest.content',
      adk: 'A complete message of the user; the model answers at once.',
      here: 'The same, of text and the images that it is about.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: a LiveRequest with content is answered',
        'models/gemini-connection.test.ts: what is sent sendText is client content that is complete',
        'agent/runner.test.ts: text images inside a message are seen with its words, and only the words kept, by %s',
      ],
    },
    {
      id: 'content: role',
      adk: 'A missing role is set to `user`.',
      here: 'It is always `user`.',
      differs: 'What comes from outside is the user’s, whatever it says of itself.',
      status: 'done',
      tests: [
        'wire/decode-send.test.ts: a LiveRequest content with several texts becomes content of the user, whatever role it names',
      ],
    },
    {
      id: 'content: functionCall',
      adk: 'Raises: a user message cannot contain function calls.',
      here: 'Refused with 400: a part of content is a text or an image.',
      status: 'done',
      tests: ['wire/decode-send.test.ts: a bad item is refused %s'],
    },
    {
      id: 'content: functionResponse',
      adk: 'Goes to the model as the response of a tool.',
      here: 'With tools that run in the client, and long ones: `{"tool_result":{…}}`.',
      status: 'planned',
      brings: 'tools and agents',
    },
    {
      id: 'content: inlineData',
      adk: 'Documented as wrong for images: they go by blob.',
      here: 'Pictures beside the words that are about them; anything else is refused with 400.',
      status: 'done',
      tests: [
        'wire/decode-send.test.ts: a LiveRequest content takes the pictures that its words are about, in snake case and camel case',
        'wire/decode-send.test.ts: a bad item is refused %s',
      ],
    },
    {
      id: 'LiveRequest.blob',
      adk: 'A realtime chunk: audio or an image, with its mime type.',
      here: 'The same; on the wire in snake and camel case.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: LiveRequests with blob are heard, and audio_stream_end ends what was said without a pause',
        'wire/decode-send.test.ts: a LiveRequest blob is taken in snake case and camel case',
      ],
    },
    {
      id: 'LiveRequest.activity_start',
      adk: 'The user begins to speak; only where automatic detection is disabled.',
      here: 'The same; refused with 400 where the agent listens for speech itself.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: %s to an agent that listens for speech itself is refused, and the session lives on',
        'agent/runner.test.ts: speech of the user is transcribed as the user, and played back',
      ],
    },
    {
      id: 'LiveRequest.activity_end',
      adk: 'The user has ended; the model answers.',
      here: 'The same; refused in the same way.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: speech of the user is transcribed as the user, and played back',
        'http/send-shapes.test.ts: POST /send of JSON: activity_start and activity_end, with speech between them, are heard by an agent that is told when the user speaks',
      ],
    },
    {
      id: 'LiveRequest.audio_stream_end',
      adk: 'The microphone went off: what was heard is all there is. TypeScript 2.0.0 does not send it.',
      here: 'The same as in Python.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: LiveRequests with blob are heard, and audio_stream_end ends what was said without a pause',
        'models/gemini-connection.test.ts: what is sent images, activity signals, the end of the stream and tool results, in order',
      ],
    },
    {
      id: 'LiveRequest.close',
      adk: 'Ends the session gracefully.',
      here: 'The same; what was sent before it is still delivered.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: close ends the session',
        'session/live-session.test.ts: close passes on what was sent before it, in the same body and in the same item too',
      ],
    },
    {
      id: 'LiveRequest.partial',
      adk: 'Content that does not complete the turn yet (Python, 2026).',
      here: 'The same; of a model that answers every text (3.1) it waits for the rest. It is kept in the conversation, too.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: text that is partial is not answered, and known when the rest of it comes',
        'wire/decode-send.test.ts: a LiveRequest content that is partial stays so',
      ],
    },
    {
      id: 'LiveRequest.state_delta',
      adk: 'Changes of the session’s state, with content or without (Python, 2026).',
      status: 'planned',
      here: 'None yet: a conversation has no state beside what was said.',
      brings: 'stores and doors',
    },
    {
      id: 'LiveRequest.interrupt',
      adk: 'None: Gemini has no message for it, and text does not interrupt.',
      here: 'Stops the reply that is being given, at once.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: interrupt stops the reply that is being given',
        'models/gemini-connection.test.ts: cancelResponse while a reply is given: interrupted and turn_complete at once, the rest of the reply never, the next turn again',
      ],
    },
    {
      id: 'LiveRequest: several fields',
      adk: 'activity_start, else activity_end, else audio_stream_end, else blob; content after it; close before all (TypeScript: blob first).',
      here: 'All that are set, in that order.',
      differs: 'Nothing that was sent is dropped without a word.',
      status: 'done',
      tests: ['wire/decode-send.test.ts: a LiveRequest several fields stay one request'],
    },
    {
      id: 'LiveRequest: JSON',
      adk: 'Snake case, bytes as base64, nulls and false as written by pydantic.',
      here: 'The same.',
      status: 'done',
      tests: [
        'wire/decode-send.test.ts: a LiveRequest fields that are null or false, as ADK writes them, count as absent',
        'wire/decode-send.test.ts: a LiveRequest %j becomes %j',
      ],
    },
    {
      id: 'LiveRequestQueue: senders',
      adk: '`sendContent`, `sendRealtime`, `sendActivityStart`, `sendActivityEnd`, `sendAudioStreamEnd` (Python), `send`, `close`: none of them waits.',
      here: 'The same.',
      status: 'done',
      tests: [
        "agent/live-request-queue.test.ts: LiveRequestQueue has ADK's senders, and gives what they sent in order",
      ],
    },
    {
      id: 'LiveRequestQueue.get',
      adk: 'Waits for the next request (TypeScript: or an abort).',
      here: 'The same; `undefined` at the end.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: LiveRequestQueue that is empty makes its reader wait for what is sent next',
        'agent/live-request-queue.test.ts: LiveRequestQueue that is released lets a waiting reader go, and stays open',
      ],
    },
    {
      id: 'LiveRequestQueue.closed',
      adk: 'True from the first close on (Python, 2026).',
      here: 'The same; what is sent then is dropped.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: LiveRequestQueue after close gives what waits, then undefined, and drops what is sent',
      ],
    },
    {
      id: 'LiveRequestQueue: order',
      adk: 'First in, first out; nothing is joined.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: LiveRequestQueue with any interleaving of sends and reads keeps each request once and in order',
      ],
    },
    {
      id: 'LiveRequestQueue: limit',
      adk: 'None: memory grows with a model that does not take what comes.',
      here: '4 MiB; beyond it POSTs are refused with 429, and sockets are not read.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: LiveRequestQueue has room up to its bytes, for all of a body or none of it',
        'http/provider-failure.test.ts: a provider that takes nothing makes POSTs wait, up to a limit; beyond it they are refused with 429 and Retry-After',
      ],
    },
    {
      id: 'LiveRequestQueue: threads',
      adk: 'Documented both as safe from any thread and as safe in one event loop only.',
      status: 'not offered',
      why: 'JavaScript has one thread.',
    },
    {
      id: 'to the model: text',
      adk: 'Complete client content; for gemini-3.1-flash-live realtime text.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini-connection.test.ts: what is sent sendText is client content that is complete',
        'models/gemini-connection.test.ts: what is sent sendText to generation 3.1 is realtime input: client content would close it with 1007',
      ],
    },
    {
      id: 'to the model: audio',
      adk: 'Realtime `media`, which some models refuse as deprecated; `audio` for the newest.',
      here: 'Always realtime `audio`.',
      status: 'done',
      tests: [
        "models/gemini-connection.test.ts: what is sent sendAudio of %s is, byte for byte, the SDK's sendRealtimeInput({audio})",
      ],
    },
    {
      id: 'to the model: images',
      adk: 'Realtime `media`; `video` for the newest.',
      here: 'Always realtime `video`.',
      status: 'done',
      tests: [
        'models/gemini-connection.test.ts: what is sent images, activity signals, the end of the stream and tool results, in order',
      ],
    },
    {
      id: 'to the model: other mime types',
      adk: 'Passed on, and the provider closes; for the newest model dropped with a warning.',
      here: 'Refused with 415 that names those there are; the session lives on.',
      status: 'done',
      tests: [
        'wire/decode-send.test.ts: an unsupported mime type is named in the text as the samples word it, cut to 100 characters',
        'http/send-refusals.test.ts: POST /send is refused, and the session lives on: %s',
      ],
    },
    {
      id: 'fan-out to streaming tools',
      adk: 'Each request is copied to the queue of every running tool that has an `input_stream`.',
      here: 'With tools that watch.',
      status: 'planned',
      brings: 'tools and agents',
    },
  ],
};
