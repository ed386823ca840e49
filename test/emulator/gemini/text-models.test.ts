import { expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { closesAfterEach } from '../../models/cleanup.ts';

const closing = closesAfterEach();
const text = (value: string) => ({ role: 'user', parts: [{ text: value }] });

async function post(body: unknown, model = 'gemini-3.5-flash-lite') {
  const emulator = closing(await startGeminiEmulator());
  const response = await fetch(`${emulator.url}/v1beta/models/${model}:generateContent?key=k`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { error, candidates } = (await response.json()) as {
    error?: { code: number; status: string; message: string };
    candidates?: { content: { parts: { text: string }[] } }[];
  };
  return { status: response.status, error, text: candidates?.[0]?.content.parts[0]?.text };
}

test.each<[unknown, string]>([
  ['{"contents": ', 'Invalid JSON payload received'],
  [{ contents: [text('hi')], prompt: 'x' }, 'Unknown name "prompt"'],
  [{ contents: [text('hi')], generationConfig: { maxTokens: 5 } }, `Unknown name "maxTokens" at 'generation_config'`],
  [{}, 'GenerateContentRequest.contents: contents is not specified'],
  [{ contents: [] }, 'contents is not specified'],
  [{ contents: [{ role: 'user', parts: [] }] }, 'contents[0].parts: contents.parts must not be empty'],
  [{ contents: [text('hi'), { parts: [{}] }] }, `contents[1].parts[0].data: required oneof field 'data'`],
  [{ contents: [text('')] }, `required oneof field 'data'`],
  [{ contents: [{ parts: [{ text: 'a', inlineData: {} }] }] }, `oneof field 'data' is already set`],
  [{ contents: [{ parts: [{ words: 'a' }] }] }, 'Unknown name "words"'],
  [{ contents: [{ ...text('hi'), role: 'system' }] }, 'Please use a valid role: user, model.'],
  [{ contents: [{ ...text('hi'), role: 'model' }] }, 'end with a user role'],
  [{ contents: [text('hi')], generationConfig: { maxOutputTokens: 70_000 } }, 'supported range is from 1'],
])('a text model refuses %j as Gemini does', async (body, message) => {
  const { status, error } = await post(body);
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
});

test.each(['gemini-3.8-live', 'gpt-5'])('%s is no text model', async (model) => {
  const { status, error } = await post({ contents: [text('hi')] }, model);
  expect(status).toBe(404);
  expect(error?.message).toBe(
    `models/${model} is not found for API version v1beta, or is not supported for generateContent. ` +
      'Call ListModels to see the list of available models and their supported methods.',
  );
});

test('a text model repeats what it was given, the texts of JSON one by one, and of a long text the end', async () => {
  expect((await post({ contents: [text('hello')], system_instruction: text('x') })).text).toBe('I was given: hello');
  const json = JSON.stringify({ a: 'one', list: [{ b: 'two' }, 3, null] });
  expect((await post({ contents: [text(json)] })).text).toBe('I was given: one / two');
  const long = await post({ contents: [text(`${'x'.repeat(5_000)}end`)] });
  expect(long.text).toHaveLength('I was given: '.length + 1_500);
  expect(long.text?.endsWith('xend')).toBe(true);
});
