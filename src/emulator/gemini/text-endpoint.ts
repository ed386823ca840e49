import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerText } from '../offline-text-model.ts';
import { parseBody, readBody } from '../request-body.ts';
import { countTextTokens } from '../text-tokens.ts';
import { checkCredential, type GeminiEndpoint } from './endpoint.ts';
import { GeminiRefusal } from './refusal.ts';
import { isLiveModel } from './setup.ts';
import { createErrorBody, createResponseBody, type TextAnswer } from './text-answer.ts';
import { readTextRequest } from './text-request.ts';

const GEMINI_PATH = /\/(v1|v1beta|v1alpha)\/models\/([^/:]+):generateContent$/;
const VERTEX_PATH =
  /\/(v1|v1beta1)\/(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\/([^/:]+):generateContent$/;
const OVERLOADED = 'The model is overloaded. Please try again later.';
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';

export interface TextEndpointOptions {
  /** The only accepted key. Undefined: any key is accepted. */
  readonly apiKey: string | undefined;
  /** Answers of the first requests, in order. Later ones are answered by what was given. */
  readonly answers: readonly TextAnswer[];
  /** Called with the body of each request, before it is validated. */
  onRequest(body: unknown): void;
}

interface TextCall extends Pick<GeminiEndpoint, 'service' | 'apiVersion'> {
  readonly model: string;
}

/** The text models beside the live ones: `models/…:generateContent` of AI Studio and Vertex AI. */
export class TextEndpoint {
  readonly #options: TextEndpointOptions;
  #answered = 0;

  constructor(options: TextEndpointOptions) {
    this.#options = options;
  }

  /** @returns false if the path is none of a text model */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://emulator');
    const call = request.method === 'POST' ? readCall(pathname) : undefined;
    if (!call) return false;
    const { authorization, 'x-goog-api-key': header } = request.headers;
    const bearer = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    const key = searchParams.get('key') || (Array.isArray(header) ? header[0] : header) || bearer;
    readBody(request)
      .then((body) => this.#answer(call, key, body, response))
      .catch(() => response.destroy());
    return true;
  }

  #answer(call: TextCall, credential: string | undefined, body: string, response: ServerResponse): void {
    try {
      checkCredential({ ...call, credential }, this.#options.apiKey);
      this.#options.onRequest(parseBody(body));
      const { prompt, text, maxOutputTokens } = readTextRequest(body);
      const missing = findMissing(call);
      if (missing !== undefined) send(response, 404, createErrorBody(404, missing));
      else {
        const answer = this.#options.answers[this.#answered] ?? { text: answerText(text) };
        this.#answered += 1;
        sendAnswer(response, call.model, prompt, answer, maxOutputTokens);
      }
    } catch (error) {
      if (!(error instanceof GeminiRefusal)) throw error;
      // A request without a credential is not allowed; a key that is wrong is an invalid argument.
      const status = error.code === 1008 ? 403 : 400;
      send(response, status, createErrorBody(status, error.message));
    }
  }
}

function readCall(path: string): TextCall | undefined {
  const gemini = GEMINI_PATH.exec(path);
  if (gemini) return { service: 'gemini', apiVersion: gemini[1] ?? '', model: decodeURIComponent(gemini[2] ?? '') };
  const vertex = VERTEX_PATH.exec(path);
  return vertex
    ? { service: 'vertex', apiVersion: vertex[1] ?? '', model: decodeURIComponent(vertex[2] ?? '') }
    : undefined;
}

/** Returns Google's text for a model that does not exist, or that is a live model. @see adk-python#200 */
function findMissing({ service, apiVersion, model }: TextCall): string | undefined {
  if (model.startsWith('gemini-') && !isLiveModel(model)) return undefined;
  if (service === 'vertex')
    return `Publisher Model \`${model}\` was not found or your project does not have access to it.`;
  return (
    `models/${model} is not found for API version ${apiVersion}, or is not supported for generateContent. ` +
    'Call ListModels to see the list of available models and their supported methods.'
  );
}

function sendAnswer(
  response: ServerResponse,
  model: string,
  prompt: string,
  answer: TextAnswer,
  maxOutputTokens = Number.POSITIVE_INFINITY,
): void {
  if (answer === 'silence') return;
  if (answer === 'drop') response.destroy();
  else if ('status' in answer) {
    const { status, retryDelay, message = status === 429 ? QUOTA : OVERLOADED } = answer;
    send(response, status, createErrorBody(status, message, retryDelay));
  } else if ('send' in answer) response.writeHead(200, { 'content-type': 'application/json' }).end(answer.send);
  else if ('blockReason' in answer) send(response, 200, { promptFeedback: { blockReason: answer.blockReason } });
  else if ('finishReason' in answer) send(response, 200, createResponseBody(model, prompt, answer));
  else {
    const isCut = countTextTokens(answer.text) > maxOutputTokens;
    const text = isCut ? answer.text.slice(0, maxOutputTokens) : answer.text;
    send(response, 200, createResponseBody(model, prompt, { text, finishReason: isCut ? 'MAX_TOKENS' : 'STOP' }));
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
