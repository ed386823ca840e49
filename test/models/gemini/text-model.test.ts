import { describe, expect, test } from '@jest/globals';
import { type GeminiEmulatorOptions, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import type { TextAnswer } from '../../../src/emulator/gemini/text-answer.ts';
import { geminiTextModel } from '../../../src/models/gemini/text-model.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../cleanup.ts';
import { KEY, modelAt, never } from './gemini-model.ts';

const closing = closesAfterEach();
const REQUEST = { instruction: 'Repeat.', text: 'hello', maxOutputTokens: 1_000 };

async function open(options: GeminiEmulatorOptions = {}, model = 'gemini-3.5-flash-lite') {
  const emulator = closing(await startGeminiEmulator({ strict: true, ...options }));
  return { emulator, model: geminiTextModel({ model, apiKey: KEY, apiVersion: 'v1beta', baseUrl: emulator.url }) };
}

async function failure(answer: TextAnswer): Promise<WireError> {
  const { model } = await open({ textAnswers: [answer] });
  const error = await model.generate(REQUEST, never).catch((thrown: unknown) => thrown);
  if (!WireError.is(error)) throw new Error(`no WireError: ${String(error)}`);
  return error;
}

test('a text model of Gemini generates a text with the instruction and the limit, and reports what it has cost', async () => {
  const { model, emulator } = await open();
  expect(await model.generate(REQUEST, never)).toEqual({
    text: 'I was given: hello',
    usage: {
      promptTokenCount: 3,
      candidatesTokenCount: 5,
      totalTokenCount: 8,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 3 }],
    },
  });
  expect(emulator.textRequests).toEqual([
    {
      contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
      systemInstruction: { parts: [{ text: 'Repeat.' }] },
      generationConfig: { maxOutputTokens: 1_000 },
    },
  ]);
});

test('the text model of a live model has its credentials, on AI Studio and on Vertex AI', async () => {
  const emulator = closing(await startGeminiEmulator({ strict: true, apiKey: KEY }));
  for (const options of [{}, { vertexai: true, apiVersion: 'v1beta1' }]) {
    const model = modelAt(emulator.url, options).createTextModel?.('gemini-3.5-flash-lite');
    expect(await model?.generate(REQUEST, never)).toMatchObject({ text: 'I was given: hello' });
  }
});

test('parts of reasoning are no part of the text', async () => {
  const parts = [{ text: 'hm', thought: true }, { text: 'one' }, { text: ' two' }];
  const send = JSON.stringify({ candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] });
  const { model } = await open({ textAnswers: [{ send }] });
  expect(await model.generate(REQUEST, never)).toEqual({ text: 'one two' });
});

test('a request that is aborted ends with the reason of its signal', async () => {
  const { model, emulator } = await open({ textAnswers: ['silence'] });
  const abort = new AbortController();
  const generated = model.generate(REQUEST, abort.signal);
  generated.catch(() => {});
  while (emulator.textRequests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort(new Error('enough'));
  await expect(generated).rejects.toThrow('enough');
});

describe('a failure of the provider becomes an error in our own words:', () => {
  const secret = `PROJECT-4711 ${KEY}`;
  test.each<[TextAnswer, string, Partial<WireError>]>([
    [{ status: 429, retryDelay: '38s' }, 'quota', { code: 'model_quota', details: { retry_after_ms: 38_000 } }],
    [{ status: 429, retryDelay: '99999999s' }, 'quota', { details: { retry_after_ms: 86_400_000 } }],
    [{ status: 429, message: secret }, 'HTTP 429', { code: 'model_quota', details: {} }],
    [{ status: 503 }, 'overloaded', { code: 'model_unreachable', retry: true }],
    [{ status: 500, message: secret }, 'HTTP 500', { code: 'model_unreachable' }],
    [{ status: 400, message: secret }, 'HTTP 400', { code: 'model_request_refused', retry: false }],
    [{ status: 400, message: `API key not valid: ${secret}` }, 'key is not valid', { code: 'model_key_refused' }],
    [{ status: 403, message: secret }, 'permission denied', { code: 'model_key_refused' }],
    [{ finishReason: 'MAX_TOKENS' }, 'MAX_TOKENS', { code: 'model_request_refused', retry: false }],
    [{ finishReason: 'SAFETY' }, 'SAFETY', { code: 'model_request_refused' }],
    [{ blockReason: 'PROHIBITED_CONTENT' }, 'PROHIBITED_CONTENT', { code: 'model_request_refused' }],
    [{ blockReason: secret }, 'no reason given', {}],
    [{ text: '' }, 'STOP', { code: 'model_request_refused' }],
    [{ text: 'x'.repeat(5_000) }, 'MAX_TOKENS', {}],
    [{ send: '{"candidates":' }, 'cannot be reached', { code: 'model_unreachable', retry: true }],
    [{ send: '{"candidates":[{"content":7}]}' }, 'no reason given', {}],
    [{ send: ' '.repeat(5_000_000) }, 'cannot be reached', {}],
    ['drop', 'cannot be reached', { code: 'model_unreachable', retry: true }],
  ])('%j', async (answer, words, fields) => {
    const error = await failure(answer);
    expect(error).toMatchObject(fields);
    expect(error.message).toContain(words);
    expect(JSON.stringify({ ...error.body(), stack: error.stack, cause: error.cause })).not.toMatch(/4711/);
  });

  test('a model that does not exist is named', async () => {
    const { model } = await open({}, 'other-model');
    await expect(model.generate(REQUEST, never)).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('no text model named "other-model"'),
    });
  });

  test('a key that is wrong, or none, is refused', async () => {
    const { emulator } = await open({ apiKey: 'another' });
    const model = geminiTextModel({
      model: 'gemini-3.5-flash-lite',
      apiKey: KEY,
      apiVersion: 'v1beta',
      baseUrl: emulator.url,
    });
    await expect(model.generate(REQUEST, never)).rejects.toMatchObject({ code: 'model_key_refused' });
    const response = await fetch(`${emulator.url}/v1beta/models/gemini-3.5-flash-lite:generateContent`, {
      method: 'POST',
    });
    expect(response.status).toBe(403);
  });
});

test('the name of a live model is refused before anything is sent', () => {
  const create = () => geminiTextModel({ model: 'gemini-3.8-live', apiVersion: 'v1beta' });
  expect(create).toThrow(/"gemini-3.8-live" is a live model of Gemini/);
});
