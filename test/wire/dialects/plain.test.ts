import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import type { Frame } from '../../../src/wire/dialects/dialect.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import { WireError } from '../../../src/wire/wire-error.ts';

const STAMP = { id: '0198', invocationId: 'e-0198', author: 'agent', timestamp: 1_764_000_000 };

/** Frames of an event, of which none is missing. */
function framesOf(event: Partial<AgentEvent>, turn = 1): Frame[] {
  return plainDialect.encodeEntry({ seq: 1, turn, message: { event: { ...STAMP, ...event } } }).map((frame) => {
    if (!frame) throw new Error('a frame is missing');
    return frame;
  });
}

/** The unnamed messages: what a plain `onmessage` sees. */
function seenBy(event: Partial<AgentEvent>): string[] {
  return framesOf(event).flatMap((frame) => (frame.event === undefined ? [frame.data] : []));
}

function namedIn(event: Partial<AgentEvent>, turn = 1): [string | undefined, unknown][] {
  return framesOf(event, turn).flatMap((frame) =>
    frame.event === undefined ? [] : [[frame.event, JSON.parse(frame.data)]],
  );
}

describe("a message of ADK's samples", () => {
  test('is sent for partial text, byte for byte', () => {
    expect(seenBy({ content: { role: 'model', parts: [{ text: 'Hel"lo' }] }, partial: true })).toEqual([
      '{"mime_type":"text/plain","data":"Hel\\"lo"}',
    ]);
  });

  test('is sent for audio, with the mime type without the rate and the same base64', () => {
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: 'AAECAw==' };
    expect(seenBy({ content: { role: 'model', parts: [{ inlineData }] } })).toEqual([
      '{"mime_type":"audio/pcm","data":"AAECAw=="}',
    ]);
  });

  test.each(['\u0000', '\u0001AAA', 'AA\nAA', 'AA\tA', 'AA"A', 'AA\\A', '\u2028AAA', '\ud800AAA', 'AAA'])(
    'is one line of JSON with the same data if a provider sends %j in place of base64',
    (data) => {
      const inlineData = { mimeType: 'audio/pcm;rate=24000', data };
      const [line = ''] = seenBy({ content: { role: 'model', parts: [{ inlineData }] } });
      expect(JSON.parse(line)).toEqual({ mime_type: 'audio/pcm', data });
      expect(line).not.toMatch(/\p{Cc}/u);
    },
  );

  test('is sent for an output transcript', () => {
    expect(seenBy({ outputTranscription: { text: 'spoken', finished: false }, partial: true })).toEqual([
      '{"mime_type":"text/plain","data":"spoken","is_transcript":true}',
    ]);
  });

  test('is sent for the end of a turn and for an interruption, each with null for the other flag', () => {
    expect(seenBy({ turnComplete: true })).toEqual(['{"turn_complete":true,"interrupted":null}']);
    expect(seenBy({ interrupted: true })).toEqual(['{"turn_complete":null,"interrupted":true}']);
  });

  test('is sent twice for an event with both flags: the interruption first, then the end of the turn', () => {
    expect(seenBy({ interrupted: true, turnComplete: true })).toEqual([
      '{"turn_complete":null,"interrupted":true}',
      '{"turn_complete":true,"interrupted":null}',
    ]);
  });

  test('is sent for each part of an event in the order transcript, content, flags', () => {
    const parts = [{ text: 'a' }, { inlineData: { mimeType: 'audio/pcm', data: 'AAA=' } }, { text: 'b' }];
    expect(
      seenBy({
        turnComplete: true,
        content: { role: 'model', parts },
        outputTranscription: { text: 't', finished: false },
        partial: true,
      }),
    ).toEqual([
      '{"mime_type":"text/plain","data":"t","is_transcript":true}',
      '{"mime_type":"text/plain","data":"a"}',
      '{"mime_type":"audio/pcm","data":"AAA="}',
      '{"mime_type":"text/plain","data":"b"}',
      '{"turn_complete":true,"interrupted":null}',
    ]);
  });

  test('is sent for other inline data, with its mime type', () => {
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    expect(seenBy({ content: { parts: [{ inlineData }] } })).toEqual(['{"mime_type":"image/png","data":"AAAA"}']);
  });
});

