import { expect, test } from '@jest/globals';
import { type GeminiServerMessage, readServerMessage } from '../../../src/models/gemini/server-message.ts';
import type { ModelEvent } from '../../../src/models/realtime-model.ts';

function eventsOf(message: GeminiServerMessage): ModelEvent[] {
  const events: ModelEvent[] = [];
  readServerMessage(message, (event) => events.push(event));
  return events;
}

test.each<[string, GeminiServerMessage, ModelEvent[]]>([
  ['setupComplete', { setupComplete: {} } as GeminiServerMessage, []],
  ['an empty frame', {}, []],
  ['empty content', { serverContent: {} }, []],
  [
    'text, and thoughts',
    { serverContent: { modelTurn: { parts: [{ text: 'hm', thought: true }, { text: 'Yes.' }] } } },
    [
      { type: 'text', text: 'hm', thought: true },
      { type: 'text', text: 'Yes.', thought: false },
    ],
  ],
  [
    'audio, its base64 untouched',
    { serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AA==' } }] } } },
    [{ type: 'audio', mimeType: 'audio/pcm;rate=24000', data: 'AA==' }],
  ],
  [
    'audio without a mime type',
    { serverContent: { modelTurn: { parts: [{ inlineData: { data: 'AA==' } }] } } },
    [{ type: 'audio', mimeType: 'audio/pcm', data: 'AA==' }],
  ],
  [
    'audio whose mime type is a text of another kind',
    { serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;key=AIza1', data: 'AA==' } }] } } },
    [{ type: 'audio', mimeType: 'application/octet-stream', data: 'AA==' }],
  ],
  ['empty parts', { serverContent: { modelTurn: { parts: [{}, { text: '' }, { inlineData: {} }] } } }, []],
  [
    'partial and finished transcripts',
    { serverContent: { inputTranscription: { text: 'hi' }, outputTranscription: { finished: true } } },
    [
      { type: 'input_transcript', text: 'hi', finished: false },
      { type: 'output_transcript', text: '', finished: true },
    ],
  ],
  [
    'an interim transcript beside a transcript',
    { serverContent: { interimInputTranscription: { text: 'hi the' }, inputTranscription: { text: 'hi' } } },
    [
      { type: 'interim_transcript', text: 'hi the' },
      { type: 'input_transcript', text: 'hi', finished: false },
    ],
  ],
  ['empty transcripts', { serverContent: { inputTranscription: {}, outputTranscription: { text: '' } } }, []],
  [
    'a tool call without arguments',
    { toolCall: { functionCalls: [{ id: 'c1', name: 'clock' }] } },
    [{ type: 'tool_call', calls: [{ id: 'c1', name: 'clock', args: {} }] }],
  ],
  ['an empty tool call', { toolCall: { functionCalls: [] } }, []],
  ['a cancelled call', { toolCallCancellation: { ids: ['c1'] } }, [{ type: 'tool_cancel', ids: ['c1'] }]],
  ['grounding', { serverContent: { groundingMetadata: { x: 1 } } }, [{ type: 'grounding', metadata: { x: 1 } }]],
  [
    'a handle',
    { sessionResumptionUpdate: { newHandle: 'h1', resumable: true } },
    [{ type: 'resumption', handle: 'h1' }],
  ],
  [
    'a handle that is not resumable',
    { sessionResumptionUpdate: { newHandle: 'h1', resumable: false } },
    [{ type: 'resumption', handle: undefined }],
  ],
  [
    'an update without a handle',
    { sessionResumptionUpdate: { resumable: true } },
    [{ type: 'resumption', handle: undefined }],
  ],
  [
    'the end of a turn with its reason',
    { serverContent: { turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED' } },
    [{ type: 'turn_complete', reason: 'RESPONSE_REJECTED' }],
  ],
  [
    'the end of a turn without a special reason',
    { serverContent: { turnComplete: true, turnCompleteReason: 'TURN_COMPLETE_REASON_UNSPECIFIED' } },
    [{ type: 'turn_complete' }],
  ],
  ['IDLE at the top of a frame', { interactionStatus: 'IDLE' }, [{ type: 'exchange_complete' }]],
  [
    'IDLE at the end of a turn',
    { serverContent: { turnComplete: true, interactionStatus: 'IDLE' } },
    [{ type: 'turn_complete', endsExchange: true }, { type: 'exchange_complete' }],
  ],
  [
    'IDLE beside the end of a turn',
    { interactionStatus: 'IDLE', serverContent: { turnComplete: true } },
    [{ type: 'turn_complete', endsExchange: true }, { type: 'exchange_complete' }],
  ],
  [
    'the end of a turn after which the model works on',
    { serverContent: { turnComplete: true, interactionStatus: 'IN_PROGRESS' } },
    [{ type: 'turn_complete' }],
  ],
  ['work in progress', { interactionStatus: 'REQUIRES_ACTION' }, []],
  [
    'code and its result',
    {
      serverContent: {
        modelTurn: { parts: [{ executableCode: { code: '1' } }, { codeExecutionResult: { outcome: 'OUTCOME_OK' } }] },
      },
    },
    [
      { type: 'code', part: { executableCode: { code: '1' } } },
      { type: 'code', part: { codeExecutionResult: { outcome: 'OUTCOME_OK' } } },
    ],
  ],
  [
    'the start of speech of the user',
    { voiceActivity: { type: 'ACTIVITY_START', audioOffset: '2.5s' } },
    [{ type: 'voice_activity', activity: { voiceActivityType: 'ACTIVITY_START', audioOffset: '2.5s' } }],
  ],
  ['the id of the session', { setupComplete: { sessionId: 's1' } }, [{ type: 'session_id', id: 's1' }]],
  ['setupComplete without a session id', { setupComplete: {} }, []],
  ['goAway', { goAway: { timeLeft: '9.5s' } }, [{ type: 'go_away', timeLeftMs: 9_500 }]],
  ['goAway without a time', { goAway: {} }, [{ type: 'go_away', timeLeftMs: 0 }]],
  ['goAway with an odd time', { goAway: { timeLeft: 'soon' } }, [{ type: 'go_away', timeLeftMs: 0 }]],
])('readServerMessage converts %s', (_what, message, events) => {
  expect(eventsOf(message)).toEqual(events);
});

test('readServerMessage converts all fields of one frame, in the order that ModelEvent documents', () => {
  const types = eventsOf({
    goAway: { timeLeft: '1s' },
    sessionResumptionUpdate: { newHandle: 'h', resumable: true },
    usageMetadata: { totalTokenCount: 1 },
    toolCallCancellation: { ids: ['c0'] },
    toolCall: { functionCalls: [{ id: 'c1', name: 'clock' }] },
    serverContent: {
      turnComplete: true,
      generationComplete: true,
      interrupted: true,
      groundingMetadata: {},
      outputTranscription: { text: 'o' },
      modelTurn: { parts: [{ text: 't' }, { inlineData: { data: 'AA==' } }] },
      inputTranscription: { text: 'i' },
    },
  }).map(({ type }) => type);
  expect(types).toEqual([
    'input_transcript',
    'text',
    'audio',
    'output_transcript',
    'tool_call',
    'tool_cancel',
    'grounding',
    'usage',
    'interrupted',
    'generation_complete',
    'turn_complete',
    'resumption',
    'go_away',
  ]);
});

const details = [{ modality: 'TEXT', tokenCount: 5 }];

test.each([
  ['the Developer API', { responseTokenCount: 5, responseTokensDetails: details }],
  ['Vertex AI', { candidatesTokenCount: 5, candidatesTokensDetails: details }],
])("readServerMessage converts usage under the names of %s to ADK's names", (_which, response) => {
  const usageMetadata = { promptTokenCount: 7, totalTokenCount: 12, promptTokensDetails: details, ...response };
  expect(eventsOf({ usageMetadata })).toEqual([
    {
      type: 'usage',
      usage: {
        promptTokenCount: 7,
        totalTokenCount: 12,
        promptTokensDetails: details,
        candidatesTokenCount: 5,
        candidatesTokensDetails: details,
      },
    },
  ]);
});

test('readServerMessage reads calls in both forms that models use, and a call that comes in both once', () => {
  const call = { id: 'c1', name: 'dice', args: { sides: 6 } };
  const unnamed = { name: 'clock', args: {} };
  const inParts = (...calls: object[]) => ({ modelTurn: { parts: calls.map((functionCall) => ({ functionCall })) } });
  const once = [{ type: 'tool_call', calls: [call, { id: '', ...unnamed }] }];
  expect(eventsOf({ serverContent: inParts(call, unnamed) })).toEqual(once);
  expect(eventsOf({ toolCall: { functionCalls: [call, unnamed] }, serverContent: inParts(call, unnamed) })).toEqual(
    once,
  );
});

test('readServerMessage keeps every count of usage', () => {
  const usageMetadata = {
    promptTokenCount: 1,
    cachedContentTokenCount: 2,
    candidatesTokenCount: 3,
    toolUsePromptTokenCount: 4,
    thoughtsTokenCount: 5,
    totalTokenCount: 15,
    promptTokensDetails: details,
    cacheTokensDetails: details,
    candidatesTokensDetails: details,
    toolUsePromptTokensDetails: details,
    trafficType: 'ON_DEMAND',
  };
  expect(eventsOf({ usageMetadata })).toEqual([{ type: 'usage', usage: usageMetadata }]);
});

test('readServerMessage refuses a frame with more than 128 calls, each of which would be compared with all others', () => {
  const functionCall = (index: number) => ({ name: `f${index}`, args: {} });
  const frame = (count: number) => ({
    serverContent: {
      modelTurn: { parts: Array.from({ length: count }, (_, i) => ({ functionCall: functionCall(i) })) },
    },
  });
  const [event] = eventsOf(frame(128));
  expect(event?.type === 'tool_call' && event.calls.length).toBe(128);
  expect(() => eventsOf(frame(129))).toThrow(TypeError);
});

test('readServerMessage refuses a frame that takes back more than 128 calls, each of which would be an event of its own', () => {
  const ids = Array.from({ length: 129 }, (_, index) => `c${index}`);
  expect(eventsOf({ toolCallCancellation: { ids: ids.slice(1) } })).toEqual([
    { type: 'tool_cancel', ids: ids.slice(1) },
  ]);
  expect(() => eventsOf({ toolCallCancellation: { ids } })).toThrow(TypeError);
});

test.each<[string, (value: Record<string, unknown>) => GeminiServerMessage]>([
  ['sources', (groundingMetadata) => ({ serverContent: { groundingMetadata } })],
  ['arguments', (args) => ({ toolCall: { functionCalls: [{ id: 'c1', name: 'dice', args }] } })],
  ['code', (executableCode) => ({ serverContent: { modelTurn: { parts: [{ executableCode }] } } })],
  [
    'results of code',
    (codeExecutionResult) => ({ serverContent: { modelTurn: { parts: [{ codeExecutionResult }] } } }),
  ],
])('readServerMessage refuses %s that are nested so deeply that they cannot be serialized', (_what, frame) => {
  const nest = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  expect(eventsOf(frame(nest(64)))).toHaveLength(1);
  for (const levels of [65, 100_000]) expect(() => eventsOf(frame(nest(levels)))).toThrow(TypeError);
});
