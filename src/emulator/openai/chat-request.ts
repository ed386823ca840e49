import { isJsonObject } from '../json-object.ts';

/** Refusal of a request, as the API words it. */
export class OpenAIRefusal extends Error {
  override readonly name = 'OpenAIRefusal';
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, code: string | null = null, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export interface ChatCall {
  readonly model: string;
  /** Contents of all messages. */
  readonly prompt: string;
  /** Content of the last message. */
  readonly text: string;
  readonly maxTokens: number;
}

/** Fields of the request that this server knows. @see https://platform.openai.com/docs/api-reference/chat/create */
const FIELDS = new Set([
  ...[
    'model',
    'messages',
    'max_completion_tokens',
    'max_tokens',
    'temperature',
    'top_p',
    'n',
    'stop',
    'stream',
    'seed',
  ],
  ...['response_format', 'reasoning_effort', 'verbosity', 'tools', 'tool_choice', 'user', 'metadata', 'store'],
  ...['service_tier', 'safety_identifier', 'prompt_cache_key', 'frequency_penalty', 'presence_penalty'],
]);
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];

/**
 * Reads and validates the body of a request for a chat completion.
 * @throws {OpenAIRefusal} 400, 404
 */
export function readChatRequest(body: unknown): ChatCall {
  if (!isJsonObject(body)) throw new OpenAIRefusal(400, 'We could not parse the JSON body of your request.');
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw new OpenAIRefusal(400, `Unrecognized request argument supplied: ${unknown}`);
  const { model, messages, max_completion_tokens: limit = Number.MAX_SAFE_INTEGER } = body;
  if (typeof model !== 'string' || model === '') throw new OpenAIRefusal(400, 'you must provide a model parameter');
  if (!/^(?:gpt-|o\d|qwen)/.test(model)) {
    const message = `The model \`${model}\` does not exist or you do not have access to it.`;
    throw new OpenAIRefusal(404, message, 'model_not_found');
  }
  if (body.max_tokens !== undefined) {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    throw new OpenAIRefusal(400, message, 'unsupported_parameter', 'max_tokens');
  }
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw new OpenAIRefusal(
      400,
      `Invalid 'max_completion_tokens': integer below minimum value.`,
      null,
      'max_completion_tokens',
    );
  }
  const contents = readMessages(messages);
  return { model, prompt: contents.join(''), text: contents.at(-1) ?? '', maxTokens: limit };
}

function readMessages(messages: unknown): string[] {
  if (!Array.isArray(messages)) {
    throw new OpenAIRefusal(400, "Missing required parameter: 'messages'.", 'missing_required_parameter', 'messages');
  }
  if (messages.length === 0) {
    const message =
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    throw new OpenAIRefusal(400, message, 'empty_array', 'messages');
  }
  return messages.map((message: unknown, index) => {
    const { role, content } = isJsonObject(message) ? message : {};
    if (!ROLES.includes(String(role))) {
      throw new OpenAIRefusal(400, `Invalid value: '${String(role)}'.`, 'invalid_value', `messages[${index}].role`);
    }
    if (typeof content !== 'string') {
      const text = `Invalid type for 'messages[${index}].content': expected a string.`;
      throw new OpenAIRefusal(400, text, 'invalid_type', `messages[${index}].content`);
    }
    return content;
  });
}
