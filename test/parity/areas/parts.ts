import type { Area } from '../requirement.ts';

export const parts: Area = {
  title: 'Down: the parts of an event’s content',
  requirements: [
    {
      id: 'Part.text',
      adk: 'A piece of the answer.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/runner.test.ts: text is answered in increments, then whole, then usage and the end of the turn'],
    },
    {
      id: 'Part.thought',
      adk: 'The text is the model’s reasoning; the demo’s page skips it.',
      here: 'The same; the samples’ messages never hold it.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with a thought before the answer gives each whole, the thought marked',
        'wire/plain-dialect.test.ts: %s gives no frame at all',
      ],
    },
    {
      id: 'Part.inlineData',
      adk: '`audio/pcm;rate=24000`, base64, each piece for itself.',
      here: 'The same; the text of the base64 is never decoded on its way.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: speech is answered in audio of 24 kHz with a transcript: in pieces, and whole once',
        "wire/plain-dialect.test.ts: the messages of ADK's samples, byte for byte audio, its mime type without the rate, its base64 untouched",
      ],
    },
    {
      id: 'Part.fileData',
      adk: 'Where kept audio lies: `artifact://…`.',
      here: 'The same: `artifact://app/user/session/_adk_live/…#revision`.',
      status: 'done',
      tests: [
        'agent/live-blobs.test.ts: a run with saveLiveBlob keeps what was said in a turn as two files, of the user first, and names them in the conversation',
      ],
    },
    {
      id: 'Part.functionCall',
      adk: '`{id, name, args}`.',
      here: 'The same; on the stream `tool_call`.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: tools a call is told, run and answered, and its result told',
        'wire/plain-dialect.test.ts: named events tool_call, one for each call of an event',
      ],
    },
    {
      id: 'Part.functionResponse',
      adk: '`{id, name, response}`.',
      here: 'The same; on the stream `tool_result`.',
      status: 'done',
      tests: [
        'agent/runner.test.ts: tools a call is told, run and answered, and its result told',
        'wire/plain-dialect.test.ts: named events tool_result with a result, or with an error',
      ],
    },
    {
      id: 'Part.executableCode',
      adk: 'Code that the model wrote.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with code tells the text before it whole, then the code and its outcome',
      ],
    },
    {
      id: 'Part.codeExecutionResult',
      adk: 'What came of it.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/turn-assembler.test.ts: TurnAssembler with code tells the text before it whole, then the code and its outcome',
      ],
    },
  ],
};
