import type { Area } from '../requirement.ts';

export const parts: Area = {
  title: 'Down: the parts of an event’s content',
  requirements: [
    {
      id: 'Part.text',
      adk: 'A piece of the answer.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: text is answered in increments, then completely, then usage and the end of the turn',
      ],
    },
    {
      id: 'Part.thought',
      adk: 'The text is the model’s reasoning; the demo’s page skips it.',
      here: 'The same; the messages of the samples never contain it.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: a thought before the answer is emitted completely by itself, marked as a thought',
        'wire/dialects/plain.test.ts: plainDialect encodes no frame for %s',
      ],
    },
    {
      id: 'Part.inlineData',
      adk: '`audio/pcm;rate=24000`, base64, each piece for itself.',
      here: 'The same; the base64 text is never decoded on its way.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: speech is answered in audio of 24 kHz with a transcript in increments, and completely once',
        "wire/dialects/plain.test.ts: a message of ADK's samples is sent for audio, with the mime type without the rate and the same base64",
      ],
    },
    {
      id: 'Part.droppedAudio',
      adk: 'None: nothing is kept.',
      here: 'The place of audio that the log has dropped; it is never sent.',
      status: 'done',
      tests: [
        'session/log/live-log.test.ts: an interruption drops only the audio of an entry that holds text too, and keeps the places of all parts',
      ],
    },
    {
      id: 'Part.fileData',
      adk: 'Where kept audio lies: `artifact://…`.',
      here: 'The same: `artifact://app/user/session/_adk_live/…#revision`; and where pictures lie. A route answers with the files of a conversation.',
      status: 'done',
      tests: [
        'http/stored-pictures.test.ts: after a restart the reset names the pictures of the user and of results, and the server has them',
        'agent/run/audio-recorder.test.ts: a run with saveLiveBlob stores the speech of a turn as two files, the user first, and records them in the conversation',
      ],
    },
    {
      id: 'Part.functionCall',
      adk: '`{id, name, args}`.',
      here: 'The same; on the stream `tool_call`.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: tools a call is emitted and run, and its result is emitted and answered',
        'wire/dialects/plain.test.ts: a named event tool_call is sent for each call of an event',
      ],
    },
    {
      id: 'Part.functionResponse',
      adk: '`{id, name, response}`.',
      here: 'The same; on the stream `tool_result`.',
      status: 'done',
      tests: [
        'agent/run/end-to-end.test.ts: tools a call is emitted and run, and its result is emitted and answered',
        'wire/dialects/plain.test.ts: a named event tool_result is sent with a result or with an error',
      ],
    },
    {
      id: 'FunctionResponse.parts',
      adk: 'Media of the result of a function; a tool may return a Part (since 2026).',
      here: 'Pictures: `toolResult({ response, images })`, at most 4 of 1 MiB together; on the stream `images` of `tool_result`. A model without pictures in results is told in words. The conversation names them by reference, in files beside it.',
      status: 'done',
      tests: [
        'agent/run/result-images.test.ts: a tool that returns a picture to a model of the family %s gives it to clients, and to the model if the model takes it, and the conversation keeps the number',
        'agent/run/result-images.test.ts: a result with pictures that %s is an error, which names the limit',
        'wire/dialects/plain.test.ts: a named event tool_result has the pictures of the result, or the number of those that the log has dropped',
      ],
    },
    {
      id: 'Part.executableCode',
      adk: 'Code that the model wrote.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: code emits the complete text before it first, then the code and its outcome',
      ],
    },
    {
      id: 'Part.codeExecutionResult',
      adk: 'What came of it.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run/event-assembler.test.ts: code emits the complete text before it first, then the code and its outcome',
      ],
    },
  ],
};
