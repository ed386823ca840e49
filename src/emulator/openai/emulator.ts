import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerText } from '../offline-text-model.ts';
import { parseBody, readBody } from '../request-body.ts';
import { countTextTokens } from '../text-tokens.ts';
import { type ChatCall, OpenAIRefusal, readChatRequest } from './chat-request.ts';

/**
 * Answer that a test wants. By default the emulator repeats what it was given.
 * - `text`: this text. `finishReason`: a choice that ends for it, for example `length` or `content_filter`, without a text.
 * - `status`: an error with this HTTP status. `retryAfter`: wait in seconds. `message`: text of the error.
 * - `send`: this body with the status 200, as it is. `"silence"`: no answer. `"drop"`: the connection breaks.
 */
export type ChatAnswer =
  | { readonly text: string }
  | { readonly finishReason: string }
  | { readonly status: number; readonly retryAfter?: number; readonly message?: string }
  | { readonly send: string }
  | 'silence'
  | 'drop';

export interface OpenAIEmulatorOptions {
  /** The only accepted key. Default: any key is accepted, no key is not. */
  readonly apiKey?: string;
  /** Answers to the first requests, in order. Default: the emulator repeats what it was given. */
  readonly answers?: readonly ChatAnswer[];
}

export interface OpenAIEmulator {
  /** Base URL as the SDK takes it: `http://127.0.0.1:1234/v1`. */
  readonly url: string;
  /** Bodies of the latest 100 requests, in order. */
  readonly requests: readonly unknown[];
  close(): Promise<void>;
}

const MAX_RECORDED = 100;

/** Starts a server with the chat completions of OpenAI, as the package `openai` expects them. */
export async function startOpenAIEmulator(options: OpenAIEmulatorOptions = {}): Promise<OpenAIEmulator> {
  const emulator = new ChatServer(options);
  await emulator.listen();
  return emulator;
}

class ChatServer implements OpenAIEmulator {
  readonly requests: unknown[] = [];
  readonly #options: OpenAIEmulatorOptions;
  readonly #server: Server;
  #answered = 0;
  #port = 0;

  constructor(options: OpenAIEmulatorOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    // A listening TCP server has an AddressInfo, not the name of a pipe.
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
        throw new OpenAIRefusal(404, `Invalid URL (${request.method} ${request.url})`);
      }
      this.#checkKey(request);
      const body = parseBody(await readBody(request));
      this.requests.push(body);
      if (this.requests.length > MAX_RECORDED) this.requests.shift();
      const call = readChatRequest(body);
      const answer = this.#options.answers?.[this.#answered] ?? { text: answerText(call.text) };
      this.#answered += 1;
      sendAnswer(response, call, answer);
    } catch (error) {
      if (!(error instanceof OpenAIRefusal)) throw error;
      sendError(response, error);
    }
  }

  /** @throws {OpenAIRefusal} 401 */
  #checkKey({ headers }: IncomingMessage): void {
    const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (key === undefined) throw new OpenAIRefusal(401, "You didn't provide an API key.");
    const { apiKey } = this.#options;
    if (apiKey === undefined || key === apiKey) return;
    throw new OpenAIRefusal(401, `Incorrect API key provided: ${key}.`, 'invalid_api_key');
  }
}

function sendAnswer(response: ServerResponse, call: ChatCall, answer: ChatAnswer): void {
  if (answer === 'silence') return;
  if (answer === 'drop') response.destroy();
  else if ('status' in answer) {
    const { status, retryAfter, message = 'The server had an error.' } = answer;
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    sendError(response, new OpenAIRefusal(status, message));
  } else if ('send' in answer) response.writeHead(200, { 'content-type': 'application/json' }).end(answer.send);
  else if ('finishReason' in answer) sendCompletion(response, call, '', answer.finishReason);
  else {
    const isCut = countTextTokens(answer.text) > call.maxTokens;
    sendCompletion(response, call, answer.text, isCut ? 'length' : 'stop');
  }
}

function sendCompletion(response: ServerResponse, { model, prompt }: ChatCall, content: string, reason: string): void {
  const [prompt_tokens, completion_tokens] = [countTextTokens(prompt), countTextTokens(content)];
  const body = {
    id: 'chatcmpl-emulated',
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: reason }],
    usage: {
      ...{ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, { status, message, code, param }: OpenAIRefusal): void {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  const body = JSON.stringify({ error: { message, type, param, code } });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
