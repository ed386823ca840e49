import { Modality } from '@google/genai';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONTEXT_WINDOW, readCompression } from '../../../src/emulator/gemini/context-window.ts';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { connect, joinText } from './live-client.ts';
import { openRaw, setup } from './raw-client.ts';

const TEXT = { responseModalities: [Modality.TEXT] };

let emulator: GeminiEmulator;
beforeAll(async () => {
  emulator = await startGeminiEmulator({ pace: 1_000 });
});
afterAll(() => emulator.close());

test('with contextWindowCompression the oldest turns are discarded above triggerTokens', async () => {
  const { session, messages, turn } = await connect(emulator, {
    ...TEXT,
    systemInstruction: 'Be brief',
    contextWindowCompression: { triggerTokens: '90', slidingWindow: { targetTokens: '40' } },
  });
  const prompts: number[] = [];
  for (let said = 0; said < 4; said++) {
    const from = messages.length;
    // 30 tokens, and 2 of the answer.
    session.sendRealtimeInput({ text: `bye ${'x'.repeat(116)}` });
    prompts.push((await turn(from)).at(-1)?.usageMetadata?.promptTokenCount ?? 0);
  }
  // The fourth turn finds 2 + 3 × 32 tokens: over 90. Two exchanges are forgotten, and the instruction is not.
  expect(prompts).toEqual([32, 64, 96, 64]);
  const from = messages.length;
  session.sendRealtimeInput({ text: 'what are your instructions' });
  expect(joinText(await turn(from))).toBe('My instructions are: Be brief');
  session.close();
});

test('without contextWindowCompression a conversation beyond the window is closed with 1007', async () => {
  const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
  const full = { turns: [{ parts: Array.from({ length: 497 }, () => image) }], turnComplete: false };
  const client = await openRaw(emulator);
  client.send(setup());
  client.send({ clientContent: full });
  client.send({ realtimeInput: { text: 'bye' } });
  expect(await client.closed).toEqual({ code: 1007, reason: 'Request contains an invalid argument.' });

  const sliding = await openRaw(emulator);
  sliding.send(setup({ contextWindowCompression: { slidingWindow: {} } }));
  sliding.send({ clientContent: full });
  sliding.send({ realtimeInput: { text: 'bye' } });
  await sliding.until('turnComplete');
  sliding.close();
});

test('the default trigger is 80 % of the window, and the default target is half of the trigger', () => {
  expect(readCompression({})).toEqual({ triggerTokens: CONTEXT_WINDOW * 0.8, targetTokens: CONTEXT_WINDOW * 0.4 });
  expect(readCompression({ trigger_tokens: '1001' })).toEqual({ triggerTokens: 1_001, targetTokens: 500 });
  expect(readCompression(undefined)).toBeUndefined();
});