test.each<[string, Partial<AgentEvent>]>([
  ['merged text: its pieces were sent', { content: { role: 'model', parts: [{ text: 'Hello' }] } }],
  ['a finished output transcript: its pieces were sent', { outputTranscription: { text: 'Hello', finished: true } }],
  ['an empty output transcript', { outputTranscription: { text: '', finished: false }, partial: true }],
  ['a thought', { content: { role: 'model', parts: [{ text: 'hm', thought: true }] }, partial: true }],
  ['empty text', { content: { role: 'model', parts: [{ text: '' }] }, partial: true }],
  ['content without parts', { content: { role: 'model' } }],
  ['flags that are false', { turnComplete: false, interrupted: false }],
  ['grounding without sources and queries', { groundingMetadata: { searchEntryPoint: { renderedContent: '<b>' } } }],
  ['code', { content: { role: 'model', parts: [{ executableCode: { code: '1' } }] } }],
  ['the outcome of code', { content: { role: 'model', parts: [{ codeExecutionResult: { output: '1' } }] } }],
  ['a file', { content: { role: 'model', parts: [{ fileData: { fileUri: 'artifact://a', mimeType: 'audio/wav' } }] } }],
  ['voice activity', { voiceActivity: { voiceActivityType: 'ACTIVITY_START' } }],
  ['the id of the session', { liveSessionId: 's1' }],
  ['a resumption handle', { liveSessionResumptionUpdate: { newHandle: 'h1', resumable: true } }],
])('plainDialect encodes no frame for %s', (_what, event) => {
  expect(framesOf(event)).toEqual([]);
});

describe('a named event', () => {
  test('input_transcript is sent for increments and for the whole text, with the number of the turn', () => {
    expect(namedIn({ inputTranscription: { text: 'hel', finished: false }, partial: true }, 3)).toEqual([
      ['input_transcript', { text: 'hel', finished: false, turn: 3 }],
    ]);
    expect(namedIn({ inputTranscription: { text: 'hello', finished: true } }, 4)).toEqual([
      ['input_transcript', { text: 'hello', finished: true, turn: 4 }],
    ]);
  });

  test('interim_transcript is sent for interim transcripts, which no input_transcript repeats', () => {
    const interim = { author: 'user', interimInputTranscription: { text: 'hel' }, partial: true };
    expect(namedIn(interim, 3)).toEqual([['interim_transcript', { text: 'hel', turn: 3 }]]);
    expect(seenBy(interim)).toEqual([]);
  });

  test('tool_call is sent for each call of an event', () => {
    const call = { id: 'c1', name: 'current_time', args: { time_zone: 'UTC' } };
    const parts = [{ functionCall: call }, { functionCall: { ...call, id: 'c2' } }];
    expect(namedIn({ content: { role: 'model', parts } })).toEqual([
      ['tool_call', { ...call, where: 'server' }],
      ['tool_call', { ...call, id: 'c2', where: 'server' }],
    ]);
  });

  test('tool_result is sent with a result or with an error', () => {
    const part = (response: Record<string, unknown>) => ({ functionResponse: { id: 'c1', name: 'clock', response } });
    expect(namedIn({ content: { role: 'user', parts: [part({ time: '12:00' }), part({ error: 'broken' })] } })).toEqual(
      [
        ['tool_result', { id: 'c1', name: 'clock', result: { time: '12:00' } }],
        ['tool_result', { id: 'c1', name: 'clock', error: 'broken' }],
      ],
    );
  });

  test('tool_result has the pictures of the result, or the number of those that the log has dropped', () => {
    const response = { title: 'Sales' };
    const inlineData = { mimeType: 'image/png', data: 'iVBORw0KGgo=' };
    const parts = [
      { functionResponse: { id: 'c1', name: 'draw', response, parts: [{ inlineData }] } },
      { functionResponse: { id: 'c2', name: 'draw', response, pictures: 2 } },
    ];
    expect(namedIn({ content: { role: 'user', parts } })).toEqual([
      [
        'tool_result',
        { id: 'c1', name: 'draw', result: response, images: [{ mime_type: 'image/png', data: 'iVBORw0KGgo=' }] },
      ],
      ['tool_result', { id: 'c2', name: 'draw', result: response, pictures: 2 }],
    ]);
  });

  test('tool_cancel is sent for each id', () => {
    expect(namedIn({ toolCancellation: ['c1', 'c2'] })).toEqual([
      ['tool_cancel', { id: 'c1' }],
      ['tool_cancel', { id: 'c2' }],
    ]);
  });

  test('usage is sent with details if there are any, with 0 for counts that are missing, and not at all without counts', () => {
    const promptTokensDetails = [{ modality: 'TEXT', tokenCount: 7 }];
    const counts = { promptTokenCount: 7, candidatesTokenCount: 5, totalTokenCount: 12 };
    const told = { prompt_tokens: 7, response_tokens: 5, total_tokens: 12 };
    expect(namedIn({ usageMetadata: counts })).toEqual([['usage', told]]);
    expect(namedIn({ usageMetadata: { ...counts, promptTokensDetails } })).toEqual([
      ['usage', { ...told, details: { prompt: promptTokensDetails } }],
    ]);
    expect(namedIn({ usageMetadata: { promptTokenCount: 3 } })).toEqual([
      ['usage', { prompt_tokens: 3, response_tokens: 0, total_tokens: 3 }],
    ]);
    expect(namedIn({ usageMetadata: { trafficType: 'ON_DEMAND' } })).toEqual([]);
  });

  test('usage of a summary of the conversation says so', () => {
    const summary = { author: 'user', usageMetadata: { totalTokenCount: 3 }, actions: { compaction: {} } };
    expect(namedIn(summary)).toEqual([
      ['usage', { prompt_tokens: 0, response_tokens: 0, total_tokens: 3, summary: true }],
    ]);
  });

  test('usage tells reasoning, cached tokens, those of tools and search queries, and counts in the total what is billed', () => {
    const usageMetadata = {
      promptTokenCount: 10,
      candidatesTokenCount: 20,
      totalTokenCount: 30,
      thoughtsTokenCount: 5,
      cachedContentTokenCount: 4,
      toolUsePromptTokenCount: 2,
      searchQueryCount: 3,
    };
    expect(namedIn({ usageMetadata })).toEqual([
      [
        'usage',
        {
          prompt_tokens: 10,
          response_tokens: 20,
          total_tokens: 37,
          thoughts_tokens: 5,
          cached_tokens: 4,
          tool_tokens: 2,
          search_queries: 3,
        },
      ],
    ]);
  });

  test('status is sent for a change of the connection to the model', () => {
    const status = { upstream: 'reconnecting', attempt: 2, code: 1011 } as const;
    expect(namedIn({ status })).toEqual([['status', status]]);
  });

  test('grounding is sent with the number of the turn', () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://example.org/a', title: 'A' } }],
      webSearchQueries: ['what is a'],
    };
    expect(namedIn({ groundingMetadata }, 3)).toEqual([
      ['grounding', { turn: 3, sources: [{ uri: 'https://example.org/a', title: 'A' }], queries: ['what is a'] }],
    ]);
  });

  test('failure is sent for a failed reply before the end of its turn, without the message of its runner', () => {
    const event = { turnComplete: true, errorCode: 'SAFETY', errorMessage: 'projects/secret' };
    expect(framesOf(event)).toEqual([
      { event: 'failure', data: expect.stringContaining('"code":"response_withheld"') },
      { data: '{"turn_complete":true,"interrupted":null}' },
    ]);
    expect(JSON.stringify(framesOf(event))).not.toContain('secret');
  });

  test('failure and end are sent for entries without an event', () => {
    const failure = new WireError('model_quota').body();
    expect(plainDialect.encodeEntry({ seq: 1, turn: 1, message: { failure } })).toEqual([
      { event: 'failure', data: JSON.stringify(failure) },
    ]);
    expect(plainDialect.encodeEntry({ seq: 1, turn: 1, message: { end: { reason: 'idle' } } })).toEqual([
      { event: 'end', data: '{"reason":"idle"}' },
    ]);
  });
});

