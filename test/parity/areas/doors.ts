import type { Area } from '../requirement.ts';

const page = (what: string) => `samples/adk-sse-sample.test.ts: ADK's SSE sample page, ${what}`;

export const doors: Area = {
  title: 'Routes and messages of the sample applications',
  requirements: [
    {
      id: 'SSE sample: GET /events/{user_id}',
      adk: 'The stream; `is_audio=true|false`. The user id is a number.',
      here: 'The same; any id.',
      status: 'done',
      tests: [
        page('for a typed text, is given its own messages and no others'),
        'http/routes.test.ts: an id %s is taken',
        'http/events-session.test.ts: is_audio true makes the agent speak, with transcripts',
      ],
    },
    {
      id: 'SSE sample: headers',
      adk: '`text/event-stream`, `no-cache`, every origin allowed.',
      here: '`no-store, no-transform`, no buffering, no compression; origins that ALLOWED_ORIGINS names.',
      differs: 'A local server that answers every origin is open to every page that its owner visits.',
      status: 'done',
      tests: [
        'http/events-stream.test.ts: GET /events is an event stream that nothing on the way may store, compress or hold back',
        'http/origins.test.ts: a request with an Origin in ALLOWED_ORIGINS is let in and answered with CORS headers, refusals and streams too',
      ],
    },
    {
      id: 'SSE sample: frames',
      adk: '`data:` alone: no id, no `retry:`, no heartbeat.',
      here: 'The same `data:`, with an id, and a heartbeat as a named event.',
      differs: 'Without an id a connection that is lost cannot be taken up again.',
      status: 'done',
      tests: [
        'http/events-stream.test.ts: GET /events of a new session begins with retry, an id-only block and the session',
        'http/events-stream.test.ts: hb comes again each HEARTBEAT_MS, with the cursor as id',
      ],
    },
    {
      id: 'SSE sample: text down',
      adk: '`{"mime_type":"text/plain","data"}`; of the first part, increments only.',
      here: 'The same, of all parts.',
      status: 'done',
      tests: [
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte partial text",
        page('for one text after the other, shows a paragraph for each reply'),
      ],
    },
    {
      id: 'SSE sample: audio down',
      adk: '`{"mime_type":"audio/pcm","data"}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte audio, its mime type without the rate, its base64 untouched",
        page('once audio is started, hears the agent speak and shows the words once'),
      ],
    },
    {
      id: 'SSE sample: turn_complete, interrupted',
      adk: '`{"turn_complete":true,"interrupted":null}` and the reverse; content of that event is dropped.',
      here: 'The same messages; content is sent before them.',
      status: 'done',
      tests: [
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte the end of a turn, and an interruption, each with null for what it is not",
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte an event with both flags gives two messages, interrupted first, and never one with both",
        page('when the user speaks into a reply, is told interrupted, then turn_complete'),
      ],
    },
    {
      id: 'SSE sample: everything else',
      adk: 'Transcripts, tools, usage and errors are not forwarded.',
      here: 'Named events, which its page never sees.',
      status: 'done',
      tests: [page('while tools run and a run fails, sees neither named events nor an error')],
    },
    {
      id: 'SSE sample: POST /send/{user_id}',
      adk: '`{"mime_type","data"}`, answered `{"status":"sent"}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        "http/send-shapes.test.ts: POST /send of JSON: the samples' text item is answered",
        "http/send-shapes.test.ts: POST /send of JSON: the samples' audio item is heard",
      ],
    },
    {
      id: 'SSE sample: errors of POST',
      adk: '200 with `{"error":"Session not found"}` or `{"error":"Mime type not supported: X"}`; 500 for a missing key.',
      here: 'The same texts, with a true status, a code and a hint.',
      differs: 'A page that looks at the status can see that nothing was sent.',
      status: 'done',
      tests: [
        page('when it sends without a session, is told by a status that is not ok'),
        'http/send-refusals.test.ts: POST /send without a live session is refused with 404 "Session not found", whatever the body',
        'wire/decode-send.test.ts: an unsupported mime type is named in the text as the samples word it, cut to 100 characters',
      ],
    },
    {
      id: 'SSE sample: reconnection',
      adk: 'A new session each time: what was said is lost.',
      here: 'The same live session, from where it left.',
      status: 'done',
      tests: [page('when the connection is lost, says so and goes on after its wait')],
    },
    {
      id: 'SSE sample: order of POSTs',
      adk: 'Not awaited and not numbered: audio may be reordered.',
      here: 'As they come; clients that number theirs are heard in order and once.',
      status: 'done',
      tests: [
        'http/envelope.test.ts: numbered POSTs are answered with the next number, and reach the agent in their order',
        'http/envelope.test.ts: numbered POSTs that come again are answered as the first time, and applied once, whatever they hold now',
      ],
    },
    {
      id: 'SSE sample: two streams of one user',
      adk: 'The cleanup of the old one deletes the queue of the new.',
      here: 'Each cleans up its own.',
      status: 'done',
      tests: [
        'http/superseding.test.ts: the older connection of a client is told that it is superseded, not to come back, and ends; the newer goes on',
        'session/active-sessions.test.ts: an old session that ends late leaves its successor where it is',
      ],
    },
    {
      id: 'WS sample: WS /ws/{user_id}',
      adk: 'The same messages as bare frames, on a WebSocket, and `is_transcript`.',
      here: 'The messages are the same; ours come with ids, in objects. Bare frames for its page: with the other doors.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'WS sample: is_transcript',
      adk: '`{"mime_type":"text/plain","data","is_transcript":true}`; the whole again behind the increments.',
      here: 'Increments only.',
      status: 'done',
      tests: [
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte an output transcript",
        'wire/plain-dialect.test.ts: %s gives no frame at all',
      ],
    },
    {
      id: 'WS sample: order of one event',
      adk: 'Transcript, content, flags.',
      here: 'The same.',
      status: 'done',
      tests: [
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte an event that holds everything gives transcript, content, then the flags, all parts of it",
      ],
    },
    {
      id: 'bidi-demo: WS /ws/{user_id}/{session_id}',
      adk: 'One frame an event, as it is; `proactivity`, `affective_dialog`.',
      here: '`dialect=adk`.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'bidi-demo: messages up',
      adk: '`{"type":"text","text"}`, `{"type":"image","data","mimeType"}`, binary frames of PCM.',
      here: 'Binary frames are taken; the others with that door.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'bidi-demo: messages of client-side voice activity',
      adk: '`{"type":"activity_start"}`, `{"type":"activity_end"}`, `{"type":"audio","mime_type","data"}`: in the guide only.',
      here: 'With that door.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'bidi-demo: its page',
      adk: 'Event console, camera, transcripts, switches.',
      here: 'Its page works against ours with that door; our own page has no console.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'unified demo: POST /sse-upstream, GET /sse-downstream',
      adk: 'A LiveRequest in a POST, events down; removed from the guide in 2025.',
      status: 'not offered',
      why: '`POST /send` takes the same LiveRequest, and `dialect=adk` will send the same events.',
    },
    {
      id: 'adk web: WS /run_live',
      adk: 'LiveRequest up, events down, settings in the query; close codes 1002, 1008, 1011.',
      here: 'For the dev page of ADK.',
      status: 'planned',
      brings: 'stores and doors',
    },
    {
      id: 'adk web: LiveRequest up',
      adk: '`{"blob":{"mime_type":"audio/pcm;rate=16000","data"}}` each 250 ms, `image/jpeg` each second.',
      here: 'The same objects, on each way up.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON: LiveRequests with blob are heard, and audio_stream_end ends what was said without a pause',
        'http/ws-talk.test.ts: a WebSocket takes what a body may hold: an item, an array, an interruption, an envelope',
      ],
    },
    {
      id: 'adk web: POST /run, /run_sse',
      adk: 'A unary run, answered in one stream.',
      status: 'not offered',
      why: 'Not live mode.',
    },
    {
      id: 'adk web: origins',
      adk: '`Origin not allowed` closes the socket.',
      here: '403 that names ALLOWED_ORIGINS, on every route.',
      status: 'done',
      tests: [
        'http/origins.test.ts: a request with an Origin of another host is refused with 403 that names ALLOWED_ORIGINS, on each route, and nothing happens',
        'http/ws-refusals.test.ts: a handshake of a page of another host is refused with 403, and nothing happens; of an allowed one, and of its own, is taken',
      ],
    },
    {
      id: 'GET /healthz',
      adk: 'In the unified demo.',
      here: '`/healthz`, `/readyz`.',
      status: 'done',
      tests: ['http/routes.test.ts: probes /healthz is answered'],
    },
    {
      id: 'GET /, /static/*',
      adk: 'The page of the sample.',
      here: 'The same paths; PUBLIC_DIR serves another page.',
      status: 'done',
      tests: [
        'http/routes.test.ts: the page at / is the index.html of PUBLIC_DIR, under security headers that allow what it needs',
        'http/routes.test.ts: the page has its files below /static, each with its type, and a browser may ask whether they changed',
      ],
    },
  ],
};
