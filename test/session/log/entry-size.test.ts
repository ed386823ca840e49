import { expect, test } from '@jest/globals';
import { entrySize } from '../../../src/session/log/entry-size.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { message, turnComplete } from './log-messages.ts';

const LONG = 'x'.repeat(10_000);

test.each<[string, LogMessage]>([
  ['a transcript', message({ outputTranscription: { text: LONG, finished: true } })],
  ['an input transcript', message({ inputTranscription: { text: LONG, finished: true } })],
  ['a tool call', message({ content: { parts: [{ functionCall: { id: 'c', name: 'n', args: { x: LONG } } }] } })],
  [
    'a tool result',
    message({ content: { parts: [{ functionResponse: { id: 'c', name: 'n', response: { x: LONG } } }] } }),
  ],
  ['a failure', { failure: { error: LONG, code: 'internal', retry: true } }],
  ['text', message({ content: { parts: [{ text: LONG }] } })],
  ['audio', message({ content: { parts: [{ inlineData: { mimeType: 'audio/pcm', data: LONG } }] } })],
  ['a mime type', message({ content: { parts: [{ inlineData: { mimeType: LONG, data: '' } }] } })],
  ['grounding', message({ groundingMetadata: { searchEntryPoint: { renderedContent: LONG } } })],
  ['code', message({ content: { role: 'model', parts: [{ executableCode: { code: LONG } }] } })],
  ['the result of code', message({ content: { parts: [{ codeExecutionResult: { output: LONG } }] } })],
  ['usage', message({ usageMetadata: { trafficType: LONG } })],
  ['ids of calls', message({ toolCancellation: [LONG] })],
  ['voice activity', message({ voiceActivity: { audioOffset: LONG } })],
  ['the reason of a turn end', message({ turnComplete: true, turnCompleteReason: LONG })],
  ['an error code', message({ errorCode: LONG })],
  ['an error message', message({ errorMessage: LONG })],
  ['an id of the provider', message({ liveSessionId: LONG })],
])('entrySize counts the bytes of %s', (_what, each) => {
  expect(entrySize(each)).toBeGreaterThan(10_000);
  expect(entrySize(each)).toBeLessThan(11_500);
});

test('entrySize counts several hundred bytes for an entry without text, so that many small entries are not free', () => {
  expect(entrySize(turnComplete())).toBeGreaterThan(300);
});
