import type { Area } from '../requirement.ts';

export const requests: Area = {
  title: 'Up: LiveRequest and LiveRequestQueue',
  requirements: [
    {
      id: 'LiveRequest.content',
      adk: 'A complete message of the user; the model answers at once.',
      here: 'The same, with text and its images.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON a LiveRequest with content is answered',
        'models/gemini/connection.test.ts: GeminiConnection.send a text is sent as complete client content',
        'agent/run/end-to-end.test.ts: text with images is answered by %s, and stored without the images',
      ],
    },
    {
      id: 'content: role',
      adk: 'A missing role is set to `user`.',
      here: 'The role is always `user`.',
      differs: 'Input of a client is input of the user, whatever role it claims.',
      status: 'done',
      tests: [
        'wire/dialects/plain-items.test.ts: a LiveRequest with several texts becomes content of the user, whatever role it names',
      ],
    },
    {
      id: 'content: functionCall',
      adk: 'Raises: a user message cannot contain function calls.',
      here: 'Rejected with 400: a part of content is a text or an image.',
      status: 'done',
      tests: ['wire/dialects/plain-items.test.ts: an invalid item is rejected %s'],
    },
    {
      id: 'content: functionResponse',
      adk: 'Goes to the model as the response of a tool.',
      here: 'Goes to the model as the result of a tool that clients run. On the wire also `{"tool_result":{…}}`.',
      status: 'done',
      tests: [
        "http/client-tools.test.ts: POST /send of the result of a tool is accepted as a function_response in ADK's content",
        'agent/run/client-tools.test.ts: a call of a client tool accepts the result as content with a functionResponse, as in ADK, beside the message of the user',
      ],
    },
    {
      id: 'content: inlineData',
      adk: 'Documented as wrong for images: they go by blob.',
      here: 'Pictures beside a text; everything else is rejected with 400.',
      status: 'done',
      tests: [
        'wire/dialects/plain-items.test.ts: a LiveRequest with text and pictures keeps both, in snake case and camel case',
        'wire/dialects/plain-items.test.ts: an invalid item is rejected %s',
      ],
    },
    {
      id: 'LiveRequest.blob',
      adk: 'A realtime chunk: audio or an image, with its mime type.',
      here: 'The same; on the wire in snake and camel case.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON LiveRequests with a blob are heard, and audio_stream_end ends speech without a pause',
        'wire/dialects/plain-items.test.ts: a LiveRequest with a blob is accepted in snake case and camel case',
      ],
    },
    {
      id: 'LiveRequest.activity_start',
      adk: 'The user begins to speak; only where automatic detection is disabled.',
      here: 'The same; rejected with 400 if the agent detects speech itself.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON %s to an agent whose model detects speech is refused, and the session lives',
        'agent/run/end-to-end.test.ts: speech of the user is transcribed with the user as author, and answered',
      ],
    },
    {
      id: 'LiveRequest.activity_end',
      adk: 'The user has ended; the model answers.',
      here: 'The same; rejected in the same cases.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: speech of the user is transcribed with the user as author, and answered',
        'http/send-shapes.test.ts: POST /send of JSON speech between activity_start and activity_end is heard by an agent whose model does not detect speech',
      ],
    },
    {
      id: 'LiveRequest.audio_stream_end',
      adk: 'The microphone went off: what was heard is all there is. TypeScript 2.0.0 does not send it.',
      here: 'The same as in Python. Ends an activity that is open, for an agent that does not detect speech.',
      status: 'done',
      tests: [
        'agent/run/input-converter.test.ts: with manual activity audio_stream_end ends an activity that is open, and is dropped otherwise',
        'http/send-shapes.test.ts: POST /send of JSON LiveRequests with a blob are heard, and audio_stream_end ends speech without a pause',
        'models/gemini/connection.test.ts: GeminiConnection.send images, activity signals, the end of the audio and tool results are sent in order',
      ],
    },
    {
      id: 'LiveRequest.close',
      adk: 'Ends the session gracefully.',
      here: 'The same; earlier requests are still delivered.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON close ends the session',
        'session/live-session.test.ts: close requests before a close reach the model, also those in the same body and in the same item',
      ],
    },
    {
      id: 'LiveRequest.partial',
      adk: 'Content that does not complete the turn yet (Python, 2026).',
      here: 'The same. For a model that answers every text (3.1), the server waits for the rest. The text is stored in the conversation, too.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text that is partial is not answered before the rest arrives',
        'wire/dialects/plain-items.test.ts: a LiveRequest with partial content stays partial',
      ],
    },
    {
      id: 'LiveRequest.state_delta',
      adk: 'Changes of the session’s state, with content or without (Python, 2026).',
      here: 'The same, on every transport.',
      differs:
        'Keys with app: or temp: are refused from a client, and an author can restrict the others: what a client writes may be a lie. The change is an event of its own, also with content.',
      status: 'done',
      tests: [
        'http/state.test.ts: state_delta of a client by POST changes the state of the conversation and of the user before the message behind it',
        'http/state.test.ts: state_delta of a client by WebSocket, with an envelope or bare, does the same, and an ADK reader sees the changes as actions',
        'agent/run/state.test.ts: a request with state_delta changes the state without content and without a connection, with an event of the user',
        'http/state.test.ts: state_delta of a client is refused for a key that the agent does not accept',
      ],
    },
    {
      id: 'LiveRequest.interrupt',
      adk: 'None: Gemini has no message for it, and text does not interrupt.',
      here: 'Stops the current reply at once.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON interrupt stops the current reply',
        'models/gemini/connection.test.ts: GeminiConnection.send of cancel cancel during a reply yields interrupted and turn_complete at once, nothing more of that reply, and the next turn again',
      ],
    },
    {
      id: 'LiveRequest.tool_confirmations',
      adk: 'None: a confirmation is a response to `adk_request_confirmation`, and not in live.',
      here: 'Answers to calls that wait for the user. Responses to `adk_request_confirmation` are converted to them.',
      status: 'done',
      tests: [
        'http/confirmations.test.ts: a call that requires a confirmation is confirmed in the words of ADK by a client of the ADK dialect',
      ],
    },
    {
      id: 'LiveRequest.tool_results',
      adk: 'None: results of functions are parts of the content.',
      here: 'Results of calls that clients run. Parts of a content with results are converted to them.',
      status: 'done',
      tests: [
        'agent/run/client-tools.test.ts: a call of a client tool is marked in its event, and the result of the client goes to the model once',
        'agent/run/client-tools.test.ts: a call of a client tool that runs on the server is not answered by a client',
      ],
    },
    {
      id: 'LiveRequest.respond',
      adk: 'None.',
      here: 'Asks for an answer to what was given so far: completes a partial text, ends open speech, or makes the agent speak. No effect while an answer is expected.',
      status: 'done',
      tests: [
        'agent/run/response-requests.property.test.ts: a model that %s is asked once, whatever was given before and however often a response is requested',
        'http/send-shapes.test.ts: POST /send of JSON respond has a partial text answered, and makes the agent speak if nothing was said',
      ],
    },
    {
      id: 'LiveRequest.pictures',
      adk: 'None.',
      here: 'Number of pictures of the message, also of those that came beside it in the same POST. Readers and the conversation get the number.',
      status: 'done',
      tests: [
        'http/shared-conversation.test.ts: two readers of one conversation both get what one client has typed, once, with its id and the number of its pictures',
      ],
    },
    {
      id: 'LiveRequest.pictureData',
      adk: 'None; `save_input_blobs_as_artifacts` has the same aim.',
      here: 'The pictures of the message, which the session adds for the store.',
      status: 'done',
      tests: [
        'http/stored-pictures.test.ts: after a restart the reset names the pictures of the user and of results, and the server has them',
      ],
    },
    {
      id: 'LiveRequest.configure',
      adk: 'None: the config of a run is fixed.',
      here: 'Instruction and names that a client chooses for its session, if the author of the agent allows it.',
      status: 'done',
      tests: [
        'session/session-config.test.ts: a config that a client requests replaces the run, which is told the persona and nothing of the request, and is told to all readers',
      ],
    },
    {
      id: 'LiveRequest: several fields',
      adk: 'activity_start, else activity_end, else audio_stream_end, else blob; content after it; close before all (TypeScript: blob first).',
      here: 'All that are set, in that order.',
      differs: 'No input is dropped silently.',
      status: 'done',
      tests: ['wire/dialects/plain-items.test.ts: a LiveRequest with several fields becomes one request'],
    },
    {
      id: 'LiveRequest: JSON',
      adk: 'Snake case, bytes as base64, nulls and false as written by pydantic.',
      here: 'The same.',
      status: 'done',
      tests: [
        'wire/dialects/plain-items.test.ts: a LiveRequest ignores fields that are null or false, as ADK writes them',
        'wire/dialects/plain-items.test.ts: a LiveRequest %j becomes %j',
      ],
    },
    {
      id: 'LiveRequestQueue: senders',
      adk: '`sendContent`, `sendRealtime`, `sendActivityStart`, `sendActivityEnd`, `sendAudioStreamEnd` (Python), `send`, `close`: none of them waits.',
      here: 'The same.',
      status: 'done',
      tests: [
        "agent/live-request-queue.test.ts: LiveRequestQueue has ADK's send methods, and its reader receives the requests in order",
      ],
    },
    {
      id: 'LiveRequestQueue.get',
      adk: 'Waits for the next request (TypeScript: or an abort).',
      here: 'The same; `undefined` at the end.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: the reader of an empty queue waits for the next request',
        'agent/live-request-queue.test.ts: release wakes a waiting reader, and the queue stays open',
      ],
    },
    {
      id: 'LiveRequestQueue.closed',
      adk: 'True from the first close on (Python, 2026).',
      here: 'The same; later requests are dropped.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: a closed queue delivers the requests that wait, then undefined, and discards later ones',
      ],
    },
    {
      id: 'LiveRequestQueue: order',
      adk: 'First in, first out; nothing is joined.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: any interleaving of sends and reads delivers each request once and in order',
      ],
    },
    {
      id: 'LiveRequestQueue: limit',
      adk: 'None: memory grows with a model that does not take what comes.',
      here: '4 MiB; above it POSTs are rejected with 429, and sockets are not read.',
      status: 'done',
      tests: [
        'agent/live-request-queue.test.ts: the queue has room up to its limit, for all requests of a body or for none',
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
        'models/gemini/connection.test.ts: GeminiConnection.send a text is sent as complete client content',
        'models/gemini/connection.test.ts: GeminiConnection.send a text is sent to 3.1 as realtime input, because client content would close the session with 1007',
      ],
    },
    {
      id: 'to the model: audio',
      adk: 'Realtime `media`, which some models refuse as deprecated; `audio` for the newest.',
      here: 'Always realtime `audio`.',
      status: 'done',
      tests: [
        "models/gemini/connection.test.ts: GeminiConnection.send audio of the type %s is sent, byte for byte, as the SDK's sendRealtimeInput({audio}) sends it",
      ],
    },
    {
      id: 'to the model: images',
      adk: 'Realtime `media`; `video` for the newest.',
      here: 'Always realtime `video`.',
      status: 'done',
      tests: [
        'models/gemini/connection.test.ts: GeminiConnection.send images, activity signals, the end of the audio and tool results are sent in order',
      ],
    },
    {
      id: 'to the model: other mime types',
      adk: 'Passed on, and the provider closes; for the newest model dropped with a warning.',
      here: 'Rejected with 415; the error names the supported types. The session continues.',
      status: 'done',
      tests: [
        'wire/dialects/plain-items.test.ts: the error for an unsupported mime type has the wording of the samples and names the type, cut to 100 characters',
        'http/send-refusals.test.ts: refusals of POST /send a POST with %s is refused, and the session lives',
      ],
    },
    {
      id: 'fan-out to streaming tools',
      adk: 'Each request is copied to the queue of every running tool that has an `input_stream`.',
      here: 'The same, for tools with `inputStream`.',
      status: 'done',
      tests: [
        'agent/run/background-tools.test.ts: a streaming tool with inputStream receives what the user sends from the call on, and no other tool does',
      ],
    },
  ],
};