/** Any event, in any combination of its fields. */
const anyEvent: fc.Arbitrary<AgentEvent> = fc
  .record(
    {
      content: fc.record({
        role: fc.constantFrom('user', 'model'),
        parts: fc.array(
          fc.oneof(
            fc.record({ text: fc.string(), thought: fc.boolean() }, { requiredKeys: ['text'] }),
            fc.record({ inlineData: fc.record({ mimeType: fc.constant('audio/pcm'), data: fc.constant('AAA=') }) }),
            fc.record({ functionCall: fc.record({ id: fc.string(), name: fc.string(), args: fc.constant({}) }) }),
          ),
        ),
      }),
      partial: fc.boolean(),
      turnComplete: fc.boolean(),
      interrupted: fc.boolean(),
      inputTranscription: fc.record({ text: fc.string(), finished: fc.boolean() }),
      outputTranscription: fc.record({ text: fc.string(), finished: fc.boolean() }),
      toolCancellation: fc.array(fc.string()),
      usageMetadata: fc.record({ totalTokenCount: fc.nat() }),
      groundingMetadata: fc.record({ groundingChunks: fc.anything(), webSearchQueries: fc.array(fc.anything()) }),
      errorCode: fc.string(),
    },
    { requiredKeys: [] },
  )
  .map((event) => ({ ...STAMP, ...event }));

test('plainDialect encodes any event the same way each time: JSON on one line, no reserved name, no message with both flags', () => {
  fc.assert(
    fc.property(anyEvent, fc.integer({ min: 1 }), (event, turn) => {
      const before = structuredClone(event);
      const frames = plainDialect.encodeEntry({ seq: 9, turn, message: { event } });
      expect(plainDialect.encodeEntry({ seq: 9, turn, message: { event } })).toEqual(frames);
      expect(event).toEqual(before);
      for (const frame of frames) {
        const { event: name, data = '' } = frame ?? {};
        expect(['error', 'open', 'message', '']).not.toContain(name);
        expect(data).not.toMatch(/[\r\n]/);
        const message = JSON.parse(data);
        expect(message.turn_complete === true && message.interrupted === true).toBe(false);
      }
    }),
  );
});
