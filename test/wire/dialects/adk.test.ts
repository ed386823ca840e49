import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentEvent, Part } from '../../../src/wire/agent-event.ts';
import { adkDialect, silentAdkDialect } from '../../../src/wire/dialects/adk.ts';
import type { Frame } from '../../../src/wire/dialects/dialect.ts';
import { selectDialect } from '../../../src/wire/dialects/select-dialect.ts';
import { WireError } from '../../../src/wire/wire-error.ts';

const STAMP = { id: '0198', invocationId: 'e-0198', author: 'agent', timestamp: 1_764_000_000.25 };
const ACTIONS = { stateDelta: {}, artifactDelta: {}, requestedAuthConfigs: {}, requestedToolConfirmations: {} };
const SPEECH = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAECAw==' } };
const DROPPED = { droppedAudio: { mimeType: 'audio/pcm;rate=24000', ms: 40 } };

function encode(event: Partial<AgentEvent>, dialect = adkDialect): readonly (Frame | undefined)[] {
  return dialect.encodeEntry({ seq: 7, turn: 3, message: { event: { ...STAMP, ...event } } });
}

/** The Event that a page of ADK gets for an event of the run. */
function eventFor(event: Partial<AgentEvent>): Record<string, unknown> {
  const [frame, ...others] = encode(event);
  if (!frame || frame.event !== undefined || others.length > 0) throw new Error('this is not one unnamed message');
  return JSON.parse(frame.data);
}

describe('an event of the run is one Event of ADK', () => {
  const model = (...parts: Part[]) => ({ content: { role: 'model', parts } });
  test.each<[string, Partial<AgentEvent>]>([
    ['partial text', { ...model({ text: 'Hello' }), partial: true }],
    ['merged text', model({ text: 'Hello world' })],
    ['a thought', { ...model({ text: 'hm', thought: true }), partial: true }],
    ['speech', model(SPEECH)],
    ['a file', model({ fileData: { fileUri: 'artifact://a/b/c/d#0', mimeType: 'audio/pcm' } })],
    ['code', model({ executableCode: { code: '1+1', language: 'PYTHON' } })],
    ['the result of code', model({ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } })],
    ['a part of the transcript of the user', { author: 'user', inputTranscription: { text: 'Wh', finished: false } }],
    ['a finished transcript', { outputTranscription: { text: 'It is four.', finished: true } }],
    ['the end of a turn', { turnComplete: true }],
    ['an interruption', { interrupted: true }],
    ['both flags', { turnComplete: true, interrupted: true }],
    ['tokens', { usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 } }],
    ['sources', { groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }] } }],
    ['voice activity', { voiceActivity: { voiceActivityType: 'ACTIVITY_START', audioOffset: '2.5s' } }],
    ['the reason of an end', { turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED', finishReason: 'STOP' }],
    ['long-running calls', { longRunningToolIds: ['c1'] }],
    [
      'metadata',
      {
        ...model({ text: 'x' }),
        customMetadata: { tenant: 'a' },
        branch: 'a.b',
        modelVersion: 'm-1',
        interactionId: 'i-1',
      },
    ],
  ])('with the same fields for %s', (_what, event) => {
    expect(eventFor(event)).toEqual({ ...STAMP, actions: ACTIONS, ...event });
  });

  test('with an empty list of long-running ids for calls of which none is, and none for their results', () => {
    const functionCall = { id: 'c1', name: 'clock', args: { zone: 'UTC' } };
    expect(eventFor(model({ functionCall }))).toEqual({
      ...STAMP,
      ...model({ functionCall }),
      actions: ACTIONS,
      longRunningToolIds: [],
    });
    const answered = {
      content: { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'clock', response: { result: 4 } } }] },
    };
    expect(eventFor(answered)).toEqual({ ...STAMP, ...answered, actions: ACTIONS });
  });

  test('with the pictures of a result, and without the number of those that the log has dropped, for which ADK has no field', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }];
    const shown = { functionResponse: { id: 'c1', name: 'draw', response: {}, parts } };
    const dropped = { functionResponse: { id: 'c2', name: 'draw', response: {}, pictures: 1 } };
    const event = eventFor({ content: { role: 'user', parts: [shown, dropped] } });
    expect(event.content).toMatchObject({
      parts: [shown, { functionResponse: { id: 'c2', name: 'draw', response: {} } }],
    });
    expect(event).not.toHaveProperty('content.parts.1.functionResponse.pictures');
  });

  test('with a call that a client runs as a long-running one', () => {
    const functionCall = { id: 'c1', name: 'page_title', args: {} };
    const event = eventFor({ ...model({ functionCall }), clientToolIds: ['c1'] });
    expect(event.longRunningToolIds).toEqual(['c1']);
    expect(event).not.toHaveProperty('clientToolIds');
    expect(eventFor({ longRunningToolIds: ['c0', 'c1'], clientToolIds: ['c1'] }).longRunningToolIds).toEqual([
      'c0',
      'c1',
    ]);
  });

  test('with the effects of the event among its actions', () => {
    expect(eventFor({ actions: { transferToAgent: 'b' } }).actions).toEqual({ ...ACTIONS, transferToAgent: 'b' });
  });

  test('with its fields in the order of ADK for a piece of speech, whose author is escaped and whose missing fields are left out', () => {
    const { inlineData } = SPEECH;
    const content = {
      parts: [{ inlineData: { data: inlineData.data, mimeType: inlineData.mimeType } }],
      role: 'model',
    };
    for (const author of ['agent', '"\n']) {
      const { id, invocationId, timestamp } = STAMP;
      const expected = { content, invocationId, author, actions: ACTIONS, id, timestamp };
      expect(encode({ content, author })[0]?.data).toBe(JSON.stringify(expected));
    }
    const { id: _, ...anonymous } = { ...STAMP, content };
    const event = anonymous as AgentEvent; // as a runner that is not ours may yield it
    const [frame] = adkDialect.encodeEntry({ seq: 7, turn: 3, message: { event } });
    expect(JSON.parse(frame?.data ?? '')).toEqual({ ...anonymous, actions: ACTIONS });
  });

  test.each([null, { parts: null }, { parts: [] }])(
    'also if a runner that is not ours yields the content %j',
    (content) => {
      const event = { ...STAMP, content } as unknown as AgentEvent;
      expect(() => adkDialect.encodeEntry({ seq: 7, turn: 3, message: { event } })).not.toThrow();
    },
  );

  test('with the same base64, escaped if a provider sends something else', () => {
    for (const data of ['AAECAw==', '-_8', '"', '\u0000', '\ud800']) {
      const inlineData = { mimeType: 'audio/pcm', data };
      expect(eventFor(model({ inlineData }, { text: 'x' }))).toMatchObject(model({ inlineData }, { text: 'x' }));
    }
  });

  test('with our own words for an error of the provider', () => {
    const event = eventFor({ turnComplete: true, errorCode: 'SAFETY', errorMessage: 'project 7 of key AIzaX' });
    expect(event).toMatchObject({ turnComplete: true, errorCode: 'SAFETY' });
    expect(event.errorMessage).toBe('The model withheld its answer (SAFETY): ask in another way');
    const odd = eventFor({ errorCode: 'key AIzaX is bad', errorMessage: 'key AIzaX' });
    expect(odd.errorCode).toBe('response_failed');
    expect(JSON.stringify(odd)).not.toContain('AIza');
    expect(eventFor({ errorMessage: 'key AIzaX' }).errorCode).toBe('response_failed');
    expect(eventFor({ turnComplete: true, turnCompleteReason: 'key AIzaX', finishReason: 'AIzaX' })).toEqual({
      ...STAMP,
      actions: ACTIONS,
      turnComplete: true,
    });
  });
});

