import type { Area } from '../requirement.ts';

const page = (what: string) => `samples/adk-sse-sample.test.ts: ADK's SSE sample page ${what}`;
const SSE_IN_BROWSER =
  "browser/doors/sse-sample.long.test.ts: a page that speaks as ADK's SSE sample does, unmodified, plays the answer to a spoken question and shows its words once, and continues after it has lost its connection";

export const doors: Area = {
  title: 'Routes and messages of the sample applications',
  requirements: [
    {
      id: 'SSE sample: GET /events/{user_id}',
      adk: 'The stream; `is_audio=true|false`. The user id is a number.',
      here: 'The same; any id.',
      status: 'done',
      tests: [
        page('receives only its own messages in answer to a typed text'),
        'http/routes.test.ts: an id %s is accepted as a user id and as a session id',
        'http/events-session.test.ts: is_audio true makes the agent speak, with transcripts',
      ],
    },
    {
      id: 'SSE sample: headers',
      adk: '`text/event-stream`, `no-cache`, every origin allowed.',
      here: '`no-store, no-transform`, no buffering, no compression; origins from ALLOWED_ORIGINS.',
      differs: 'A local server that accepts every origin is open to every page that its owner visits.',
      status: 'done',
      tests: [
        'http/events-stream.test.ts: GET /events is an event stream that nothing on the way may store, compress or hold back',
        'http/origins.test.ts: a request with an Origin in ALLOWED_ORIGINS is accepted, and every answer has CORS headers, refusals and streams included',
      ],
    },
    {
      id: 'SSE sample: frames',
      adk: '`data:` alone: no id, no `retry:`, no heartbeat.',
      here: 'The same `data:`, with an id, and a heartbeat as a named event.',
      differs: 'Without an id, a lost connection cannot be resumed.',
      status: 'done',
      tests: [
        'http/events-stream.test.ts: GET /events of a new session begins with retry, an id-only block and the session',
        'http/events-stream.test.ts: hb comes again each HEARTBEAT_MS, with the cursor as id',
      ],
    },
    {
      id: 'SSE sample: text down',
      adk: '`{"mime_type":"text/plain","data"}`; of the first part, increments only.',
      here: 'The same, for all parts.',
      status: 'done',
      tests: [
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for partial text, byte for byte",
        page('shows a paragraph for each reply to consecutive texts'),
      ],
    },
    {
      id: 'SSE sample: audio down',
      adk: '`{"mime_type":"audio/pcm","data"}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for audio, with the mime type without the rate and the same base64",
        page("plays the agent's speech and shows the words once after audio was started"),
        SSE_IN_BROWSER,
      ],
    },
    {
      id: 'SSE sample: turn_complete, interrupted',
      adk: '`{"turn_complete":true,"interrupted":null}` and the reverse; content of that event is dropped.',
      here: 'The same messages; content is sent before them.',
      status: 'done',
      tests: [
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for the end of a turn and for an interruption, each with null for the other flag",
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent twice for an event with both flags: the interruption first, then the end of the turn",
        page('receives interrupted and then turn_complete when the user speaks into a reply'),
      ],
    },
    {
      id: 'SSE sample: everything else',
      adk: 'Transcripts, tools, usage and errors are not forwarded.',
      here: 'Named events, which its page never receives.',
      status: 'done',
      tests: [page('receives neither named events nor an error while tools run and a run fails')],
    },
    {
      id: 'SSE sample: POST /send/{user_id}',
      adk: '`{"mime_type","data"}`, answered `{"status":"sent"}`.',
      here: 'The same.',
      status: 'done',
      tests: [
        "http/send-shapes.test.ts: POST /send of JSON the text item of ADK's samples is answered",
        "http/send-shapes.test.ts: POST /send of JSON the audio item of ADK's samples is heard",
      ],
    },
    {
      id: 'SSE sample: errors of POST',
      adk: '200 with `{"error":"Session not found"}` or `{"error":"Mime type not supported: X"}`; 500 for a missing key.',
      here: 'The same texts, with the right HTTP status, a code and a hint.',
      differs: 'A page that checks the status notices that nothing was sent.',
      status: 'done',
      tests: [
        page('receives an error status when it sends without a session'),
        'http/send-refusals.test.ts: POST /send without a live session a POST without a live session is refused with 404 "Session not found", whatever the body',
        'wire/dialects/plain-items.test.ts: the error for an unsupported mime type has the wording of the samples and names the type, cut to 100 characters',
      ],
    },
    {
      id: 'SSE sample: reconnection',
      adk: 'A new session each time: what was said is lost.',
      here: 'The same live session, from the position where the client left.',
      status: 'done',
      tests: [page('reports a lost connection and continues after its wait'), SSE_IN_BROWSER],
    },
    {
      id: 'SSE sample: order of POSTs',
      adk: 'Not awaited and not numbered: audio may be reordered.',
      here: 'In the order of arrival; POSTs of clients that number them are applied in order and once.',
      status: 'done',
      tests: [
        'http/envelope.test.ts: numbered POSTs numbered POSTs are answered with the next number, and reach the agent in order',
        'http/envelope.test.ts: numbered POSTs repeated POSTs get their first answer and are applied once, whatever they contain now',
      ],
    },
    {
      id: 'SSE sample: two streams of one user',
      adk: 'The cleanup of the old one deletes the queue of the new.',
      here: 'Each cleans up its own.',
      status: 'done',
      tests: [
        'http/superseding.test.ts: the older connection of a client gets superseded with a long retry and ends, and the newer one continues',
        'session/active-sessions.test.ts: change of owner the old session leaves its successor in place when it ends late',
      ],
    },
    {
      id: 'WS sample: WS /ws/{user_id}',
      adk: 'The same messages as bare frames, on a WebSocket, and `is_transcript`.',
      here: 'The same bare frames, for a WebSocket without `client`. Of two WebSockets of one user the newer one gets the messages.',
      differs:
        'The page opens a second WebSocket for audio without closing the first, and would show everything twice.',
      status: 'done',
      tests: [
        'http/ws-bare.test.ts: a WebSocket without a client name gets the unnamed messages as they are, and nothing else',
        'http/ws-bare.test.ts: a WebSocket without a client name is muted by a newer one of the same session, and can still send',
        "browser/doors/websocket-sample.long.test.ts: a page that speaks as ADK's WebSocket sample does, unmodified, plays the answer to a spoken question, and shows its words once, on the second of two WebSockets",
        "browser/doors/websocket-sample.long.test.ts: a page that speaks as ADK's WebSocket sample does, unmodified, continues the conversation after it has lost its connection",
      ],
    },
    {
      id: 'WS sample: is_transcript',
      adk: '`{"mime_type":"text/plain","data","is_transcript":true}`; the whole again behind the increments.',
      here: 'Increments only.',
      status: 'done',
      tests: [
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for an output transcript",
        'wire/dialects/plain.test.ts: plainDialect encodes no frame for %s',
      ],
    },
    {
      id: 'WS sample: order of one event',
      adk: 'Transcript, content, flags.',
      here: 'The same.',
      status: 'done',
      tests: [
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for each part of an event in the order transcript, content, flags",
      ],
    },
    {
      id: 'bidi-demo: WS /ws/{user_id}/{session_id}',
      adk: 'One frame an event, as it is; `proactivity`, `affective_dialog`.',
      here: 'The same; the modality is AUDIO. A setting that the model has not is ignored, and an Event says so.',
      differs: 'In text its page shows each answer twice: the increments, and the whole after them.',
      status: 'done',
      tests: [
        'http/ws-adk.test.ts: a WebSocket that names user and session and nothing else gets Events of ADK, and speech for text',
        'http/ws-adk.test.ts: a WebSocket that names user and session and nothing else switches settings on and, without them in the query, off again',
        'http/ws-adk.test.ts: a WebSocket that names user and session and nothing else ignores settings that the model has not, and says so',
      ],
    },
    {
      id: 'bidi-demo: messages up',
      adk: '`{"type":"text","text"}`, `{"type":"image","data","mimeType"}`, binary frames of PCM.',
      here: 'The same.',
      status: 'done',
      tests: [
        'wire/dialects/adk-items.test.ts: a message of bidi-demo %j is the request %j',
        'http/ws-adk.test.ts: a WebSocket that names user and session and nothing else hears binary frames of 256 bytes, and shows what the user said once as a whole',
        'http/ws-adk.test.ts: a WebSocket that names user and session and nothing else shows a picture to the model',
      ],
    },
    {
      id: 'bidi-demo: messages of client-side voice activity',
      adk: '`{"type":"activity_start"}`, `{"type":"activity_end"}`, `{"type":"audio","mime_type","data"}`: in the guide only.',
      here: 'The same.',
      status: 'done',
      tests: ['wire/dialects/adk-items.test.ts: a message of bidi-demo %j is the request %j'],
    },
    {
      id: 'bidi-demo: its page',
      adk: 'Event console, camera, transcripts, switches.',
      here: 'Works against our server as it is. Our own page has no console.',
      status: 'done',
      tests: [
        "browser/doors/bidi-demo.long.test.ts: a page that speaks as ADK's bidi-demo does, unmodified, shows each answer to a typed text once, and what the camera saw is answered",
        "browser/doors/bidi-demo.long.test.ts: a page that speaks as ADK's bidi-demo does, unmodified, shows a spoken question once, and plays the answer whose words it shows",
        "browser/doors/bidi-demo.long.test.ts: a page that speaks as ADK's bidi-demo does, unmodified, falls silent when the user speaks into the answer, and answers that",
        "browser/doors/bidi-demo.long.test.ts: a page that speaks as ADK's bidi-demo does, unmodified, reconnects to its conversation after a loss, and after its switches were used",
      ],
    },
    {
      id: 'unified demo: POST /sse-upstream, GET /sse-downstream',
      adk: 'A LiveRequest in a POST, events down; removed from the guide in 2025.',
      status: 'not offered',
      why: '`POST /send` takes the same LiveRequest, and `dialect=adk` sends the same events.',
    },
    {
      id: 'adk web: WS /run_live',
      adk: 'LiveRequest up, events down, settings in the query; close codes 1002, 1008, 1011.',
      here: 'The same. The session is made if there is none; `save_live_blob=true` and `enable_session_resumption=false` are refused. A failure of the run is an Event, and the WebSocket stays open.',
      differs: 'A page does not decide what the server stores, and resumption is always on.',
      status: 'done',
      tests: [
        "http/ws-run-live.test.ts: WS /run_live, the address of ADK's dev page, takes blobs of audio and pictures in snake_case, and answers with Events and speech",
        "http/ws-run-live.test.ts: WS /run_live, the address of ADK's dev page, applies the settings of its query, in all spellings of ADK",
        "http/ws-run-live.test.ts: WS /run_live, the address of ADK's dev page, tells the page in words why it refuses %s, and closes with 1008",
        "http/ws-run-live.test.ts: WS /run_live, the address of ADK's dev page, tells the page that the server has no session left, with 1011",
      ],
    },
    {
      id: 'adk web: LiveRequest up',
      adk: '`{"blob":{"mime_type":"audio/pcm;rate=16000","data"}}` each 250 ms, `image/jpeg` each second.',
      here: 'The same objects, on every transport.',
      status: 'done',
      tests: [
        'http/send-shapes.test.ts: POST /send of JSON LiveRequests with a blob are heard, and audio_stream_end ends speech without a pause',
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
      here: '403 with a hint to ALLOWED_ORIGINS, on every route.',
      status: 'done',
      tests: [
        'http/origins.test.ts: a request with an Origin of another host is refused with 403 on every route, has no effect, and the hint names ALLOWED_ORIGINS',
        'http/ws-refusals.test.ts: a handshake of a page of another host is refused with 403, and nothing happens; of an allowed one, and of its own, is taken',
      ],
    },
    {
      id: 'GET /healthz',
      adk: 'In the unified demo.',
      here: '`/healthz`, `/readyz`.',
      status: 'done',
      tests: ['http/routes.test.ts: a probe of /healthz is answered with 200'],
    },
    {
      id: 'GET /, /static/*',
      adk: 'The page of the sample.',
      here: 'The same paths; PUBLIC_DIR serves another page.',
      status: 'done',
      tests: [
        'http/routes.test.ts: the page at / is the index.html of PUBLIC_DIR, with security headers that allow what the page needs',
        'http/routes.test.ts: the page has its files below /static, each with its type, and a browser can revalidate them',
      ],
    },
  ],
};
