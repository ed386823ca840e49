import { describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { LlmSummarizer } from '../../../src/agent/llm-summarizer.ts';
import {
  type ChatAnswer,
  type OpenAIEmulatorOptions,
  startOpenAIEmulator,
} from '../../../src/emulator/openai/emulator.ts';
import { openaiTextModel } from '../../../src/models/openai/text-model.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../cleanup.ts';

const closing = closesAfterEach();
const KEY = 'sk-secret-4711';
const REQUEST = { instruction: 'Repeat.', text: 'hello', maxOutputTokens: 1_000 };
const never = new AbortController().signal;

async function open(options: OpenAIEmulatorOptions = {}, model = 'gpt-5.4-mini') {
  const emulator = closing(await startOpenAIEmulator(options));
  const client = new OpenAI({ apiKey: KEY, baseURL: emulator.url });
  return { emulator, client, model: openaiTextModel({ client, model }) };
}

test.each(['gpt-5.4-mini', 'qwen3.5-flash'])(
  '%s generates a text through the real SDK, and reports what it has cost',
  async (name) => {
    const { model, emulator } = await open({ apiKey: KEY }, name);
    expect(await model.generate(REQUEST, never)).toEqual({
      text: 'I was given: hello',
      usage: { promptTokenCount: 3, candidatesTokenCount: 5, totalTokenCount: 8 },
    });
    expect(emulator.requests).toEqual([
      {
        model: name,
        messages: [
          { role: 'system', content: 'Repeat.' },
          { role: 'user', content: 'hello' },
        ],
        max_completion_tokens: 1_000,
      },
    ]);
  },
);

test('it is the model of an LlmSummarizer', async () => {
  const { model } = await open();
  const turns = [{ role: 'user' as const, text: 'my name is Anna' }];
  const request = { previousSummary: 'They met.', turns, maxCharacters: 100, signal: never };
  expect(await new LlmSummarizer(model).summarize(request)).toMatchObject({
    text: 'I was given: They met. / user / my name is Anna',
    usageMetadata: { totalTokenCount: expect.any(Number) },
  });
});

test('a request that is aborted ends with the reason of its signal', async () => {
  const { model, emulator } = await open({ answers: ['silence'] });
  const abort = new AbortController();
  const generated = model.generate(REQUEST, abort.signal);
  generated.catch(() => {});
  while (emulator.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort(new Error('enough'));
  await expect(generated).rejects.toThrow('enough');
});

describe('a failure of the provider becomes an error in our own words:', () => {
  const secret = `org-4711 ${KEY}`;
  test.each<[ChatAnswer, string, Partial<WireError>]>([
    [{ status: 429, retryAfter: 12 }, 'HTTP 429', { code: 'model_quota', details: { retry_after_ms: 12_000 } }],
    [{ status: 429, message: secret }, 'HTTP 429', { code: 'model_quota', details: {} }],
    [{ status: 401, message: secret }, 'HTTP 401', { code: 'model_key_refused', retry: false }],
    [{ status: 400, message: secret }, 'HTTP 400', { code: 'model_request_refused', retry: false }],
    [{ status: 404, message: secret }, 'no text model named "gpt-5.4-mini"', { code: 'model_not_found' }],
    [{ status: 503, message: secret }, 'HTTP 503', { code: 'model_unreachable', retry: true }],
    [{ finishReason: 'length' }, '(length)', { code: 'model_request_refused' }],
    [{ finishReason: 'content_filter' }, '(content_filter)', {}],
    [{ finishReason: secret }, '(no reason given)', {}],
    [{ text: 'x'.repeat(5_000) }, '(length)', {}],
    [{ text: '' }, '(no reason given)', {}],
    [{ send: '{"choices":7}' }, '(no reason given)', {}],
    [{ send: '{"choices":' }, 'cannot be reached', { code: 'model_unreachable' }],
    ['drop', 'cannot be reached', { code: 'model_unreachable', retry: true }],
  ])('%j', async (answer, words, fields) => {
    const { model, emulator } = await open({ answers: [answer] });
    const error = await model.generate(REQUEST, never).catch((thrown: unknown) => thrown);
    if (!WireError.is(error)) throw new Error(`no WireError: ${String(error)}`);
    expect(error).toMatchObject(fields);
    expect(error.message).toContain(words);
    expect(JSON.stringify({ ...error.body(), stack: error.stack, cause: error.cause })).not.toMatch(/4711/);
    expect(emulator.requests).toHaveLength(1);
  });
});

describe('the emulator refuses as OpenAI does:', () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const model = 'gpt-5.4-mini';
  test.each<[unknown, number, string]>([
    ['{', 400, 'could not parse the JSON body'],
    [{ model, messages, words: 1 }, 400, 'Unrecognized request argument supplied: words'],
    [{ messages }, 400, 'must provide a model'],
    [{ model }, 400, "Missing required parameter: 'messages'"],
    [{ model, messages: [] }, 400, "Invalid 'messages': empty array"],
    [{ model, messages: [{ role: 'model', content: 'hi' }] }, 400, "Invalid value: 'model'"],
    [{ model, messages: [{ role: 'user' }] }, 400, "Invalid type for 'messages[0].content'"],
    [{ model, messages, max_tokens: 5 }, 400, "Use 'max_completion_tokens' instead"],
    [{ model, messages, max_completion_tokens: 0 }, 400, "Invalid 'max_completion_tokens'"],
    [{ model: 'gemini', messages }, 404, 'The model `gemini` does not exist'],
  ])('%j', async (body, status, message) => {
    const { emulator } = await open();
    const response = await fetch(`${emulator.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(message) } });
  });

  test('no key, and a wrong one', async () => {
    const { emulator } = await open({ apiKey: 'another' });
    const url = `${emulator.url}/chat/completions`;
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    expect((await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${KEY}` } })).status).toBe(401);
  });
});