describe('what is no Event of ADK', () => {
  test('is a named event: status, cancelled calls, interim words and the end', () => {
    expect(encode({ status: { upstream: 'ready' } })).toEqual([{ event: 'status', data: '{"upstream":"ready"}' }]);
    expect(encode({ toolCancellation: ['a', 'b'] })).toEqual([
      { event: 'tool_cancel', data: '{"id":"a"}' },
      { event: 'tool_cancel', data: '{"id":"b"}' },
    ]);
    expect(encode({ author: 'user', interimInputTranscription: { text: 'Wha' }, partial: true })).toEqual([
      { event: 'interim_transcript', data: '{"text":"Wha","turn":3}' },
    ]);
    expect(adkDialect.encodeEntry({ seq: 1, turn: 1, message: { end: { reason: 'closed' } } })).toEqual([
      { event: 'end', data: '{"reason":"closed"}' },
    ]);
  });

  test('is nothing: ids of the provider and handles', () => {
    expect(encode({ liveSessionId: 's1' })).toEqual([]);
    expect(encode({ usageMetadata: { searchQueryCount: 2 } })).toEqual([]);
    expect(eventFor({ usageMetadata: { totalTokenCount: 3, searchQueryCount: 2 } }).usageMetadata).toEqual({
      totalTokenCount: 3,
    });
    expect(encode({ liveSessionResumptionUpdate: { newHandle: 'h1', resumable: true } })).toEqual([]);
    const event = eventFor({ turnComplete: true, answered: true, liveSessionId: 's1' });
    expect(event).toEqual({ ...STAMP, actions: ACTIONS, turnComplete: true });
  });

  test('is an Event with an error: the failure of a run, and a refusal', () => {
    const failure = new WireError('model_quota').body();
    const names = { epoch: 'e', sessionId: 'default', agent: 'anna' };
    const [frame] = adkDialect.encodeEntry({ seq: 7, turn: 1, message: { failure }, names });
    const expected = {
      id: 'e.7',
      author: 'anna',
      invocationId: '',
      actions: ACTIONS,
      errorCode: 'model_quota',
      errorMessage: 'The quota at the model provider is used up: wait, or raise the quota of the API key',
    };
    expect(frame?.event).toBeUndefined();
    expect(JSON.parse(frame?.data ?? '')).toEqual(expected);
    expect(JSON.parse(adkDialect.encodeRefusal(failure, names).data)).toEqual({ ...expected, id: '' });
  });
});

