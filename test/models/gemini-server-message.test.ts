import { expect, test } from '@jest/globals';
import { type GeminiServerMessage, isOwnCallId, readServerMessage } from '../../src/models/gemini-server-message.ts';
import type { ModelEvent } from '../../src/models/realtime-model.ts';

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
  ['parts without anything', { serverContent: { modelTurn: { parts: [{}, { text: '' }, { inlineData: {} }] } } }, []],
  [
    'transcripts, in pieces and finished',
    { serverContent: { inputTranscription: { text: 'hi' }, outputTranscription: { finished: true } } },
    [
      { type: 'input_transcript', text: 'hi', finished: false },
      { type: 'output_transcript', text: '', finished: true },
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
    'a handle that cannot be used now',
    { sessionResumptionUpdate: { newHandle: 'h1', resumable: false } },
    [{ type: 'resumption', handle: undefined }],
  ],
  [
    'an update without a handle',
    { sessionResumptionUpdate: { resumable: true } },
    [{ type: 'resumption', handle: undefined }],
  ],
  [
    'the end of a turn and why',
    { serverContent: { turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED' } },
    [{ type: 'turn_complete', reason: 'RESPONSE_REJECTED' }],
  ],
  [
    'the end of a turn for no special reason',
    { serverContent: { turnComplete: true, turnCompleteReason: 'TURN_COMPLETE_REASON_UNSPECIFIED' } },
    [{ type: 'turn_complete' }],
  ],
  [
    'code and what came of it',
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
    'where the user began to speak',
    { voiceActivity: { type: 'ACTIVITY_START', audioOffset: '2.5s' } },
    [{ type: 'voice_activity', activity: { voiceActivityType: 'ACTIVITY_START', audioOffset: '2.5s' } }],
  ],
  ['the id of the session', { setupComplete: { sessionId: 's1' } }, [{ type: 'session_id', id: 's1' }]],
  ['setup that is complete', { setupComplete: {} }, []],
  ['goAway', { goAway: { timeLeft: '9.5s' } }, [{ type: 'go_away', timeLeftMs: 9_500 }]],
  ['goAway without a time', { goAway: {} }, [{ type: 'go_away', timeLeftMs: 0 }]],
  ['goAway with an odd time', { goAway: { timeLeft: 'soon' } }, [{ type: 'go_away', timeLeftMs: 0 }]],
])('readServerMessage of %s', (_what, message, events) => {
  expect(eventsOf(message)).toEqual(events);
});

test('readServerMessage of all fields in one frame gives each, in the order that ModelEvent names', () => {
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
])("readServerMessage of usage in the names of %s gives ADK's names", (_which, response) => {
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

test('readServerMessage of calls without ids, as Vertex AI sends them, gives each an id of our own', () => {
  const [event] = eventsOf({ toolCall: { functionCalls: [{ name: 'a' }, { name: 'a', id: '' }] } });
  const ids = event?.type === 'tool_call' ? event.calls.map(({ id }) => id) : [];
  expect(new Set(ids).size).toBe(2);
  expect(ids.every(isOwnCallId)).toBe(true);
  expect(isOwnCallId('function-call-4711')).toBe(false);
});

test('readServerMessage of usage passes on every count that there is', () => {
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