describe('audio that is not sent', () => {
  test('leaves the place of its entry, or the rest of its Event', () => {
    expect(encode({ content: { role: 'model', parts: [DROPPED] } })).toEqual([undefined]);
    expect(encode({ content: { role: 'model', parts: [SPEECH] } }, silentAdkDialect)).toEqual([undefined]);
    expect(eventFor({ content: { role: 'model', parts: [DROPPED, { text: 'x' }] } }).content).toEqual({
      role: 'model',
      parts: [{ text: 'x' }],
    });
    expect(eventFor({ content: { role: 'model', parts: [DROPPED] }, interrupted: true })).toEqual({
      ...STAMP,
      actions: ACTIONS,
      interrupted: true,
    });
    const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const [frame] = encode({ content: { role: 'model', parts: [SPEECH, picture] } }, silentAdkDialect);
    expect(JSON.parse(frame?.data ?? '').content.parts).toEqual([picture]);
  });

  test('is reported by a gap, except to a reader without audio', () => {
    expect(adkDialect.encodeControl('gap', { audio_ms: 40 })).toEqual([{ event: 'gap', data: '{"audio_ms":40}' }]);
    expect(silentAdkDialect.encodeControl('gap', { audio_ms: 40 })).toEqual([]);
    expect(selectDialect('adk', true)).toBe(adkDialect);
    expect(selectDialect('adk', false)).toBe(silentAdkDialect);
  });
});

describe('every event', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 });
  const part: fc.Arbitrary<Part> = fc.oneof(
    fc.record({ text }),
    fc.record({ inlineData: fc.record({ mimeType: fc.constantFrom('audio/pcm', 'image/png'), data: text }) }),
    fc.record({ functionCall: fc.record({ id: text, name: text, args: fc.dictionary(text, fc.jsonValue()) }) }),
  );
  const event: fc.Arbitrary<Partial<AgentEvent>> = fc.record(
    {
      author: text,
      content: fc.record({ role: fc.constantFrom('model', 'user'), parts: fc.array(part, { maxLength: 4 }) }),
      partial: fc.boolean(),
      turnComplete: fc.boolean(),
      interrupted: fc.boolean(),
      outputTranscription: fc.record({ text, finished: fc.boolean() }),
      interimInputTranscription: fc.record({ text }),
      errorCode: text,
      errorMessage: fc.constant('SECRET'),
      turnCompleteReason: fc.constant('the SECRET'),
      liveSessionId: fc.constant('SECRET'),
      liveSessionResumptionUpdate: fc.constant({ newHandle: 'SECRET' }),
      toolCancellation: fc.array(text, { maxLength: 2 }),
      answered: fc.boolean(),
      status: fc.constant({ upstream: 'ready' as const }),
    },
    { requiredKeys: [] },
  );
  const PRIVATE = [
    'status',
    'answered',
    'toolCancellation',
    'interimInputTranscription',
    'liveSessionResumptionUpdate',
  ];

  test('is valid JSON on one line, without a private field, at most one message of it unnamed', () => {
    fc.assert(
      fc.property(event, (fields) => {
        const frames = encode(fields);
        const unnamed = frames.filter((frame) => frame && frame.event === undefined);
        expect(unnamed.length).toBeLessThanOrEqual(1);
        for (const frame of frames) {
          expect(frame?.data).not.toMatch(/[\r\n]|SECRET/);
          if (frame) JSON.parse(frame.data);
        }
        const sent = unnamed[0] ? JSON.parse(unnamed[0].data) : {};
        for (const name of PRIVATE) expect(sent).not.toHaveProperty(name);
      }),
    );
  });

  test('has the same number of frames with and without its audio', () => {
    fc.assert(
      fc.property(event, (fields) => {
        const { content } = fields;
        const parts = content?.parts?.map((one) =>
          one.inlineData ? { droppedAudio: { mimeType: one.inlineData.mimeType, ms: 1 } } : one,
        );
        const dropped = content && parts ? { ...fields, content: { ...content, parts } } : fields;
        const places = encode(fields).length;
        expect(encode(dropped)).toHaveLength(places);
        expect(encode(fields, silentAdkDialect)).toHaveLength(places);
      }),
    );
  });
});
